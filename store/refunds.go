package store

import (
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/ledger"
)

// reserve sets aside what a cash-out or refund costs: of the merchant's balance, and for
// a refund of what is left of its cash-in. It fails with InsufficientBalance, and like
// reserveParent.
func reserve(tx *gorm.DB, p pirogue.Payment) error {
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

// reserveParent takes a refund's amount from what is left of its cash-in, in one
// conditional update: refunds at once cannot give back more than was paid. It fails with
// TransactionNotFound, RefundNotAllowed and RefundExceedsPayment.
func reserveParent(tx *gorm.DB, p pirogue.Payment) error {
	if p.Late {
		return reserveLate(tx, p)
	}
	set := tx.Exec(holdRefund, map[string]any{
		"amount": p.Amount.Minor, "at": on(p.CreatedAt), "parent": p.ParentID, "merchant": p.MerchantID, "mode": p.Mode,
		"currency": p.Amount.Currency, "country": p.Country,
	})
	if set.Error != nil || set.RowsAffected == 1 {
		return set.Error
	}
	return whyNoRefund(tx, p)
}

const holdRefund = `
UPDATE payments SET refund_held = refund_held + @amount, updated_at = @at
 WHERE id = @parent AND merchant_id = @merchant AND mode = @mode AND currency = @currency AND country = @country
   AND kind = 'CASHIN' AND status = 'SUCCESS' AND refunded + refund_held + @amount <= amount`

// reserveLate makes sure that no more goes back to a payer than waits in suspense for
// this cash-in, whatever became of the cash-in itself. The update changes nothing: it
// makes late refunds of one cash-in come one after the other.
func reserveLate(tx *gorm.DB, p pirogue.Payment) error {
	locked := tx.Exec(`UPDATE payments SET updated_at = updated_at
		WHERE id = ? AND merchant_id = ? AND mode = ? AND currency = ? AND country = ? AND kind = 'CASHIN'`,
		p.ParentID, p.MerchantID, p.Mode, p.Amount.Currency, p.Country)
	if locked.Error != nil {
		return locked.Error
	}
	if locked.RowsAffected == 0 {
		return whyNoRefund(tx, p)
	}
	var left []int64
	err := tx.Raw(leftInSuspense, map[string]any{"parent": p.ParentID}).Scan(&left).Error
	if err == nil && left[0] < 0 { // the refund's own row is counted already
		return pirogue.Errorf(pirogue.RefundExceedsPayment, "%d more than waits for payment %s", -left[0], p.ParentID)
	}
	return err
}

const leftInSuspense = `
SELECT CAST(
  (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
    WHERE j.payment_id = @parent AND j.step = 'late')
- (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_journals j JOIN ledger_transfers t ON t.journal_id = j.id
    WHERE j.payment_id = @parent AND j.step = 'clear')
- (SELECT COALESCE(SUM(r.amount), 0) FROM payments r
    WHERE r.parent_id = @parent AND r.late = 1 AND r.status NOT IN ('FAILED','EXPIRED')) AS BIGINT)`

// whyNoRefund says why a cash-in cannot be given back.
func whyNoRefund(tx *gorm.DB, p pirogue.Payment) error {
	var parent paymentRow
	owner := pirogue.Owner{MerchantID: p.MerchantID, Mode: p.Mode}
	if err := owned(tx, owner, p.ParentID, &parent); err != nil {
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

// settleParent brings a refund's cash-in up to date: what was held is refunded, or free
// again. It returns the journal of the fee that goes back, and the event when nothing is
// left of the cash-in. A late refund leaves its cash-in alone.
func (db *DB) settleParent(
	tx *gorm.DB, refund pirogue.Payment, at time.Time,
) ([]ledger.Journal, pirogue.EventID, error) {
	if refund.Kind != pirogue.Refund || refund.Late {
		return nil, "", nil
	}
	amount, refunded := refund.Amount.Minor, refund.GaveBack()
	set := tx.Exec(endRefund, refunded, amount, on(at), refund.ParentID, amount)
	if set.Error != nil {
		return nil, "", set.Error
	}
	if set.RowsAffected == 0 {
		return nil, "", pirogue.Errorf(pirogue.Internal, "refund %s: its cash-in holds less than %d", refund.ID, amount)
	}
	if refunded == 0 {
		return nil, "", nil
	}
	return db.giveBack(tx, refund, at)
}

const endRefund = `
UPDATE payments SET refunded = refunded + ?, refund_held = refund_held - ?, updated_at = ?
 WHERE id = ? AND kind = 'CASHIN' AND refund_held >= ?`

// giveBack ends what a successful refund means for its cash-in, whose row it holds.
func (db *DB) giveBack(
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
	reversed, err := draw(tx, edge{
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
	event, err := announce(tx, parent, at)
	return journals, event, err
}

// reversal returns the event of the cash-in that a successful refund made whole, when
// the refund was settled before: "" while something is left of it.
func reversal(tx *gorm.DB, refund pirogue.Payment) (pirogue.EventID, error) {
	if refund.Kind != pirogue.Refund || refund.Late || refund.GaveBack() == 0 {
		return "", nil
	}
	var parent paymentRow
	if err := byID(tx, refund.ParentID, &parent); err != nil || parent.Status != string(pirogue.StatusReversed) {
		return "", err
	}
	return pirogue.NewEventID(refund.ParentID, parent.Sequence), nil
}
