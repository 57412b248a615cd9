package store

import (
	"context"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/ledger"
)

// Settle makes a payment terminal, writes the event for its merchant and books journal,
// in one transaction. The compare-and-set on the status decides who comes first; who
// comes later changes nothing and is told what stands: the same event when it wanted
// the same status, no event otherwise. It fails with TransactionNotFound, and with
// InsufficientBalance when the journal would overdraw the merchant.
func (db *DB) Settle(
	ctx context.Context, s pirogue.Settlement, journal *ledger.Journal,
) (pirogue.Settled, error) {
	if err := sensible(s, journal); err != nil {
		return pirogue.Settled{}, err
	}
	var settled pirogue.Settled
	err := db.together(ctx, "settle payment", func(tx *gorm.DB) error {
		settled = pirogue.Settled{}
		first, err := draw(tx, settling(s))
		if err != nil {
			return err
		}
		var row paymentRow
		if err := byID(tx, s.PaymentID, &row); err != nil {
			return err
		}
		if settled.Payment, err = db.unpackPayment(row); err != nil {
			return err
		}
		if !first {
			// The event's number is counted by the status that stands, so whoever asks for
			// that one, be it after a crash, is given its event and can deliver it.
			if settled.Payment.Status == s.Status {
				settled.EventID = pirogue.NewEventID(s.PaymentID, settled.Payment.Sequence)
			}
			return unchanged{}
		}
		if settled.EventID, err = announce(tx, settled.Payment, s); err != nil {
			return err
		}
		return book(tx, journal, s.At)
	})
	if err != nil {
		return pirogue.Settled{}, err
	}
	return settled, nil
}

// sensible refuses a settlement that only a bug asks for: one that ends nothing, one that
// books another payment's money, a success that books none.
func sensible(s pirogue.Settlement, journal *ledger.Journal) error {
	switch {
	case !s.Status.Terminal():
		return pirogue.Errorf(pirogue.Internal, "settle payment %s as %s", s.PaymentID, s.Status)
	case journal != nil && journal.PaymentID != s.PaymentID:
		return pirogue.Errorf(pirogue.Internal, "settle payment %s with journal %s", s.PaymentID, journal.ID())
	case journal == nil && s.Status == pirogue.StatusSuccess:
		return pirogue.Errorf(pirogue.Internal, "settle payment %s as a success that books nothing", s.PaymentID)
	default:
		return nil
	}
}

// settling returns the edge of a settlement. A settlement without From begins at any
// open status; EXPIRED becomes SUCCESS only when it is asked for by name.
func settling(s pirogue.Settlement) edge {
	from := openStatuses()
	if s.From != "" {
		from = []pirogue.Status{s.From}
	}
	columns := map[string]any{
		"sequence":     gorm.Expr("sequence + 1"),
		"failure_code": s.Failure.Code,
		"failure_note": clean(s.Failure.Note),
	}
	if s.ProviderTxID != "" {
		columns["provider_tx_id"] = clean(s.ProviderTxID)
	}
	if s.Status == pirogue.StatusSuccess { // a reversal keeps the moment of the success
		columns["settled_at"] = on(s.At)
	}
	return edge{payment: s.PaymentID, from: from, to: s.Status, at: s.At, columns: columns}
}

// announce writes the event of a payment that has just become terminal. It goes where
// the payment says, or else where the merchant listens at this moment.
func announce(tx *gorm.DB, p pirogue.Payment, s pirogue.Settlement) (pirogue.EventID, error) {
	url := p.NotifyURL
	if url == "" {
		var merchant merchantRow
		if err := tx.Where("id = ?", p.MerchantID).Take(&merchant).Error; err != nil {
			return "", err
		}
		url = merchant.NotifyURL
	}
	event, err := pirogue.NewEvent(p, url, s.At)
	if err != nil {
		return "", err
	}
	return event.ID, tx.Create(&eventRow{
		ID: string(event.ID), PaymentID: string(event.PaymentID), MerchantID: string(event.MerchantID),
		Mode: string(event.Mode), URL: event.URL, Body: string(event.Body), State: string(event.State),
		CreatedAt: on(event.CreatedAt),
	}).Error
}
