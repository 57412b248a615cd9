package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/failpoint"
)

// Latest returns a payment with its latest attempt, both of one moment. It fails with
// TransactionNotFound.
func (db *DB) Latest(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error) {
	return db.Numbered(ctx, id, 0)
}

// Numbered returns a payment with its attempt of a number, 0 for the latest, both of one
// moment. It fails with TransactionNotFound, and with NotFound where it has no such attempt.
func (db *DB) Numbered(
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
		return missing(which.Take(&attempt).Error, pirogue.NotFound, fmt.Sprintf("%s, attempt %d", id, number))
	})
	if err != nil {
		return pirogue.Payment{}, pirogue.Attempt{}, err
	}
	p, badPayment := db.unpackPayment(payment)
	a, badAttempt := db.unpackAttempt(attempt)
	return p, a, failure("read attempt", errors.Join(badPayment, badAttempt))
}

// Earlier returns the attempts of a payment that another one has followed and of which
// something may have left us, the first one first.
func (db *DB) Earlier(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Attempt, error) {
	var rows []attemptRow
	err := db.look(ctx, "read earlier attempts", func(tx *gorm.DB) error {
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

// Send marks a prepared attempt SENT and its CREATED payment INITIATED. It reports
// false, and changes nothing, when the attempt is not PREPARED, when a later one exists
// or when the payment is terminal: then no byte may leave. With again an attempt that
// is SENT or UNKNOWN may leave once more, under its reference.
func (db *DB) Send(ctx context.Context, id pirogue.AttemptID, again bool, at time.Time) (bool, error) {
	sendable := []pirogue.AttemptState{pirogue.AttemptPrepared}
	if again {
		sendable = append(sendable, pirogue.AttemptSent, pirogue.AttemptUnknown)
	}
	var sent bool
	err := db.together(ctx, "send attempt", func(tx *gorm.DB) error {
		sent = false
		payment, err := lockPayment(tx, id, openStatuses(), at)
		if err != nil {
			return err
		}
		set := tx.Exec(sendAttempt, map[string]any{"at": on(at), "id": id, "sendable": sendable})
		if set.Error != nil {
			return set.Error
		}
		if set.RowsAffected == 0 {
			return unchanged{}
		}
		sent = true
		failpoint.Hit("store.send.marked")
		_, err = draw(tx, edge{
			payment: payment, from: []pirogue.Status{pirogue.StatusCreated}, to: pirogue.StatusInitiated, at: at,
		})
		return err
	})
	return sent && err == nil, err
}

// sendAttempt sends the latest attempt only: one that was renewed can have no effect
// any more, so it must never leave late. What the operator said before these bytes
// left says nothing of them, so its evidence begins again.
const sendAttempt = `
UPDATE attempts
   SET state = 'SENT', sent_at = @at, first_sent_at = COALESCE(first_sent_at, @at), updated_at = @at,
       evidence_outcome = '', evidence_times = 0, evidence_since = NULL
 WHERE id = @id AND state IN @sendable
   AND number = (SELECT MAX(number) FROM attempts later WHERE later.payment_id = attempts.payment_id)`

// lockPayment takes the row of the payment that an attempt belongs to, so that until the
// transaction ends nobody else settles or renews it. It fails with unchanged when the
// payment is in none of the statuses. Whoever changes an attempt locks its payment
// first: one order of locks, no deadlock.
func lockPayment(tx *gorm.DB, id pirogue.AttemptID, in []pirogue.Status, at time.Time) (pirogue.PaymentID, error) {
	var locked []string
	err := tx.Raw(`UPDATE payments SET updated_at = ?
		WHERE id = (SELECT payment_id FROM attempts WHERE id = ?) AND status IN ? RETURNING id`,
		on(at), id, in).Scan(&locked).Error
	if err != nil {
		return "", err
	}
	if len(locked) == 0 {
		return "", unchanged{}
	}
	return pirogue.PaymentID(locked[0]), nil
}

// Answer records what became of sending an attempt. Only a SENT attempt changes. A
// payment that is terminal already keeps its status and what was told about it; the
// attempt still learns its handle, so that a late success can be watched for.
func (db *DB) Answer(ctx context.Context, a pirogue.Answer) error {
	accepted, err := db.acceptedColumns(a)
	if err != nil {
		return failure("record answer", err)
	}
	return db.together(ctx, "record answer", func(tx *gorm.DB) error {
		// A payment of any status is locked: also one that ended learns what came of it.
		payment, err := lockPayment(tx, a.AttemptID, pirogue.Statuses, a.At)
		if err != nil {
			return err
		}
		columns, err := db.answerColumns(tx, a)
		if err != nil {
			return err
		}
		set := tx.Model(&attemptRow{}).Where("id = ? AND state = ?", a.AttemptID, pirogue.AttemptSent).Updates(columns)
		if set.Error != nil {
			return set.Error
		}
		if set.RowsAffected == 0 {
			return unchanged{}
		}
		failpoint.Hit("store.answer.attempt")
		return answerPayment(tx, payment, a, accepted)
	})
}

// answerPayment moves the payment along with its attempt. A refusal is left to Settle:
// whether it ends the payment, or another operator is tried, is not decided here.
func answerPayment(tx *gorm.DB, id pirogue.PaymentID, a pirogue.Answer, accepted map[string]any) error {
	if a.State == pirogue.AttemptRefused {
		return nil
	}
	if _, err := draw(tx, edge{
		payment: id, from: []pirogue.Status{pirogue.StatusInitiated}, to: pirogue.StatusPending, at: a.At,
	}); err != nil {
		return err
	}
	if a.State != pirogue.AttemptAccepted {
		return nil
	}
	return tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", id, openStatuses()).Updates(accepted).Error
}

// answerColumns returns what an answer changes of the attempt. An attempt that was
// proven not sent is as if it had never been. An answer that is Unknown adds to the handle:
// the attempt may have to be sent once more as it was, and asked about by what another
// answer to it named.
func (db *DB) answerColumns(tx *gorm.DB, a pirogue.Answer) (map[string]any, error) {
	columns := map[string]any{
		"state": a.State, "unable": a.Unable, "answer": clean(a.Words), "updated_at": on(a.At),
	}
	switch a.State {
	case pirogue.AttemptPrepared:
		columns["sent_at"], columns["first_sent_at"] = nil, nil
		return columns, nil
	case pirogue.AttemptUnknown, pirogue.AttemptAccepted, pirogue.AttemptRefused:
		handle := a.Handle
		if a.State == pirogue.AttemptUnknown {
			var err error
			if handle, err = db.addedHandle(tx, a); err != nil {
				return nil, err
			}
		}
		sealed, err := db.sealHandle(a.AttemptID, handle)
		columns["answered_at"], columns["handle_sealed"] = on(a.At), sealed
		return columns, err
	default:
		return nil, pirogue.Errorf(pirogue.Internal, "an answer cannot be %q", a.State)
	}
}

// addedHandle returns an attempt's handle with what an answer adds to it.
func (db *DB) addedHandle(tx *gorm.DB, a pirogue.Answer) (pirogue.Handle, error) {
	var row attemptRow
	if err := tx.Where("id = ?", a.AttemptID).Take(&row).Error; err != nil {
		return nil, err
	}
	attempt, err := db.unpackAttempt(row)
	handle := pirogue.Handle{}
	maps.Copy(handle, attempt.Handle)
	maps.Copy(handle, a.Handle)
	return handle, err
}

// acceptedColumns returns what an acceptance tells about the payment.
func (db *DB) acceptedColumns(a pirogue.Answer) (map[string]any, error) {
	pack := packer{ring: db.ring}
	columns := map[string]any{
		"next_action": pack.json(a.NextAction, a.NextAction == pirogue.NextAction{}),
		"expires_at":  on(a.ExpiresAt),
		"operator":    gorm.Expr("(SELECT operator FROM attempts WHERE id = ?)", a.AttemptID),
	}
	if a.ProviderTxID != "" {
		columns["provider_tx_id"] = clean(a.ProviderTxID)
	}
	return columns, pack.err
}

// Postpone makes a payment PENDING whose latest attempt cannot be sent yet, because its
// operator is out of service: the merchant must not think that it failed, and the sweep
// not that nobody takes care of it. Nothing was sent and the attempt stays as it is.
func (db *DB) Postpone(ctx context.Context, id pirogue.AttemptID, words string, at time.Time) error {
	return db.together(ctx, "postpone payment", func(tx *gorm.DB) error {
		early := []pirogue.Status{pirogue.StatusCreated, pirogue.StatusInitiated}
		payment, err := lockPayment(tx, id, early, at)
		if err != nil {
			return err
		}
		for _, to := range []pirogue.Status{pirogue.StatusInitiated, pirogue.StatusPending} {
			from := early[:1]
			if to == pirogue.StatusPending {
				from = early[1:]
			}
			if _, err := draw(tx, edge{payment: payment, from: from, to: to, at: at}); err != nil {
				return err
			}
		}
		return tx.Model(&attemptRow{}).Where("id = ? AND state = ?", id, pirogue.AttemptPrepared).
			Updates(map[string]any{"answer": clean(words), "updated_at": on(at)}).Error
	})
}

// Renew prepares an attempt after another one that can have no effect, which becomes
// UNKNOWN if it is still SENT. A second call returns the attempt of the first. One that
// was ACCEPTED meanwhile can have an effect, and so can, where next is for another
// operator, one that was sent: nothing comes after it, and it is what Renew returns. It
// fails with NotFound when there is nothing to come after.
func (db *DB) Renew(
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
	err = db.together(ctx, "renew attempt", func(tx *gorm.DB) error {
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

// lasting reads an attempt after which none may come: its operator accepted it, or
// something of it may be at an operator that is not the next one's. Whoever read before
// that nothing was there has been overtaken by another run.
func lasting(tx *gorm.DB, after pirogue.AttemptID, next string) ([]attemptRow, error) {
	var rows []attemptRow
	err := tx.Where("id = ?", after).
		Where("state = 'ACCEPTED' OR operator <> ? AND NOT (state = 'PREPARED' OR state = 'REFUSED' AND unable)", next).
		Find(&rows).Error
	return rows, err
}

// renew writes the next attempt, or reads the one that has its number, or the one
// before it if none may come after that. The payment is locked, so no answer can come in
// between.
func renew(tx *gorm.DB, after pirogue.AttemptID, next *attemptRow) error {
	lasts, err := lasting(tx, after, next.Operator)
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
	// Whatever was sent before and not answered is nobody's to wait for any more; what was
	// answered keeps its answer.
	at := next.CreatedAt
	lost := map[string]any{"state": pirogue.AttemptUnknown, "answered_at": at, "updated_at": at}
	set := tx.Model(&attemptRow{}).Where("id = ? AND state = ?", after, pirogue.AttemptSent).Updates(lost)
	if set.Error != nil {
		return set.Error
	}
	return tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", next.PaymentID, openStatuses()).
		Updates(map[string]any{"operator": next.Operator}).Error
}

// Polled counts one status question, keeps the operator's words and returns the
// evidence with this answer in it. The moment is the question's identity: asked again at
// the same one, it counts once and is told what stands. It fails with NotFound.
func (db *DB) Polled(ctx context.Context, p pirogue.Poll) (pirogue.Evidence, error) {
	var stands []attemptRow
	err := db.once(ctx, "count status question", func(tx *gorm.DB) error {
		err := tx.Raw(pollAttempt, map[string]any{
			"id": p.AttemptID, "outcome": p.Outcome, "words": clean(p.Words), "at": on(p.At),
		}).Scan(&stands).Error
		if err != nil || len(stands) == 1 {
			return err
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

// pollAttempt lets updated_at follow, which is why the answer has a moment of its own.
// Silence is no evidence, neither for what was said before nor against it.
const pollAttempt = `
UPDATE attempts
   SET polls = polls + 1, answer = @words, first_polled_at = COALESCE(first_polled_at, @at), polled_at = @at,
       updated_at = @at,
       evidence_since = CASE WHEN CAST(@outcome AS TEXT) IN ('', evidence_outcome) THEN evidence_since ELSE @at END,
       evidence_times = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_times
                             WHEN CAST(@outcome AS TEXT) = evidence_outcome THEN evidence_times + 1 ELSE 1 END,
       evidence_outcome = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_outcome ELSE @outcome END
 WHERE id = @id AND (polled_at IS NULL OR polled_at < @at)
RETURNING evidence_outcome, evidence_times, evidence_since`

// Collected returns the attempt that collected a payment: the one its operator accepted.
// Of a payment whose acceptance was lost it is the latest that may have got through. It
// fails with NotFound.
func (db *DB) Collected(ctx context.Context, id pirogue.PaymentID) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(id), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("payment_id = ? AND state IN ('ACCEPTED','UNKNOWN','SENT')", id).
			Order("CASE state WHEN 'ACCEPTED' THEN 0 ELSE 1 END, number DESC")
	})
}

// AttemptByRef returns the attempt with our reference at an operator. It fails with
// NotFound.
func (db *DB) AttemptByRef(
	ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef,
) (pirogue.Attempt, error) {
	return db.attempt(ctx, string(ref), func(tx *gorm.DB) *gorm.DB {
		return tx.Where("operator = ? AND ref = ?", o, ref)
	})
}

// attempt reads the first attempt that where selects. It fails with NotFound, also when
// what is looked for could stand in no database.
func (db *DB) attempt(ctx context.Context, what string, where func(tx *gorm.DB) *gorm.DB) (pirogue.Attempt, error) {
	if !keepable(what) {
		return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "attempt %q", what)
	}
	var row attemptRow
	err := db.look(ctx, "find attempt", func(tx *gorm.DB) error {
		return missing(where(tx).Take(&row).Error, pirogue.NotFound, what)
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(row)
	return a, failure("find attempt", err)
}
