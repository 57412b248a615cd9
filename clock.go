package pirogue

import "time"

// Clock tells the time. It is the only one: nothing asks the machine but the one
// made in cmd/pirogue, so tests move time at will. That one follows the database's
// clock, so that all processes agree about what is over.
type Clock func() time.Time

// Now returns the time in UTC, to the microsecond, which is what both databases
// keep.
func (c Clock) Now() time.Time { return c().UTC().Truncate(time.Microsecond) }
