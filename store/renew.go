package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/failpoint"
)

// Renew prepares an attempt after another one that can have no effect. The other becomes UNKNOWN
// if it is still SENT. A second call returns the attempt of the first.
//
// An attempt that was ACCEPTED in the meantime can have an effect. So can one that was sent, if
// next is for another operator. No attempt comes after such a one, and Renew returns it. It fails
// with NotFound if after does not exist.
func (db *Attempts) Renew(
	ctx context.Context, after pirogue.AttemptID, next pirogue.Attempt, callbackDigest string,
) (pirogue.Attempt, error) {
	if next.CreatedAt.IsZero() {
		next.CreatedAt = db.clock.Now()
	}
	handle, err := db.sealHandle(next.ID, next.Handle)
	if err != nil {
		return pirogue.Attempt{}, asError("renew attempt", err)
	}
	var stored attemptRow
	err = db.inTx(ctx, "renew attempt", func(tx *gorm.DB) error {
		stored = packAttempt(next, callbackDigest)
		stored.HandleSealed = handle
		payment, err := lockPayment(tx, after, next.CreatedAt)
		if errors.Is(err, unchanged{}) {
			return pirogue.Errorf(pirogue.NotFound, "attempt %q", after)
		}
		if err != nil {
			return err
		}
		if payment != next.PaymentID {
			return pirogue.Errorf(pirogue.Internal, "attempt %s is of payment %s", after, payment)
		}
		return writeNextAttempt(tx, after, &stored)
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(stored)
	return a, asError("renew attempt", err)
}

// attemptWithEffect reads the attempt if none may come after it. Its operator has accepted it, or
// something of it may be at an operator other than the next one. The caller read an older state:
// another run has overtaken it.
func attemptWithEffect(tx *gorm.DB, after pirogue.AttemptID, next string) ([]attemptRow, error) {
	var rows []attemptRow
	err := tx.Where("id = ?", after).
		Where("state = 'ACCEPTED' OR operator <> ? AND NOT (state = 'PREPARED' OR state = 'REFUSED' AND unable)", next).
		Find(&rows).Error
	return rows, err
}

// writeNextAttempt writes the next attempt, or reads the one that has its number. If none may
// come after the previous attempt, it reads that one. The payment is locked, so no result can
// arrive in between.
func writeNextAttempt(tx *gorm.DB, after pirogue.AttemptID, next *attemptRow) error {
	lasts, err := attemptWithEffect(tx, after, next.Operator)
	if err != nil {
		return err
	}
	if len(lasts) == 1 {
		*next = lasts[0]
		return unchanged{}
	}
	written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(next)
	if written.Error != nil {
		return written.Error
	}
	if written.RowsAffected == 0 {
		payment, number := next.PaymentID, next.Number
		*next = attemptRow{}
		if err := tx.Where("payment_id = ? AND number = ?", payment, number).Take(next).Error; err != nil {
			return err
		}
		return unchanged{}
	}
	failpoint.Hit("store.renew.written")
	// No run waits for the response of the previous attempt. An attempt that has its result keeps
	// it.
	at := next.CreatedAt
	lost := map[string]any{"state": pirogue.AttemptUnknown, "result_at": at, "updated_at": at}
	set := tx.Model(&attemptRow{}).Where("id = ? AND state = ?", after, pirogue.AttemptSent).Updates(lost)
	if set.Error != nil {
		return set.Error
	}
	return tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", next.PaymentID, openStatuses()).
		Updates(map[string]any{"operator": next.Operator}).Error
}
