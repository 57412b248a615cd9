package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"pirogue"
	"pirogue/vault"
)

// database holds what all sub-stores share: the connections, the clock and the keys.
type database struct {
	connectionPools
	clock      pirogue.Clock
	ring       *vault.Ring
	recentKeys recent[string, recentKey] // by their public halves
	recentFees recent[pirogue.MerchantID, pirogue.FeeSchedule]
}

// forgetRecent makes this process read keys, merchants and fees again.
func (db *database) forgetRecent() {
	db.recentKeys.forget()
	db.recentFees.forget()
}

// connectionPools holds what differs between the two databases: the dialect and the connection
// pools.
type connectionPools struct {
	dialect    goose.Dialect
	writer     *gorm.DB // short transactions
	reader     *gorm.DB // short reads; may be the same pool
	reports    *gorm.DB // pages of long lists; pirogue.MaxAuditReports connections
	audits     *gorm.DB // long reads without a server time-out; no other work uses its connections
	migrations *sql.DB  // long changes of the schema
	pools      []*sql.DB
}

const (
	// operationTimeout bounds every short operation, with the wait for a connection and all
	// repeats. So an API request is answered within 3 s.
	operationTimeout = 2200 * time.Millisecond
	maxTries         = 5                     // of one transaction that the database rolled back
	tryPause         = 10 * time.Millisecond // before a repeat, times the number of tries
)

// unchanged is the error of a transaction that found nothing to do. The rollback keeps even
// updated_at as it is. For the caller it is no failure.
type unchanged struct{}

// Error implements error.
func (unchanged) Error() string { return "nothing to change" }

// inTx runs do in one transaction: all of it happens or nothing. do may run several times, so
// it must reset its results to the caller each time.
func (db *database) inTx(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	err := retryRolledBack(ctx, func(ctx context.Context) error { return db.transact(ctx, do) })
	if errors.Is(err, unchanged{}) {
		return nil
	}
	return asError(operation, err)
}

// inLongTx is inTx for a transaction that writes so much that it may take longTxTimeout.
func (db *database) inLongTx(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	return asError(operation, retryRolledBackFor(ctx, longTxTimeout, func(ctx context.Context) error {
		return db.transact(ctx, do)
	}))
}

// transact runs do in one transaction, once. If an error of COMMIT does not prove that nothing
// was written, it is marked with pirogue.ErrOutcomeUnknown.
func (db *database) transact(ctx context.Context, do func(tx *gorm.DB) error) error {
	committing := false
	err := db.writer.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := do(tx)
		committing = err == nil
		return err
	})
	if err != nil && committing && !refusedCommit(err) {
		return fmt.Errorf("%w: %w", pirogue.ErrOutcomeUnknown, err)
	}
	return err
}

// exec runs do without an explicit transaction. do is one statement, which is a transaction by
// itself.
func (db *database) exec(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	return asError(
		operation, retryRolledBack(ctx, func(ctx context.Context) error { return do(db.writer.WithContext(ctx)) }),
	)
}

// read runs one reading statement.
func (db *database) read(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	return asError(
		operation, retryRolledBack(ctx, func(ctx context.Context) error { return do(db.reader.WithContext(ctx)) }),
	)
}

// snapshot runs several reading statements, all from one snapshot.
func (db *database) snapshot(ctx context.Context, operation string, do func(tx *gorm.DB) error) error {
	return asError(operation, retryRolledBack(ctx, func(ctx context.Context) error {
		return db.reader.WithContext(ctx).Transaction(do, readOnlySnapshot())
	}))
}

// readOnlySnapshot returns the options of a read-only transaction that does not see later commits.
func readOnlySnapshot() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// repeatUnavailable repeats do while the database rolls its transaction back because of another
// one, which left nothing behind. The caller has to handle any other error.
func retryRolledBack(ctx context.Context, do func(ctx context.Context) error) error {
	return retryRolledBackFor(ctx, operationTimeout, do)
}

// retryRolledBackFor is repeatUnavailable with its own time limit.
func retryRolledBackFor(ctx context.Context, limit time.Duration, do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for try := 1; ; try++ {
		err := do(ctx)
		if try == maxTries || !isRolledBack(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try) * tryPause):
		}
	}
}

// long returns the connections for work without a time limit.
func (db *database) long() *gorm.DB {
	if db.dialect == goose.DialectPostgres {
		return db.audits
	}
	return db.writer
}

// close closes every pool and returns their errors together.
func (e connectionPools) close() error {
	var all []error
	for _, pool := range e.pools {
		all = append(all, pool.Close())
	}
	return errors.Join(all...)
}
