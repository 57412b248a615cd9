package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
	"pirogue/operator"
)

// Latest returns a payment with its latest attempt, both as of one moment. It fails with
// TransactionNotFound.
func (db *Attempts) Latest(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	return db.Numbered(ctx, id, 0)
}

// Numbered returns a payment with its attempt of a number, 0 for the latest, both as of one
// moment. It fails with TransactionNotFound, and with NotFound if there is no such attempt.
func (db *Attempts) Numbered(
	ctx context.Context, id pirogue.PaymentID, number int,
) (pirogue.Payment, pirogue.Attempt, error) {
	var payment paymentRow
	var attempt attemptRow
	err := db.snapshot(ctx, "read attempt", func(tx *gorm.DB) error {
		payment, attempt = paymentRow{}, attemptRow{}
		if err := byID(tx, id, &payment); err != nil {
			return err
		}
		if number == 0 {
			return tx.Where("payment_id = ?", id).Order("number DESC").Take(&attempt).Error
		}
		which := tx.Where("payment_id = ? AND number = ?", id, number)
		return asNotFound(which.Take(&attempt).Error, pirogue.NotFound, fmt.Sprintf("%s, attempt %d", id, number))
	})
	if err != nil {
		return pirogue.Payment{}, pirogue.Attempt{}, err
	}
	p, badPayment := db.unpackPayment(payment)
	a, badAttempt := db.unpackAttempt(attempt)
	return p, a, failure("read attempt", errors.Join(badPayment, badAttempt))
}

// EarlierAttempts returns the attempts of a payment before its latest one, if something of them may have
// left us. They are in the order of their numbers.
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
		err = errors.Join(err, failure("read earlier attempts", bad))
	}
	return attempts, err
}

// Send marks an attempt SENT and its CREATED payment INITIATED, and numbers the sending. A
// PREPARED attempt may leave. A SENT or UNKNOWN attempt may leave once more under its reference
// if limits allow it.
//
// Unless the result is SendMarked, nothing has changed and no byte may leave. Such results are:
//
//   - a later attempt exists, the attempt has another state, or the payment is terminal
//   - the payment is still CREATED past its start deadline, or was accepted too long ago for limits
//   - something holds the attempt back; see keptBackBy
func (db *Attempts) Send(
	ctx context.Context, id pirogue.AttemptID, limits operator.SendLimits, at time.Time,
) (lifecycle.Sending, error) {
	named := sendTerms(id, limits, at)
	var sending lifecycle.Sending
	err := db.inTx(ctx, "send attempt", func(tx *gorm.DB) error {
		sending = lifecycle.Sending{Result: lifecycle.SendOvertaken}
		payment, err := lockWhere(tx, inTime, named)
		if errors.Is(err, unchanged{}) {
			if sending.Result, err = whyUnsendable(tx, named); err != nil {
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
			sending.Result, err = whyUnsent(tx, named)
			return orUnchanged(err)
		}
		sending = sendingOf(sent[0])
		failpoint.Hit("store.send.marked")
		_, err = applyTransition(tx, transition{
			payment: payment, from: []pirogue.Status{pirogue.StatusCreated}, to: pirogue.StatusInitiated, at: at,
		})
		return err
	})
	if err != nil {
		return lifecycle.Sending{}, err
	}
	return sending, nil
}

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
   AND ` + keptBackBy + ` IS NULL
RETURNING sendings, may_have_left`

// sendable is true of an attempt that may leave unless something holds it back.
const sendable = `id = @id AND (state = 'PREPARED' OR state IN ('SENT','UNKNOWN') AND first_sent_at > @again)
   AND number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = attempts.payment_id)`

// sendTerms returns the arguments of Send's statements. A limit that is not set is NULL.
func sendTerms(id pirogue.AttemptID, limits operator.SendLimits, at time.Time) map[string]any {
	named := map[string]any{"id": id, "at": timestamp(at), "in": openStatuses(), "accepted": timeText(""), "again": timeText("")}
	if limits.Accepted > 0 {
		named["accepted"] = timestamp(at.Add(-limits.Accepted))
	}
	if limits.Again > 0 {
		named["again"] = timestamp(at.Add(-limits.Again))
	}
	return named
}

// whyUnsent returns the reason for which an attempt with a locked payment was not marked.
func whyUnsent(tx *gorm.DB, named map[string]any) (lifecycle.SendResult, error) {
	var why []lifecycle.SendResult
	err := tx.Raw("SELECT COALESCE("+keptBackBy+", '') FROM attempts WHERE "+sendable, named).Scan(&why).Error
	if err != nil || len(why) == 0 || why[0] == "" {
		return lifecycle.SendOvertaken, err
	}
	return why[0], nil
}

// started is true of a payment that was taken up already, or whose start deadline has not passed.
// A bulk's line has no deadline and may wait without a limit.
const started = `(status <> 'CREATED' OR start_deadline IS NULL OR start_deadline > @at)`

// inTime is true of a payment that may be sent. It is started and, if limits bound its age, young
// enough.
const inTime = started + ` AND (CAST(@accepted AS TEXT) IS NULL OR created_at > @accepted)`

// whyUnsendable returns the reason for which an attempt's payment could not be locked for
// sending.
func whyUnsendable(tx *gorm.DB, named map[string]any) (lifecycle.SendResult, error) {
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
// else settles or renews it. It fails with unchanged if the payment has none of the statuses.
// Every change of an attempt locks the payment first: with one order of locks there is no
// deadlock.
func lockPayment(tx *gorm.DB, id pirogue.AttemptID, in []pirogue.Status, at time.Time) (pirogue.PaymentID, error) {
	return lockWhere(tx, "TRUE", map[string]any{"id": id, "in": in, "at": timestamp(at)})
}

// lockWhere is lockPayment with a further condition on the payment.
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
func (db *Attempts) Postpone(ctx context.Context, id pirogue.AttemptID, words string, at time.Time) (bool, error) {
	var late bool
	err := db.inTx(ctx, "postpone payment", func(tx *gorm.DB) error {
		late = false
		early := []pirogue.Status{pirogue.StatusCreated, pirogue.StatusInitiated}
		named := sendTerms(id, operator.SendLimits{}, at)
		named["in"] = early
		payment, err := lockWhere(tx, inTime, named)
		if errors.Is(err, unchanged{}) {
			why, err := whyUnsendable(tx, named)
			if err != nil {
				return err
			}
			late = why == lifecycle.SendPastDeadline
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
			Updates(map[string]any{"answer": clean(words), "updated_at": timestamp(at)}).Error
	})
	return !late && err == nil, err
}

// NothingSent reports whether no attempt of a payment is at an operator or may be. Each of them was
// refused or is proven not sent.
func (db *Attempts) NothingSent(ctx context.Context, id pirogue.PaymentID) (bool, error) {
	var unsent bool
	err := db.read(ctx, "look for what was sent", func(tx *gorm.DB) error {
		var err error
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
		return pirogue.Attempt{}, failure("renew attempt", err)
	}
	var stands attemptRow
	err = db.inTx(ctx, "renew attempt", func(tx *gorm.DB) error {
		stands = packAttempt(next, callbackDigest)
		stands.HandleSealed = handle
		payment, err := lockPayment(tx, after, pirogue.Statuses, next.CreatedAt)
		if errors.Is(err, unchanged{}) {
			return pirogue.Errorf(pirogue.NotFound, "attempt %q", after)
		}
		if err != nil {
			return err
		}
		if payment != next.PaymentID {
			return pirogue.Errorf(pirogue.Internal, "attempt %s is of payment %s", after, payment)
		}
		return renew(tx, after, &stands)
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(stands)
	return a, failure("renew attempt", err)
}

// attemptWithEffect reads the attempt if none may come after it. Its operator has accepted it, or something
// of it may be at an operator other than the next one. The caller read an older state: another
// run has overtaken it.
func attemptWithEffect(tx *gorm.DB, after pirogue.AttemptID, next string) ([]attemptRow, error) {
	var rows []attemptRow
	err := tx.Where("id = ?", after).
		Where("state = 'ACCEPTED' OR operator <> ? AND NOT (state = 'PREPARED' OR state = 'REFUSED' AND unable)", next).
		Find(&rows).Error
	return rows, err
}

// renew writes the next attempt, or reads the one that has its number. If none may come after the
// previous attempt, it reads that one. The payment is locked, so no result can arrive in between.
func renew(tx *gorm.DB, after pirogue.AttemptID, next *attemptRow) error {
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
	lost := map[string]any{"state": pirogue.AttemptUnknown, "answered_at": at, "updated_at": at}
	set := tx.Model(&attemptRow{}).Where("id = ? AND state = ?", after, pirogue.AttemptSent).Updates(lost)
	if set.Error != nil {
		return set.Error
	}
	return tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", next.PaymentID, openStatuses()).
		Updates(map[string]any{"operator": next.Operator}).Error
}

// RecordPoll counts one status query, stores the operator's message and returns the evidence with
// this result in it. The numbers of sendings and queries before it identify the query, for
// workers' clocks differ. A repeated call counts once and returns the stored evidence. A query
// that another query, or a sending, has overtaken confirms nothing; evidence that it contradicts
// begins again. It fails with NotFound.
func (db *Attempts) RecordPoll(ctx context.Context, p lifecycle.Poll) (pirogue.Evidence, error) {
	var stands []attemptRow
	err := db.exec(ctx, "count status question", func(tx *gorm.DB) error {
		named := map[string]any{
			"id": p.AttemptID, "outcome": p.Outcome, "words": clean(p.Message), "at": timestamp(p.At), "next": timestamp(p.Next),
			"sendings": p.Sendings, "polls": p.Polls,
		}
		for _, statement := range []string{pollAttempt, contradictAttempt} {
			if err := tx.Raw(statement, named).Scan(&stands).Error; err != nil || len(stands) == 1 {
				return err
			}
		}
		return tx.Where("id = ?", p.AttemptID).Find(&stands).Error
	})
	if err == nil && len(stands) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "attempt %q", p.AttemptID)
	}
	if err != nil {
		return pirogue.Evidence{}, err
	}
	return evidence(stands[0]), nil
}

// pollAttempt also sets updated_at, which is why the submission's result has its own time. A
// query without a response is no evidence, neither for the earlier results nor against them.
const pollAttempt = `
UPDATE attempts
   SET polls = polls + 1, answer = @words, first_polled_at = COALESCE(first_polled_at, @at), polled_at = @at,
       updated_at = @at, next_poll_at = COALESCE(CAST(@next AS TEXT), next_poll_at),
       evidence_since = CASE WHEN CAST(@outcome AS TEXT) IN ('', evidence_outcome) THEN evidence_since ELSE @at END,
       evidence_times = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_times
                             WHEN CAST(@outcome AS TEXT) = evidence_outcome THEN evidence_times + 1 ELSE 1 END,
       evidence_outcome = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_outcome ELSE @outcome END
 WHERE id = @id AND sendings = @sendings AND polls = @polls
RETURNING evidence_outcome, evidence_times, evidence_since`

// contradictAttempt takes the result of a query that was overtaken. Which of the two results is the
// newer one is unknown, so equal results before and after it are not in a row.
const contradictAttempt = `
UPDATE attempts SET evidence_outcome = '', evidence_times = 0, evidence_since = NULL
 WHERE id = @id AND CAST(@outcome AS TEXT) <> '' AND evidence_outcome NOT IN ('', CAST(@outcome AS TEXT))
RETURNING evidence_outcome, evidence_times, evidence_since`

// NextPoll returns the approximate time of the next status query about a payment's latest
// attempt, as set by the last query. It is zero before the first one.
func (db *Attempts) NextPoll(ctx context.Context, id pirogue.PaymentID) (time.Time, error) {
	var found []timeText
	err := db.read(ctx, "read when the operator is asked", func(tx *gorm.DB) error {
		return tx.Raw(`SELECT next_poll_at FROM attempts WHERE payment_id = ? AND next_poll_at IS NOT NULL
		  ORDER BY number DESC LIMIT 1`, id).Scan(&found).Error
	})
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0].time(), nil
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
func (db *Attempts) AttemptByRef(
	ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef,
) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(ref), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("operator = ? AND ref = ?", o, ref)
	})
}

// attempt reads the first attempt that where selects. It fails with NotFound, also for text that
// no database can hold.
func (db *Attempts) attempt(ctx context.Context, what string, where func(tx *gorm.DB) *gorm.DB) (pirogue.Attempt, error) {
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
	return a, failure("find attempt", err)
}
