package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/support"
)

// Find returns the payments of every merchant and mode that a term names, for support. The newest
// come first, at most limit and pirogue.MaxPage + 1. No match is no error.
//
// A term is a payment's ID, a merchant's order or refund number, or an event's ID. It may also be
// our reference at an operator, the operator's own, or a telephone number. The number has its
// country code, with any spacing.
func (db *Payments) Find(ctx context.Context, term string, limit int) ([]pirogue.Payment, error) {
	term = strings.TrimSpace(term)
	if term == "" || !isStorable(term) {
		return []pirogue.Payment{}, nil
	}
	var rows []paymentRow
	err := db.read(ctx, "find payments", func(tx *gorm.DB) error {
		return tx.Raw(findPayments, map[string]any{
			"term": term, "id": strings.ToLower(term), "limit": pageSize(limit),
			"digest": db.ring.Digest(msisdnDigest, normalizedNumber(term)),
		}).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	payments := make([]pirogue.Payment, len(rows))
	for i, row := range rows {
		payments[i], _ = db.unpackPayment(row) //nolint:errcheck // it has the fields that are not sealed
	}
	return payments, nil
}

// findPayments looks the term up in each index that can have it.
const findPayments = `
SELECT * FROM payments WHERE id IN (
  SELECT id FROM payments WHERE id = @id
   UNION
  SELECT id FROM payments WHERE merchant_ref = @term
   UNION
  SELECT id FROM payments WHERE provider_tx_id = @term AND provider_tx_id <> ''
   UNION
  SELECT payment_id FROM attempts WHERE ref = @term
   UNION
  SELECT payment_id FROM webhook_events WHERE id = @term
   UNION
  SELECT id FROM (SELECT id FROM payments WHERE msisdn_digest = @digest
                   ORDER BY created_at DESC, id DESC LIMIT @limit) AS dialled)
 ORDER BY created_at DESC, id DESC LIMIT @limit`

// normalizedNumber returns a telephone number as payments store it: digits after a plus sign.
// Text that is no number becomes one that nobody has.
func normalizedNumber(term string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-.() \u00A0", r) {
			return -1
		}
		return r
	}, term)
	return "+" + strings.TrimPrefix(digits, "00")
}

// AnyPayment returns a payment of any owner, for support. A payment that cannot be decrypted has
// only the fields that are not sealed. It fails with TransactionNotFound.
func (db *Payments) AnyPayment(ctx context.Context, id pirogue.PaymentID) (support.PaymentView, error) {
	if !isStorable(string(id)) {
		return support.PaymentView{}, pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	var row paymentRow
	err := db.read(ctx, "read payment", func(tx *gorm.DB) error { return readPayment(tx, id, &row) })
	if err != nil {
		return support.PaymentView{}, err
	}
	p, unreadable := db.unpackPayment(row)
	return support.PaymentView{Payment: p, Unreadable: unreadableReason(unreadable)}, nil
}

// unreadableReason returns a sentence for a payment of which a part cannot be decrypted; "" for
// no error.
func unreadableReason(unreadable error) string {
	if unreadable == nil {
		return ""
	}
	return "cannot be read: " + unreadable.Error()
}
