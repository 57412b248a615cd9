package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue/ledger"
	"pirogue/support"
)

// Rules returns the number of rules that an audit checks.
func Rules() int { return len(rules) + len(bulkRules) }

// ReportPage is the number of rows of a long list that one read returns.
const ReportPage = reportPage

// FiguresUpTo is Figures with another limit of payments for each cause.
func (db *DB) FiguresUpTo(ctx context.Context, now time.Time, most int) (support.Figures, error) {
	return db.Worklist.figures(ctx, now, most)
}

// Exec runs a statement on the connection that writes.
func (db *DB) Exec(statement string) error { return db.writer.Exec(statement).Error }

// Book books one journal in its own transaction.
func (db *DB) Book(ctx context.Context, j ledger.Journal, at time.Time) error {
	return db.inTx(ctx, "book", func(tx *gorm.DB) error { return book(tx, &j, at) })
}

// MigrateDown takes the schema back to a version. Only tests do that.
func (db *DB) MigrateDown(ctx context.Context, version int64) error {
	schema, err := db.schema()
	if err != nil {
		return err
	}
	_, err = schema.DownTo(ctx, version)
	return err
}
