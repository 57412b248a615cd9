package pirogue

import "time"

// Clock tells the time. cmd/pirogue makes the only one that reads the machine's clock, so tests
// move time at will. That one follows the database's clock, so that all processes agree on which
// deadlines have passed.
type Clock func() time.Time

// Now returns the time in UTC, to the microsecond: the precision of both databases.
func (c Clock) Now() time.Time { return c().UTC().Truncate(time.Microsecond) }
