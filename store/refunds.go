package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/ledger"
	"pirogue/webhook"
)

// reserveMoney holds the cost of a cash-out or refund from the merchant's balance. A refund also
// takes its amount from the rest of its cash-in. It fails with InsufficientBalance, and as
// reserveParent does.
func reserveMoney(tx *gorm.DB, p pirogue.Payment) error {
	if !p.Kind.MoneyOut() {
		return nil
	}
	if p.Kind == pirogue.Refund {
		if err := reserveParent(tx, p); err != nil {
			return err
		}
	}
	hold := ledger.Hold(p)
	return book(tx, &hold, p.CreatedAt)
}

// reserveParent takes a refund's amount from the rest of its cash-in in one conditional update.
// So concurrent refunds cannot exceed the payment. It fails with TransactionNotFound,
// RefundNotAllowed and RefundExceedsPayment.
func reserveParent(tx *gorm.DB, p pirogue.Payment) error {
	if p.Late {
		return reserveLate(tx, p)
	}
	set := tx.Exec(holdRefund, map[string]any{
		"amount": p.Amount.Minor, "at": timestamp(p.CreatedAt), "parent": p.ParentID, "merchant": p.MerchantID,
		"mode":     p.Mode,
		"currency": p.Amount.Currency, "country": p.Country,
	})
	if set.Error != nil || set.RowsAffected == 1 {
		return set.Error
	}
	return refundError(tx, p)
}

// holdRefund takes a refund's amount from its cash-in. The cash-in must be SUCCESS, with the same
// owner, currency and country, and have enough left.
const holdRefund = `
UPDATE payments SET refund_held = refund_held + @amount, updated_at = @at
 WHERE id = @parent AND merchant_id = @merchant AND mode = @mode AND currency = @currency AND country = @country
   AND kind = 'CASHIN' AND status = 'SUCCESS' AND refunded + refund_held + @amount <= amount`

// reserveLate makes sure that refunds to a payer do not exceed the suspense money of this cash-in.
// The cash-in's status does not matter. Its update changes nothing: it makes late refunds of one
// cash-in run one after the other.
func reserveLate(tx *gorm.DB, p pirogue.Payment) error {
	locked := tx.Exec(`UPDATE payments SET updated_at = updated_at
		WHERE id = ? AND merchant_id = ? AND mode = ? AND currency = ? AND country = ? AND kind = 'CASHIN'`,
		p.ParentID, p.MerchantID, p.Mode, p.Amount.Currency, p.Country)
	if locked.Error != nil {
		return locked.Error
	}
	if locked.RowsAffected == 0 {
		return refundError(tx, p)
	}
	var left []int64
	err := tx.Raw(leftInSuspense, map[string]any{"parent": p.ParentID}).Scan(&left).Error
	if err == nil && left[0] < 0 { // the sum includes the refund's own row
		return pirogue.Errorf(pirogue.RefundExceedsPayment, "%d more than waits for payment %s", -left[0], p.ParentID)
	}
	return err
}

// leftInSuspense computes the suspense money of a cash-in. It is what came late, less what was
// cleared, less the late refunds that may still succeed.
const leftInSuspense = `
SELECT CAST(
  (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
    WHERE j.payment_id = @parent AND j.step = 'late')
- (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
    WHERE j.payment_id = @parent AND j.step = 'clear')
- (SELECT COALESCE(SUM(r.amount), 0) FROM payments r
    WHERE r.parent_id = @parent AND r.late = 1 AND r.status NOT IN ('FAILED','EXPIRED')) AS BIGINT)`

// Refunds returns the refunds of a cash-in that gave money of it back, or still may, the oldest
// first. It leaves out returns of money in suspense.
func (db *Payments) Refunds(ctx context.Context, parent pirogue.PaymentID) ([]pirogue.Payment, error) {
	var rows []paymentRow
	err := db.read(ctx, "list refunds", func(tx *gorm.DB) error {
		return tx.Where("parent_id = ? AND late = 0 AND status NOT IN ('FAILED','EXPIRED')", parent).
			Order("created_at, id").Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	refunds, err := db.unpackPayments(rows)
	return refunds, asError("list refunds", err)
}

// refundError returns the error of a cash-in that cannot be refunded.
func refundError(tx *gorm.DB, p pirogue.Payment) error {
	parent, err := readOwnedPayment(tx, access.Owner{MerchantID: p.MerchantID, Mode: p.Mode}, p.ParentID)
	if err != nil {
		return err
	}
	cashIn := parent.Kind == string(pirogue.CashIn)
	switch {
	case !cashIn || !p.Late && parent.Status != string(pirogue.StatusSuccess):
		return pirogue.Errorf(pirogue.RefundNotAllowed, "%s %s is %s", parent.Kind, parent.ID, parent.Status)
	case parent.Currency != string(p.Amount.Currency) || parent.Country != string(p.Country):
		return pirogue.Errorf(pirogue.Internal, "refund of %s in %s for payment %s", p.Amount, p.Country, parent.ID)
	default:
		return pirogue.Errorf(pirogue.RefundExceedsPayment, "payment %s has less than %s left", parent.ID, p.Amount)
	}
}

// updateParent updates a refund's cash-in: the held amount is refunded, or free again. It returns
// the journal of the fee that goes back, and the event if nothing is left of the cash-in. A late
// refund does not change its cash-in.
func (db *database) updateParent(
	tx *gorm.DB, refund pirogue.Payment, at time.Time,
) ([]ledger.Journal, pirogue.EventID, error) {
	if refund.Kind != pirogue.Refund || refund.Late {
		return nil, "", nil
	}
	amount, refunded := refund.Amount.Minor, refund.GaveBack()
	set := tx.Exec(endRefund, refunded, amount, timestamp(at), refund.ParentID, amount)
	if set.Error != nil {
		return nil, "", set.Error
	}
	if set.RowsAffected == 0 {
		return nil, "", pirogue.Errorf(pirogue.Internal, "refund %s: its cash-in holds less than %d", refund.ID, amount)
	}
	if refunded == 0 {
		return nil, "", nil
	}
	return db.giveBackToParent(tx, refund, at)
}

// endRefund frees the held amount of a refund and adds the part that was refunded, 0 for none. It
// requires that the amount is held.
const endRefund = `
UPDATE payments SET refunded = refunded + ?, refund_held = refund_held - ?, updated_at = ?
 WHERE id = ? AND kind = 'CASHIN' AND refund_held >= ?`

// giveBackToParent applies a successful refund to its cash-in, whose row the caller has locked.
func (db *database) giveBackToParent(
	tx *gorm.DB, refund pirogue.Payment, at time.Time,
) ([]ledger.Journal, pirogue.EventID, error) {
	parent, err := db.paymentByID(tx, refund.ParentID)
	if err != nil {
		return nil, "", err
	}
	var journals []ledger.Journal
	returned := parent.FeeReturned(parent.Refunded-refund.GaveBack(), parent.Refunded)
	if fee, some := ledger.FeeBack(parent, refund.ID, returned); some {
		journals = append(journals, fee)
	}
	if parent.Refunded < parent.Amount.Minor {
		return journals, "", nil
	}
	reversed, err := applyTransition(tx, transition{
		payment: parent.ID, from: []pirogue.Status{pirogue.StatusSuccess}, to: pirogue.StatusReversed, at: at,
		columns: map[string]any{"sequence": gorm.Expr("sequence + 1")},
	})
	if err != nil {
		return nil, "", err
	}
	if !reversed {
		return nil, "", pirogue.Errorf(pirogue.Internal, "payment %s is wholly refunded and %s", parent.ID, parent.Status)
	}
	parent.Status, parent.Sequence = pirogue.StatusReversed, parent.Sequence+1
	event, err := writeEvent(tx, parent, at)
	return journals, event, err
}

// reversalEvent returns the event of a cash-in that a successful refund reversed, for a refund that
// was finalized before. It is "" while something is left of the cash-in.
func reversalEvent(tx *gorm.DB, refund pirogue.Payment) (pirogue.EventID, error) {
	if refund.Kind != pirogue.Refund || refund.Late || refund.GaveBack() == 0 {
		return "", nil
	}
	var parent paymentRow
	if err := readPayment(tx, refund.ParentID, &parent); err != nil || parent.Status != string(pirogue.StatusReversed) {
		return "", err
	}
	return webhook.NewEventID(refund.ParentID, parent.Sequence), nil
}
