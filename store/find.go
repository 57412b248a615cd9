package store

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"pirogue"
)

// Find returns the payments that a term names, newest first, at most limit and
// pirogue.MaxPage + 1: of every merchant and mode, for support. A term is a payment's ID,
// a merchant's order or refund number, our reference at an operator, the operator's own,
// an event's ID, or a telephone number with its country code however it is spaced. None
// is no error.
func (db *DB) Find(ctx context.Context, term string, limit int) ([]pirogue.Payment, error) {
	term = strings.TrimSpace(term)
	if term == "" || !keepable(term) {
		return []pirogue.Payment{}, nil
	}
	var rows []paymentRow
	err := db.look(ctx, "find payments", func(tx *gorm.DB) error {
		return tx.Raw(findPayments, map[string]any{
			"term": term, "id": strings.ToLower(term), "limit": pageSize(limit),
			"digest": db.ring.Digest(msisdnDigest, dialled(term)),
		}).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	payments, err := db.unpackPayments(rows)
	return payments, failure("find payments", err)
}

// findPayments asks each index that could know the term.
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

// dialled returns a number as payments have it: digits after a plus sign. What is no
// number becomes one that nobody has.
func dialled(term string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-.() \u00A0", r) {
			return -1
		}
		return r
	}, term)
	return "+" + strings.TrimPrefix(digits, "00")
}

// AnyPayment returns a payment of whoever it is, for support. It fails with
// TransactionNotFound.
func (db *DB) AnyPayment(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, error) {
	if !keepable(string(id)) {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	var row paymentRow
	err := db.look(ctx, "read payment", func(tx *gorm.DB) error { return byID(tx, id, &row) })
	if err != nil {
		return pirogue.Payment{}, err
	}
	p, err := db.unpackPayment(row)
	return p, failure("read payment", err)
}

// OpenCases returns the cases that a person must settle, the oldest first, at most limit
// and pirogue.MaxPage + 1.
func (db *DB) OpenCases(ctx context.Context, limit int) ([]pirogue.CaseView, error) {
	var cases []caseRow
	var payments map[pirogue.PaymentID]pirogue.Payment
	err := db.snapshot(ctx, "list open cases", func(tx *gorm.DB) error {
		cases = nil
		err := tx.Where("closed_at IS NULL").Order("opened_at, id").Limit(pageSize(limit)).Find(&cases).Error
		if err != nil {
			return err
		}
		ids := make([]string, len(cases))
		for i, c := range cases {
			ids[i] = c.PaymentID
		}
		payments, err = db.paymentsByID(tx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	views := make([]pirogue.CaseView, len(cases))
	for i, c := range cases {
		views[i] = pirogue.CaseView{
			Case: unpackCase(c), Payment: payments[pirogue.PaymentID(c.PaymentID)], Allowed: pirogue.Cause(c.Cause).Verbs(),
		}
	}
	return views, nil
}

// paymentsByID reads several payments at once, of whoever they are.
func (db *DB) paymentsByID(tx *gorm.DB, ids []string) (map[pirogue.PaymentID]pirogue.Payment, error) {
	var rows []paymentRow
	if len(ids) == 0 {
		return map[pirogue.PaymentID]pirogue.Payment{}, nil
	}
	if err := tx.Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, err
	}
	payments, err := db.unpackPayments(rows)
	byID := make(map[pirogue.PaymentID]pirogue.Payment, len(payments))
	for _, p := range payments {
		byID[p.ID] = p
	}
	return byID, err
}
