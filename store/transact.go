package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

const (
	// giveUpAfter bounds every short operation, waiting for a connection and all
	// repeats included, so that an API request answers within 3 s.
	giveUpAfter = 2200 * time.Millisecond
	maxTries    = 5                     // of one transaction that the database itself called off
	tryPause    = 10 * time.Millisecond // before a repeat, times the number of tries
)

// unchanged is what a transaction returns when it found nothing to do: it is rolled
// back, so that not even updated_at moves, and that is no failure.
type unchanged struct{}

// Error says what it means.
func (unchanged) Error() string { return "nothing to change" }

// together runs do in one transaction: all of it happens or nothing. do may run several
// times, so it must set what it returns to the caller anew each time.
func (db *DB) together(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	err := insist(ctx, func(ctx context.Context) error { return db.transact(ctx, do) })
	if errors.Is(err, unchanged{}) {
		return nil
	}
	return failure(doing, err)
}

// atLength is together for what writes so much that it may take bulkPatience.
func (db *DB) atLength(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	return failure(doing, insistFor(ctx, bulkPatience, func(ctx context.Context) error {
		return db.transact(ctx, do)
	}))
}

// transact runs do in one transaction, once. An error of COMMIT that does not say that
// nothing was written is marked with pirogue.ErrOutcomeUnknown.
func (db *DB) transact(ctx context.Context, do func(tx *gorm.DB) error) error {
	committing := false
	err := db.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := do(tx)
		committing = err == nil
		return err
	})
	if err != nil && committing && !refusedCommit(err) {
		return fmt.Errorf("%w: %w", pirogue.ErrOutcomeUnknown, err)
	}
	return err
}

// once runs do without a transaction around it: one statement, which is one by itself.
func (db *DB) once(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	return failure(doing, insist(ctx, func(ctx context.Context) error { return do(db.write.WithContext(ctx)) }))
}

// look runs one reading statement.
func (db *DB) look(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	return failure(doing, insist(ctx, func(ctx context.Context) error { return do(db.read.WithContext(ctx)) }))
}

// snapshot runs several reading statements that see the same moment.
func (db *DB) snapshot(ctx context.Context, doing string, do func(tx *gorm.DB) error) error {
	return failure(doing, insist(ctx, func(ctx context.Context) error {
		return db.read.WithContext(ctx).Transaction(do, oneMoment())
	}))
}

// oneMoment asks for a read-only transaction that does not see later commits.
func oneMoment() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// insist repeats do while the database says that the transaction lost against another
// one and left nothing behind. Any other error is the caller's to repeat.
func insist(ctx context.Context, do func(ctx context.Context) error) error {
	return insistFor(ctx, giveUpAfter, do)
}

// insistFor is insist with an end of its own.
func insistFor(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for try := 1; ; try++ {
		err := do(ctx)
		if try == maxTries || !calledOff(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try) * tryPause):
		}
	}
}
