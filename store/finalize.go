package store

import (
	"cmp"
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/support"
	"pirogue/webhook"
)

// Finalize finalizes a payment. In one transaction it makes the status terminal, writes the
// merchant's event and books the journals of ledger.Resolving. In the same transaction it closes
// the case that this ends, and updates a refund's cash-in.
//
// A compare-and-set on the status decides which caller comes first. A later caller changes
// nothing and gets the stored result: the same events if it wanted the same status, none
// otherwise. It fails with TransactionNotFound. In ask-first mode it fails with
// pirogue.ErrAskFirst for EXPIRED and FAILED, unless a person decided that.
func (db *Payments) Finalize(ctx context.Context, s lifecycle.Finalization) (lifecycle.Finalized, error) {
	// REVERSED is the effect of refunds on a cash-in; no caller may ask for it.
	if !s.Status.Terminal() || s.Status == pirogue.StatusReversed {
		return lifecycle.Finalized{}, pirogue.Errorf(pirogue.Internal, "finalize payment %s as %s", s.PaymentID, s.Status)
	}
	var finalized lifecycle.Finalized
	err := db.inTx(ctx, "finalize payment", func(tx *gorm.DB) error {
		finalized = lifecycle.Finalized{}
		if endsUnproven(s) {
			if err := refuseWhileAsking(tx); err != nil {
				return err
			}
		}
		if sent, err := wasSentMeanwhile(tx, s); err != nil {
			return err
		} else if sent {
			return db.leaveOpen(tx, &finalized, s.PaymentID)
		}
		money, err := db.caseMoney(tx, s)
		if err != nil {
			return err
		}
		f := finalization{s, money}
		row, first, err := f.apply(tx)
		if err != nil {
			return err
		}
		if !first {
			if finalized.Payment, err = db.paymentByID(tx, s.PaymentID); err != nil {
				return err
			}
			return storedResult(tx, &finalized, s.Status)
		}
		if finalized.Payment, err = db.unpackPayment(row.Payment); err != nil {
			return err
		}
		failpoint.Hit("store.finalize.status")
		return db.completeFinalization(tx, &finalized, f, row)
	})
	if err != nil {
		return lifecycle.Finalized{}, err
	}
	return finalized, nil
}

// finalization is a lifecycle.Finalization with the money of its case.
type finalization struct {
	lifecycle.Finalization

	caseMoney int64 // in suspense, in minor units; 0 without a case
}

// finalizedRow is a payment that has just become terminal, with what else its end needs.
type finalizedRow struct {
	Payment     paymentRow `gorm:"embedded"`
	MerchantURL string     `gorm:"->"`                     // of its webhooks
	MayHaveOTP  bool       `gorm:"->;column:may_have_otp"` // an attempt may hold the customer's one-time password
}

// TableName returns the table's name.
func (finalizedRow) TableName() string { return "payments" }

// apply makes the payment terminal and returns its row. It reports false, and changes nothing, if
// another call was first.
func (f finalization) apply(tx *gorm.DB) (finalizedRow, bool, error) {
	var rows []finalizedRow
	set := f.transition().apply(tx.Model(&rows).Clauses(clause.Returning{Columns: []clause.Column{
		{Name: "*", Raw: true},
		{Name: "(SELECT m.notify_url FROM merchants m WHERE m.id = payments.merchant_id) AS merchant_url", Raw: true},
		{
			Name: "EXISTS (SELECT 1 FROM attempts WHERE payment_id = payments.id AND " + mayHaveOTP + ") AS may_have_otp",
			Raw:  true,
		},
	}}))
	if set.Error != nil || len(rows) == 0 {
		return finalizedRow{}, false, set.Error
	}
	return rows[0], true, nil
}

// mayHaveOTP is true of an attempt that may hold its customer's one-time password.
const mayHaveOTP = "state IN ('PREPARED','SENT','UNKNOWN') AND handle_sealed <> ''"

// wasSentMeanwhile reports whether a finalization that requires that nothing was sent finds an
// attempt that may have left. It locks the payment's row first, as every sender does. So of a
// sender and this call one comes first, and the other sees it.
func wasSentMeanwhile(tx *gorm.DB, s lifecycle.Finalization) (bool, error) {
	if !s.Unsent {
		return false, nil
	}
	err := tx.Exec("UPDATE payments SET updated_at = updated_at WHERE id = ?", s.PaymentID).Error
	if err != nil {
		return false, err
	}
	unsent, err := nothingSent(tx, s.PaymentID)
	return !unsent, err
}

// leaveOpen changes nothing and returns the payment as it is.
func (db *Payments) leaveOpen(tx *gorm.DB, finalized *lifecycle.Finalized, id pirogue.PaymentID) error {
	var err error
	if finalized.Payment, err = db.paymentByID(tx, id); err != nil {
		return err
	}
	return unchanged{}
}

// completeFinalization does all that follows from a status that has just become terminal. It
// books the money last and in one call, so that the accounts are locked briefly and in one order.
func (db *database) completeFinalization(
	tx *gorm.DB, finalized *lifecycle.Finalized, f finalization, row finalizedRow,
) error {
	p, at := finalized.Payment, f.At
	var err error
	if finalized.EventID, err = writeEventTo(tx, p, cmp.Or(p.NotifyURL, row.MerchantURL), at); err != nil {
		return err
	}
	failpoint.Hit("store.finalize.announced")
	if row.MayHaveOTP {
		if err := db.forgetPasswords(tx, p); err != nil {
			return err
		}
	}
	journals, reversed, err := db.updateParent(tx, p, at)
	if err != nil {
		return err
	}
	failpoint.Hit("store.finalize.parent")
	finalized.Reversed = reversed
	ending, err := resolvingJournals(tx, p, f)
	if err != nil {
		return err
	}
	err = bookAll(tx, at, append(journals, ending...)...)
	failpoint.Hit("store.finalize.booked")
	return err
}

// forgetPasswords removes the customer's one-time password from the attempts of a payment that
// has ended: nothing of it is sent again. The operator's own handle stays, for queries about late
// money. A handle that cannot be decrypted stays as it is.
func (db *database) forgetPasswords(tx *gorm.DB, p pirogue.Payment) error {
	if p.Kind != pirogue.CashIn {
		return nil
	}
	var rows []attemptRow
	err := tx.Where("payment_id = ? AND "+mayHaveOTP, p.ID).Find(&rows).Error
	if err != nil {
		return err
	}
	for _, row := range rows {
		a, unreadable := db.unpackAttempt(row)
		if unreadable != nil || a.Handle[pirogue.HandleOTP] == "" {
			continue
		}
		delete(a.Handle, pirogue.HandleOTP)
		sealed, err := db.sealHandle(a.ID, a.Handle)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE attempts SET handle_sealed = ? WHERE id = ?", sealed, row.ID).Error; err != nil {
			return err
		}
	}
	return nil
}

// storedResult returns the stored result to a caller that came too late. The status determines the
// event's number. So a caller that asks for the same status, even after a crash, gets its event
// and can deliver it.
func storedResult(tx *gorm.DB, finalized *lifecycle.Finalized, wanted pirogue.Status) error {
	p := finalized.Payment
	if p.Status != wanted {
		return unchanged{}
	}
	finalized.EventID = webhook.NewEventID(p.ID, p.Sequence)
	var err error
	if finalized.Reversed, err = reversalEvent(tx, p); err != nil {
		return err
	}
	return unchanged{}
}

// transition returns the status change of a finalization. Without From it begins at any open
// status. EXPIRED or FAILED becomes SUCCESS only if From names it. A payment whose money is in
// suspense becomes SUCCESS only by its case.
func (f finalization) transition() transition {
	from := openStatuses()
	if f.From != "" {
		from = []pirogue.Status{f.From}
	}
	// The column gives the second parameter its type.
	const finished = "CASE WHEN " + hasOpenCase + " AND c.id <> ?) THEN NULL ELSE COALESCE(?, finished_at) END"
	columns := map[string]any{
		"sequence":     gorm.Expr("sequence + 1"),
		"failure_code": f.Failure.Code,
		"failure_note": storableText(f.Failure.Note),
		"finished_at":  gorm.Expr(finished, f.Case, timestamp(f.At)),
	}
	if f.Watched {
		columns["finished_at"] = nil
	}
	if f.Resolution == support.ResolvedInPart {
		columns["moved"] = f.caseMoney
	}
	if f.ProviderTxID != "" {
		columns["provider_tx_id"] = storableText(f.ProviderTxID)
	}
	if f.Status == pirogue.StatusSuccess { // a reversal keeps the time of the success
		columns["settled_at"] = timestamp(f.At)
	}
	e := transition{payment: f.PaymentID, from: from, to: f.Status, at: f.At, columns: columns}
	if f.Status == pirogue.StatusSuccess {
		e.unless = inSuspense
		if f.Case != "" { // the case clears the money that left already
			e.unless = "kind = 'CASHIN' AND " + inSuspense
		}
	}
	return e
}

// inSuspense is true of a payment whose money is booked to suspense: it waits for people. Booked
// to the merchant as well, the money would be in the books twice.
const inSuspense = `EXISTS (
  SELECT 1 FROM ledger_journals j WHERE j.payment_id = payments.id AND j.step = 'late'
     AND (j.attempt = 0 OR j.attempt = (SELECT MAX(a.number) FROM attempts a WHERE a.payment_id = payments.id)))`

// writeEvent writes the event of a payment that has just become terminal. Its address is the
// payment's, or else the merchant's at present.
func writeEvent(tx *gorm.DB, p pirogue.Payment, at time.Time) (pirogue.EventID, error) {
	url, err := notifyAddress(tx, p.NotifyURL, p.MerchantID)
	if err != nil {
		return "", err
	}
	return writeEventTo(tx, p, url, at)
}

// writeEventTo is writeEvent with an address.
func writeEventTo(tx *gorm.DB, p pirogue.Payment, url string, at time.Time) (pirogue.EventID, error) {
	event, err := webhook.NewEvent(p, url, at)
	if err != nil {
		return "", err
	}
	return event.ID, tx.Create(packEvent(event)).Error
}

// notifyAddress returns the address of an event: the requested one, or else the merchant's at
// present.
func notifyAddress(tx *gorm.DB, asked string, id pirogue.MerchantID) (string, error) {
	if asked != "" {
		return asked, nil
	}
	var merchant merchantRow
	err := tx.Where("id = ?", id).Take(&merchant).Error
	return merchant.NotifyURL, err
}
