package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/ledger"
)

// caseRow is a row of cases.
type caseRow struct {
	ID        string `gorm:"primaryKey"`
	PaymentID string
	Cause     string
	Note      string
	OpenedAt  stamp
	ClosedAt  stamp // NULL: open
}

// TableName returns the table's name.
func (caseRow) TableName() string { return "cases" }

// OpenCase records what a person must settle and books journal, in one transaction. A
// case that is open or was closed already stays as it is: one cause, one case.
func (db *DB) OpenCase(ctx context.Context, c pirogue.Case, journal *ledger.Journal) error {
	if journal != nil && journal.PaymentID != c.PaymentID {
		return pirogue.Errorf(pirogue.Internal, "case %s with a journal of payment %s", c.ID, journal.PaymentID)
	}
	return db.together(ctx, "open case", func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&caseRow{
			ID: string(c.ID), PaymentID: string(c.PaymentID), Cause: string(c.Cause), Note: clean(c.Note),
			OpenedAt: on(c.OpenedAt), ClosedAt: on(c.ClosedAt),
		}).Error
		if err != nil {
			return err
		}
		return book(tx, journal, c.OpenedAt)
	})
}

// Cases returns a payment's cases, the oldest first.
func (db *DB) Cases(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Case, error) {
	var rows []caseRow
	err := db.look(ctx, "list cases", func(tx *gorm.DB) error {
		return tx.Where("payment_id = ?", id).Order("opened_at, id").Find(&rows).Error
	})
	cases := make([]pirogue.Case, len(rows))
	for i, r := range rows {
		cases[i] = pirogue.Case{
			ID: pirogue.CaseID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID), Cause: pirogue.Cause(r.Cause),
			Note: r.Note, OpenedAt: r.OpenedAt.time(), ClosedAt: r.ClosedAt.time(),
		}
	}
	return cases, err
}
