package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// Send marks an attempt SENT and its CREATED payment INITIATED, and numbers the sending. A
// PREPARED attempt may leave. A SENT or UNKNOWN attempt may leave once more under its reference
// if limits allow it.
//
// Unless the result is SendMarked, nothing has changed and no byte may leave. Such results are:
//
//   - a later attempt exists, the attempt has another state, or the payment is terminal
//   - the payment is still CREATED past its start deadline, or was accepted too long ago for limits
//   - something holds the attempt back; see keepBackReason
func (db *Attempts) Send(
	ctx context.Context, id pirogue.AttemptID, limits operator.SendLimits, at time.Time,
) (lifecycle.Sending, error) {
	named := sendTerms(id, limits, at)
	var sending lifecycle.Sending
	err := db.inTx(ctx, "send attempt", func(tx *gorm.DB) error {
		sending = lifecycle.Sending{Result: lifecycle.SendOvertaken}
		err := initiate(tx, named)
		if errors.Is(err, unchanged{}) {
			if sending.Result, err = unsendableReason(tx, named); err != nil {
				return err
			}
			return unchanged{}
		}
		if err != nil {
			return err
		}
		var sent []attemptRow
		if err := tx.Raw(sendAttempt, named).Scan(&sent).Error; err != nil {
			return err
		}
		if len(sent) == 0 {
			sending.Result, err = unsentReason(tx, named)
			return orUnchanged(err)
		}
		sending = sendingOf(sent[0])
		failpoint.Hit("store.send.marked")
		return nil
	})
	if err != nil {
		return lifecycle.Sending{}, err
	}
	return sending, nil
}

// initiate locks the payment of an attempt that may be sent now, and makes it INITIATED if it is
// CREATED. The lock lasts until the transaction ends. It fails with unchanged if the payment may not
// be sent.
func initiate(tx *gorm.DB, named map[string]any) error {
	begun := tx.Exec(initiatePayment, named)
	if begun.Error != nil || begun.RowsAffected == 1 {
		return begun.Error
	}
	_, err := lockWhere(tx, inTime, named)
	return err
}

// initiatePayment is the transition of nearly every payment that is sent. No payment becomes CREATED
// or young again, so one that it does not find is one of the others.
const initiatePayment = `
UPDATE payments SET status = 'INITIATED', version = version + 1, updated_at = @at
 WHERE id = (SELECT payment_id FROM attempts WHERE id = @id) AND status = 'CREATED' AND ` + inTime

// sendingOf returns the latest sending of an attempt.
func sendingOf(r attemptRow) lifecycle.Sending {
	return lifecycle.Sending{
		Result: lifecycle.SendMarked, Number: r.Sendings, Repeat: r.MayHaveLeft != sendingMark(r.Sendings),
	}
}

// sendingMark returns a sending's number in the form of may_have_left.
func sendingMark(number int) string { return nothingLeft + strconv.Itoa(number) + nothingLeft }

// sendAttempt sends the latest attempt only. An attempt that was renewed can have no effect any
// more, so it must never leave late. An operator result from before this sending proves nothing
// about it, so the evidence begins again.
const sendAttempt = `
UPDATE attempts
   SET state = 'SENT', sent_at = @at, first_sent_at = COALESCE(first_sent_at, @at), updated_at = @at,
       sendings = sendings + 1, may_have_left = may_have_left || CAST(sendings + 1 AS TEXT) || ',',
       evidence_outcome = '', evidence_times = 0, evidence_since = NULL
 WHERE ` + sendable + `
   AND ` + keepBackReason + ` IS NULL
RETURNING sendings, may_have_left`

// sendable is true of an attempt that may leave unless something holds it back.
const sendable = `id = @id AND (state = 'PREPARED' OR state IN ('SENT','UNKNOWN') AND first_sent_at > @again)
   AND number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = attempts.payment_id)`

// sendTerms returns the arguments of Send's statements. A limit that is not set is NULL.
func sendTerms(id pirogue.AttemptID, limits operator.SendLimits, at time.Time) map[string]any {
	named := map[string]any{
		"id": id, "at": timestamp(at), "in": openStatuses(), "accepted": timeText(""), "again": timeText(""),
	}
	if limits.Accepted > 0 {
		named["accepted"] = timestamp(at.Add(-limits.Accepted))
	}
	if limits.Again > 0 {
		named["again"] = timestamp(at.Add(-limits.Again))
	}
	return named
}

// unsentReason returns the reason for which an attempt with a locked payment was not marked.
func unsentReason(tx *gorm.DB, named map[string]any) (lifecycle.SendResult, error) {
	var reasons []lifecycle.SendResult
	err := tx.Raw("SELECT COALESCE("+keepBackReason+", '') FROM attempts WHERE "+sendable, named).Scan(&reasons).Error
	if err != nil || len(reasons) == 0 || reasons[0] == "" {
		return lifecycle.SendOvertaken, err
	}
	return reasons[0], nil
}

// started is true of a payment that has left CREATED, or whose start deadline has not passed.
// A bulk's line has no deadline and may wait without a limit.
const started = `(status <> 'CREATED' OR start_deadline IS NULL OR start_deadline > @at)`

// inTime is true of a payment that may be sent. It is started and, if limits bound its age, young
// enough.
const inTime = started + ` AND (CAST(@accepted AS TEXT) IS NULL OR created_at > @accepted)`

// unsendableReason returns the reason for which an attempt's payment could not be locked for
// sending.
func unsendableReason(tx *gorm.DB, named map[string]any) (lifecycle.SendResult, error) {
	var late []lifecycle.SendResult
	err := tx.Raw(`SELECT CASE WHEN `+started+` THEN 'PAST_WINDOW' ELSE 'PAST_DEADLINE' END FROM payments
		WHERE id = (SELECT payment_id FROM attempts WHERE id = @id) AND status IN @in AND NOT (`+inTime+`)`, named).
		Scan(&late).Error
	if err != nil || len(late) == 0 {
		return lifecycle.SendOvertaken, err
	}
	return late[0], nil
}

// lockPayment locks the row of an attempt's payment until the transaction ends, so that nobody
// else finalizes or renews it. The payment may have any status: the attempts of an ended payment
// change too. It fails with unchanged if there is no such attempt.
// Every change of an attempt locks the payment first: with one order of locks there is no
// deadlock.
func lockPayment(tx *gorm.DB, id pirogue.AttemptID, at time.Time) (pirogue.PaymentID, error) {
	return lockWhere(tx, "TRUE", map[string]any{"id": id, "in": pirogue.Statuses, "at": timestamp(at)})
}

// lockWhere is lockPayment for a payment of some statuses that meets a further condition.
func lockWhere(tx *gorm.DB, condition string, named map[string]any) (pirogue.PaymentID, error) {
	var locked []string
	err := tx.Raw(`UPDATE payments SET updated_at = @at
		WHERE id = (SELECT payment_id FROM attempts WHERE id = @id) AND status IN @in AND `+condition+` RETURNING id`, named).
		Scan(&locked).Error
	if err != nil {
		return "", err
	}
	if len(locked) == 0 {
		return "", unchanged{}
	}
	return pirogue.PaymentID(locked[0]), nil
}

// Postpone makes a payment PENDING whose latest attempt cannot be sent yet, because it waits for
// its operator. So the merchant does not take it for failed, and the sweep does not take it for
// lost. Nothing was sent, and the attempt stays as it is. It reports false, and changes nothing,
// if the payment is still CREATED past its start deadline.
func (db *Attempts) Postpone(ctx context.Context, id pirogue.AttemptID, message string, at time.Time) (bool, error) {
	var late bool
	err := db.inTx(ctx, "postpone payment", func(tx *gorm.DB) error {
		late = false
		early := []pirogue.Status{pirogue.StatusCreated, pirogue.StatusInitiated}
		named := sendTerms(id, operator.SendLimits{}, at)
		named["in"] = early
		payment, err := lockWhere(tx, inTime, named)
		if errors.Is(err, unchanged{}) {
			reasons, err := unsendableReason(tx, named)
			if err != nil {
				return err
			}
			late = reasons == lifecycle.SendPastDeadline
			return unchanged{}
		}
		if err != nil {
			return err
		}
		for _, to := range []pirogue.Status{pirogue.StatusInitiated, pirogue.StatusPending} {
			from := early[:1]
			if to == pirogue.StatusPending {
				from = early[1:]
			}
			if _, err := applyTransition(tx, transition{payment: payment, from: from, to: to, at: at}); err != nil {
				return err
			}
		}
		return tx.Model(&attemptRow{}).Where("id = ? AND state = ?", id, pirogue.AttemptPrepared).
			Updates(map[string]any{"operator_message": storableText(message), "updated_at": timestamp(at)}).Error
	})
	return !late && err == nil, err
}

// NothingSent reports whether no attempt of a payment is at an operator or may be. Each of them was
// refused or is proven not sent.
func (db *Attempts) NothingSent(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	var unsent bool
	err := db.read(ctx, "look for what was sent", func(tx *gorm.DB) (err error) {
		unsent, err = nothingSent(tx, id)
		return err
	})
	return unsent && err == nil, err
}

// nothingSent reports whether no attempt of a payment is at an operator or may be.
func nothingSent(tx *gorm.DB, id pirogue.PaymentID) (bool, error) {
	var left []string
	err := tx.Raw("SELECT id FROM attempts WHERE payment_id = ? AND state IN ('SENT','UNKNOWN','ACCEPTED')", id).
		Scan(&left).Error
	return len(left) == 0, err
}
