package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"pirogue"
)

// Latest returns a payment with its latest attempt, both from one snapshot. It fails with
// TransactionNotFound.
func (db *Attempts) Latest(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	return db.Numbered(ctx, id, 0)
}

// Numbered returns a payment with its attempt of a number, 0 for the latest, both from one
// snapshot. It fails with TransactionNotFound, and with NotFound if there is no such attempt.
func (db *Attempts) Numbered(
	ctx context.Context, id pirogue.PaymentID, number int,
) (pirogue.Payment, pirogue.Attempt, error) {
	var payment paymentRow
	var attempt attemptRow
	err := db.snapshot(ctx, "read attempt", func(tx *gorm.DB) error {
		payment, attempt = paymentRow{}, attemptRow{}
		if err := readPayment(tx, id, &payment); err != nil {
			return err
		}
		if number == 0 {
			return tx.Where("payment_id = ?", id).Order("number DESC").Take(&attempt).Error
		}
		query := tx.Where("payment_id = ? AND number = ?", id, number)
		return asNotFound(query.Take(&attempt).Error, pirogue.NotFound, fmt.Sprintf("%s, attempt %d", id, number))
	})
	if err != nil {
		return pirogue.Payment{}, pirogue.Attempt{}, err
	}
	p, badPayment := db.unpackPayment(payment)
	a, badAttempt := db.unpackAttempt(attempt)
	return p, a, asError("read attempt", errors.Join(badPayment, badAttempt))
}

// EarlierAttempts returns the attempts of a payment before its latest one, if something of them
// may have left us. They are in the order of their numbers.
func (db *Attempts) EarlierAttempts(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Attempt, error) {
	var rows []attemptRow
	err := db.read(ctx, "read earlier attempts", func(tx *gorm.DB) error {
		return tx.Where("payment_id = ? AND first_sent_at IS NOT NULL", id).
			Where("number < (SELECT MAX(later.number) FROM attempts later WHERE later.payment_id = attempts.payment_id)").
			Order("number").Find(&rows).Error
	})
	attempts := make([]pirogue.Attempt, len(rows))
	for i, row := range rows {
		var bad error
		attempts[i], bad = db.unpackAttempt(row)
		err = errors.Join(err, asError("read earlier attempts", bad))
	}
	return attempts, err
}

// Collected returns the attempt that collected a payment: the one that its operator accepted. If
// the acceptance was lost, it is the latest attempt that may have arrived. If all were refused
// and the payment was paid nevertheless, it is the latest refused one. It fails with NotFound.
func (db *Attempts) Collected(ctx context.Context, id pirogue.PaymentID) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(id), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("payment_id = ? AND state <> 'PREPARED'", id).
			Order("CASE state WHEN 'ACCEPTED' THEN 0 WHEN 'REFUSED' THEN 2 ELSE 1 END, number DESC")
	})
}

// AttemptByRef returns the attempt with our reference at an operator. It fails with NotFound.
func (db *Callbacks) AttemptByRef(
	ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef,
) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(ref), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("operator = ? AND ref = ?", o, ref)
	})
}

// attempt reads the first attempt that where selects. It fails with NotFound, also for text that
// no database can hold.
func (db *database) attempt(
	ctx context.Context, what string, where func(tx *gorm.DB) *gorm.DB,
) (pirogue.Attempt, error) {
	if !isStorable(what) {
		return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "attempt %q", what)
	}
	var row attemptRow
	err := db.read(ctx, "find attempt", func(tx *gorm.DB) error {
		return asNotFound(where(tx).Take(&row).Error, pirogue.NotFound, what)
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(row)
	return a, asError("find attempt", err)
}
