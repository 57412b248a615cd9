package store

import (
	"context"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"pirogue"
)

// clockQuestions is the number of times that one reading asks the database for its time. The
// fastest response counts: the first one may wait while a statement is prepared.
const clockQuestions = 3

// ClockReading compares the database's clock with this machine's.
type ClockReading struct {
	At        time.Time     // by the machine's clock
	Offset    time.Duration // the database's clock less the machine's; below 0 it is behind
	RoundTrip time.Duration // of the query; Offset may be wrong by half of it
}

// SharesClock reports whether the database has only this machine's clock, which is true of
// SQLite.
func (db *DB) SharesClock() bool { return db.dialect == goose.DialectSQLite3 }

// ReadClock compares the clock of the PostgreSQL server with the machine's.
func (db *DB) ReadClock(ctx context.Context, machine pirogue.Clock) (ClockReading, error) {
	var best ClockReading
	err := db.read(ctx, "read the database's clock", func(tx *gorm.DB) error {
		return tx.Connection(func(tx *gorm.DB) error { // waiting for a connection is no part of the round trip
			for n := range clockQuestions {
				one, err := readClock(tx, machine)
				if err != nil {
					return err
				}
				if n == 0 || one.RoundTrip < best.RoundTrip {
					best = one
				}
			}
			return nil
		})
	})
	return best, err
}

// readClock queries once. It assumes that the server read its clock in the middle of the round
// trip.
func readClock(tx *gorm.DB, machine pirogue.Clock) (ClockReading, error) {
	var entries time.Time
	before := machine()
	if err := tx.Raw("SELECT clock_timestamp()").Row().Scan(&entries); err != nil {
		return ClockReading{}, err
	}
	took := machine().Sub(before)
	middle := before.Add(took / 2)
	return ClockReading{At: middle, Offset: entries.Sub(middle), RoundTrip: took}, nil
}
