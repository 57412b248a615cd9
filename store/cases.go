package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/ledger"
	"pirogue/support"
)

// caseRow is a row of cases.
type caseRow struct {
	ID        string `gorm:"primaryKey"`
	PaymentID string
	Cause     string
	Attempt   int // 0: the payment's latest
	Note      string
	Paid      int64 // minor units that this case booked to suspense
	OpenedAt  timeText
	ClosedAt  timeText // NULL: open
}

// TableName returns the table's name.
func (caseRow) TableName() string { return "cases" }

// OpenCase records a case that a person must resolve. c.Paid is the total that moved at the
// operator under the attempt, in minor units. The part that is not in the books yet is booked as
// ledger.LateAt, in the same transaction. So money is booked once, by the case that reports it
// first, however often it is reported.
//
// An open or closed case stays as it is: one cause, one case. Further money opens a further case
// if the first has money already or is closed. A cause that is only about money opens no case
// without money. An INITIATED payment becomes PENDING, for nobody knows whether its operator
// answered. It returns the case as it is, the zero value for none.
func (db *Cases) OpenCase(ctx context.Context, c support.Case) (support.Case, error) {
	var stored caseRow
	err := db.inTx(ctx, "open case", func(tx *gorm.DB) error {
		locked := tx.Exec("UPDATE payments SET updated_at = updated_at WHERE id = ?", c.PaymentID)
		if locked.Error != nil {
			return locked.Error
		}
		if locked.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.Internal, "a case of payment %q, which is none", c.PaymentID)
		}
		if err := waitForPerson(tx, c); err != nil {
			return err
		}
		late, err := db.unbooked(tx, c)
		if err != nil {
			return err
		}
		if stored, err = findOrCreateCase(tx, c, late != nil); err != nil || late == nil {
			return err
		}
		if err := book(tx, late, c.OpenedAt); err != nil {
			return err
		}
		stored.Paid += late.Transfers[0].Amount
		return tx.Model(&caseRow{}).Where("id = ?", stored.ID).Updates(map[string]any{"paid": stored.Paid}).Error
	})
	return unpackCase(stored), err
}

// unbooked returns the journal of the money that moved under a case's attempt and is in no book;
// nil for none.
func (db *Cases) unbooked(tx *gorm.DB, c support.Case) (*ledger.Journal, error) {
	if c.Paid == 0 {
		return nil, nil //nolint:nilnil // without money there is nothing to book
	}
	p, err := db.paymentByID(tx, c.PaymentID)
	if err != nil {
		return nil, err
	}
	var at struct {
		Number   int
		Operator string
		Booked   int64
		Journals int
	}
	under := map[string]any{"payment": c.PaymentID, "number": c.Attempt}
	if err := tx.Raw(bookedUnder, under).Scan(&at).Error; err != nil {
		return nil, err
	}
	if at.Number == 0 {
		return nil, pirogue.Errorf(pirogue.Internal, "payment %s has no attempt %d", c.PaymentID, c.Attempt)
	}
	if c.Paid <= at.Booked {
		return nil, nil //nolint:nilnil // all of it is booked
	}
	late := ledger.LateAt(p, ledger.LateTransfer{
		Operator: pirogue.OperatorCode(at.Operator), Attempt: at.Number, Nth: at.Journals + 1, Amount: c.Paid - at.Booked,
	})
	return &late, nil
}

// bookedUnder reads the amount in the books at the operator of one attempt, 0 for the latest. It
// also counts the payment's journals of late money.
const bookedUnder = `
SELECT a.number, a.operator,
       (SELECT COUNT(*) FROM ledger_journals j WHERE j.payment_id = a.payment_id AND j.step = 'late') AS journals,
       CAST((SELECT COALESCE(SUM(t.amount), 0)
          FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
          JOIN ledger_accounts f ON f.kind = 'FLOAT' AND f.id IN (t.debit_id, t.credit_id)
         WHERE j.payment_id = a.payment_id AND t.phase IN ('posted','capture')
           AND (j.attempt = a.number OR j.attempt = 0 AND a.number = latest.number)) AS BIGINT) AS booked
  FROM attempts a
  JOIN (SELECT MAX(number) AS number FROM attempts WHERE payment_id = @payment) latest ON 1 = 1
 WHERE a.payment_id = @payment AND a.number = CASE WHEN @number = 0 THEN latest.number ELSE @number END`

// findOrCreateCase returns the case of c's payment, cause and attempt, and writes it if there is
// none. A case that has money gets no more: further money makes it write a further case.
func findOrCreateCase(tx *gorm.DB, c support.Case, more bool) (caseRow, error) {
	var all []caseRow
	err := tx.Where("payment_id = ? AND cause = ?", c.PaymentID, c.Cause).
		Order("opened_at, LENGTH(id), id").Find(&all).Error
	if err != nil {
		return caseRow{}, err
	}
	for _, kept := range slices.Backward(all) {
		if kept.Attempt == c.Attempt && (!more || kept.Paid == 0 && kept.ClosedAt == "") {
			return kept, nil
		}
	}
	if !more && (c.Cause == support.CauseSecondPayment || c.Cause == support.CauseEarlierPaid) {
		return caseRow{}, nil
	}
	id := c.ID
	if len(all) > 0 {
		id = c.ID.Further(len(all) + 1)
	}
	row := caseRow{
		ID: string(id), PaymentID: string(c.PaymentID), Cause: string(c.Cause), Attempt: c.Attempt,
		Note:     storableText(c.Note),
		OpenedAt: timestamp(c.OpenedAt), ClosedAt: timestamp(c.ClosedAt),
	}
	return row, tx.Create(&row).Error
}

// ReopenCase opens a case that books nothing, or reopens it with another note. An open case keeps
// its time and takes the note.
func (db *Cases) ReopenCase(ctx context.Context, c support.Case) error {
	return db.inTx(ctx, "open case again", func(tx *gorm.DB) error {
		if err := waitForPerson(tx, c); err != nil {
			return err
		}
		return tx.Exec(reopenCase, c.ID, c.PaymentID, c.Cause, storableText(c.Note), timestamp(c.OpenedAt)).Error
	})
}

// waitForPerson makes the payment of a case PENDING if it is INITIATED.
func waitForPerson(tx *gorm.DB, c support.Case) error {
	_, err := applyTransition(tx, transition{
		payment: c.PaymentID, from: []pirogue.Status{pirogue.StatusInitiated}, to: pirogue.StatusPending, at: c.OpenedAt,
	})
	return err
}

// reopenCase keeps the opening time of an open case, so that it stays in its place on support's
// list.
const reopenCase = `
INSERT INTO cases (id, payment_id, cause, note, paid, opened_at) VALUES (?, ?, ?, ?, 0, ?)
ON CONFLICT (id) DO UPDATE SET
  opened_at = CASE WHEN cases.closed_at IS NULL THEN cases.opened_at ELSE excluded.opened_at END,
  note = excluded.note, closed_at = NULL`

// CloseCase closes one case that has no money in suspense. A closed case keeps its time. A case
// with money stays open until the money has moved; see PlaceCase and Finalize.
func (db *Cases) CloseCase(ctx context.Context, id support.CaseID, at time.Time) error {
	return db.exec(ctx, "close case", func(tx *gorm.DB) error {
		return tx.Exec(
			"UPDATE cases SET closed_at = ? WHERE id = ? AND closed_at IS NULL AND paid = 0", timestamp(at), id,
		).Error
	})
}

// Case returns a case. It fails with NotFound.
func (db *Cases) Case(ctx context.Context, id support.CaseID) (support.Case, error) {
	if !isStorable(string(id)) {
		return support.Case{}, pirogue.Errorf(pirogue.NotFound, "case %q", id)
	}
	var row caseRow
	err := db.read(ctx, "read case", func(tx *gorm.DB) error {
		return asNotFound(tx.Where("id = ?", id).Take(&row).Error, pirogue.NotFound, string(id))
	})
	return unpackCase(row), err
}

// Cases returns a payment's cases, the oldest first.
func (db *Cases) Cases(ctx context.Context, id pirogue.PaymentID) ([]support.Case, error) {
	var rows []caseRow
	err := db.read(ctx, "list cases", func(tx *gorm.DB) error {
		return tx.Where("payment_id = ?", id).Order("opened_at, id").Find(&rows).Error
	})
	return unpackAll(rows, unpackCase), err
}

// unpackCase returns the case of a row; the zero value for the zero row.
func unpackCase(r caseRow) support.Case {
	return support.Case{
		ID: support.CaseID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID), Cause: support.Cause(r.Cause),
		Attempt: r.Attempt, Note: r.Note, Paid: r.Paid, OpenedAt: r.OpenedAt.time(), ClosedAt: r.ClosedAt.time(),
	}
}
