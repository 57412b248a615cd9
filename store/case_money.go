package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/ledger"
	"pirogue/lifecycle"
	"pirogue/support"
)

// PlaceCase closes a case whose money people placed outside Pirogue, and takes the money out of
// suspense, in one transaction. A closed case stays as it is. It fails with NotFound, and with
// Internal while a refund of the money is under way.
func (db *Cases) PlaceCase(ctx context.Context, id support.CaseID, at time.Time) error {
	return db.inTx(ctx, "place case", func(tx *gorm.DB) error {
		var row caseRow
		if err := asNotFound(tx.Where("id = ?", id).Take(&row).Error, pirogue.NotFound, string(id)); err != nil {
			return err
		}
		if err := lockPaymentRow(tx, row.PaymentID); err != nil {
			return err
		}
		closed, err := closeCase(tx, id, at)
		if err != nil || !closed || row.Paid == 0 {
			return err
		}
		var open int64
		err = returnsOf(tx, row.PaymentID, id).Where("status NOT IN ('FAILED','EXPIRED')").Count(&open).Error
		if err == nil && open > 0 {
			err = pirogue.Errorf(pirogue.Internal, "the money of case %s is on its way back", id)
		}
		if err != nil {
			return err
		}
		p, err := db.paymentByID(tx, pirogue.PaymentID(row.PaymentID))
		if err != nil {
			return err
		}
		cleared := ledger.Clear(p, id, row.Paid)
		return book(tx, &cleared, at)
	})
}

// lockPaymentRow locks the row of a payment until the transaction ends.
func lockPaymentRow(tx *gorm.DB, payment string) error {
	return tx.Exec("UPDATE payments SET updated_at = updated_at WHERE id = ?", payment).Error
}

// closeCase closes a case and reports whether it was open.
func closeCase(tx *gorm.DB, id support.CaseID, at time.Time) (bool, error) {
	set := tx.Exec("UPDATE cases SET closed_at = ? WHERE id = ? AND closed_at IS NULL", timestamp(at), id)
	return set.RowsAffected == 1, set.Error
}

// Returns returns the refunds of a case's money, the oldest first, successful or not.
func (db *Cases) Returns(ctx context.Context, c support.Case) ([]pirogue.Payment, error) {
	var rows []paymentRow
	err := db.read(ctx, "list returns", func(tx *gorm.DB) error {
		return returnsOf(tx, string(c.PaymentID), c.ID).Order("created_at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	returns, err := db.unpackPayments(rows)
	return returns, asError("list returns", err)
}

// returnsOf selects the refunds of a case; see pirogue.NewReturnID.
func returnsOf(tx *gorm.DB, payment string, c support.CaseID) *gorm.DB {
	first, further := string(c), string(c)+"#"
	return tx.Model(&paymentRow{}).Where(
		"parent_id = ? AND late = 1 AND (merchant_ref = ? OR SUBSTR(merchant_ref, 1, ?) = ?)",
		payment, first, len(further), further)
}

// caseMoney returns the amount in suspense of a finalization's case, in minor units; 0 without a
// case. It fails with Internal if the finalization pays a part and the amount is no part of the
// payment.
func (db *Payments) caseMoney(tx *gorm.DB, s lifecycle.Finalization) (int64, error) {
	if s.Case == "" {
		return 0, nil
	}
	var row caseRow
	err := asNotFound(tx.Where("id = ? AND payment_id = ?", s.Case, s.PaymentID).Take(&row).Error,
		pirogue.NotFound, string(s.Case))
	if err != nil || s.Resolution != support.ResolvedInPart {
		return row.Paid, err
	}
	p, err := db.paymentByID(tx, s.PaymentID)
	if err == nil && !p.HasPart(row.Paid) {
		err = pirogue.Errorf(pirogue.Internal, "%d is no part of payment %s", row.Paid, p.ID)
	}
	return row.Paid, err
}

// resolvingJournals returns the journals of a payment that has just become terminal. It closes
// the case whose money they move: the finalization's case, or the case whose money a return has
// given back.
func resolvingJournals(tx *gorm.DB, p pirogue.Payment, f finalization) ([]ledger.Journal, error) {
	if p.Late && p.Status == pirogue.StatusSuccess {
		if _, err := closeCase(tx, support.CaseOfReturn(p.OrderID), f.At); err != nil {
			return nil, err
		}
	}
	if f.Case != "" {
		if _, err := closeCase(tx, f.Case, f.At); err != nil {
			return nil, err
		}
	}
	return ledger.Resolving(p, p.Status, ledger.ResolvedCase{
		ID: f.Case, Resolution: f.Resolution, Amount: f.caseMoney,
	}), nil
}
