package store

import (
	"context"
	"time"

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
	Paid      int64 // minor units that this case put into suspense
	OpenedAt  stamp
	ClosedAt  stamp // NULL: open
}

// TableName returns the table's name.
func (caseRow) TableName() string { return "cases" }

// OpenCase records what a person must settle and books ledger.Late of c.Paid, in one
// transaction. A case that is open or was closed already stays as it is: one cause, one
// case. A payment's stray money is booked once, by the first case that names it; a later
// case of another cause waits for the same money and keeps 0.
func (db *DB) OpenCase(ctx context.Context, c pirogue.Case) error {
	return db.together(ctx, "open case", func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&caseRow{
			ID: string(c.ID), PaymentID: string(c.PaymentID), Cause: string(c.Cause), Note: clean(c.Note),
			OpenedAt: on(c.OpenedAt), ClosedAt: on(c.ClosedAt),
		}).Error
		if err != nil || c.Paid == 0 {
			return err
		}
		p, err := db.paymentByID(tx, c.PaymentID)
		if err != nil {
			return err
		}
		booked, err := bookAll(tx, c.OpenedAt, ledger.Late(p, c.Paid))
		if err != nil || booked == 0 {
			return err
		}
		return tx.Model(&caseRow{}).Where("id = ?", c.ID).Updates(map[string]any{"paid": c.Paid}).Error
	})
}

// ReopenCase opens a case that books nothing, or opens it again with another note. A case
// that is open keeps its moment and takes the note.
func (db *DB) ReopenCase(ctx context.Context, c pirogue.Case) error {
	return db.once(ctx, "open case again", func(tx *gorm.DB) error {
		return tx.Exec(reopenCase, c.ID, c.PaymentID, c.Cause, clean(c.Note), on(c.OpenedAt)).Error
	})
}

const reopenCase = `
INSERT INTO cases (id, payment_id, cause, note, paid, opened_at) VALUES (?, ?, ?, ?, 0, ?)
ON CONFLICT (id) DO UPDATE SET
  opened_at = CASE WHEN cases.closed_at IS NULL THEN cases.opened_at ELSE excluded.opened_at END,
  note = excluded.note, closed_at = NULL`

// CloseCase closes one case. One that is closed keeps its moment.
func (db *DB) CloseCase(ctx context.Context, id pirogue.CaseID, at time.Time) error {
	return db.once(ctx, "close case", func(tx *gorm.DB) error {
		return tx.Exec("UPDATE cases SET closed_at = ? WHERE id = ? AND closed_at IS NULL", on(at), id).Error
	})
}

// Case returns a case. It fails with NotFound.
func (db *DB) Case(ctx context.Context, id pirogue.CaseID) (pirogue.Case, error) {
	if !keepable(string(id)) {
		return pirogue.Case{}, pirogue.Errorf(pirogue.NotFound, "case %q", id)
	}
	var row caseRow
	err := db.look(ctx, "read case", func(tx *gorm.DB) error {
		return missing(tx.Where("id = ?", id).Take(&row).Error, pirogue.NotFound, string(id))
	})
	return unpackCase(row), err
}

// CloseCases closes every open case of a payment. One that is closed keeps its moment.
func (db *DB) CloseCases(ctx context.Context, id pirogue.PaymentID, at time.Time) error {
	return db.once(ctx, "close cases", func(tx *gorm.DB) error {
		return tx.Exec("UPDATE cases SET closed_at = ? WHERE payment_id = ? AND closed_at IS NULL", on(at), id).Error
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
		cases[i] = unpackCase(r)
	}
	return cases, err
}

func unpackCase(r caseRow) pirogue.Case {
	return pirogue.Case{
		ID: pirogue.CaseID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID), Cause: pirogue.Cause(r.Cause),
		Note: r.Note, Paid: r.Paid, OpenedAt: r.OpenedAt.time(), ClosedAt: r.ClosedAt.time(),
	}
}
