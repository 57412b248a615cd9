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
	payments := make([]pirogue.Payment, len(rows))
	for i, row := range rows {
		payments[i], _ = db.unpackPayment(row) //nolint:errcheck // what is not sealed is there, and hides no other
	}
	return payments, nil
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

// AnyPayment returns a payment of whoever it is, for support. One that does not open is there
// with what is not sealed. It fails with TransactionNotFound.
func (db *DB) AnyPayment(ctx context.Context, id pirogue.PaymentID) (pirogue.PaymentView, error) {
	if !keepable(string(id)) {
		return pirogue.PaymentView{}, pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	var row paymentRow
	err := db.look(ctx, "read payment", func(tx *gorm.DB) error { return byID(tx, id, &row) })
	if err != nil {
		return pirogue.PaymentView{}, err
	}
	p, unreadable := db.unpackPayment(row)
	return pirogue.PaymentView{Payment: p, Unreadable: why(unreadable)}, nil
}

// why says of a payment that a part of it cannot be read, and why; "" for no error.
func why(unreadable error) string {
	if unreadable == nil {
		return ""
	}
	return "cannot be read: " + unreadable.Error()
}

// OpenCases returns a page of the cases that a person must settle, the oldest first. It
// fails with InvalidParameter for a cursor that is none.
func (db *DB) OpenCases(ctx context.Context, f pirogue.WorkFilter) (pirogue.WorkPage[pirogue.CaseView], error) {
	found, err := db.work(ctx, "list open cases", []worklist{{query: openCases}}, f)
	page := pirogue.WorkPage[pirogue.CaseView]{Next: found.next, Tallies: found.tallies}
	for _, row := range found.rows {
		c := pirogue.Case{
			ID: pirogue.CaseID(row.Place), PaymentID: pirogue.PaymentID(row.ID), Cause: pirogue.Cause(row.Cause),
			Note: row.Words, Paid: row.Paid, OpenedAt: row.Since.time(),
		}
		page.Rows = append(page.Rows, pirogue.CaseView{
			Case: c, Payment: row.payment, Allowed: c.Cause.Verbs(), Unreadable: row.unreadable,
		})
	}
	return page, err
}

const openCases = `
SELECT c.payment_id AS id, c.opened_at AS since, c.id AS place, c.cause AS cause, c.note AS words, c.paid AS paid
  FROM cases c
 WHERE c.closed_at IS NULL`
