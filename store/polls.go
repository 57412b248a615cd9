package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// RecordPoll counts one status query, stores the operator's message and returns the evidence with
// this result in it. The numbers of sendings and queries before it identify the query, for
// workers' clocks differ. A repeated call counts once and returns the stored evidence. A query
// that another query, or a sending, has overtaken confirms nothing; evidence that it contradicts
// begins again. It fails with NotFound.
func (db *Attempts) RecordPoll(ctx context.Context, p lifecycle.Poll) (pirogue.Evidence, error) {
	var stored []attemptRow
	err := db.exec(ctx, "count status query", func(tx *gorm.DB) error {
		named := map[string]any{
			"id": p.AttemptID, "outcome": p.Outcome, "message": storableText(p.Message), "at": timestamp(p.At),
			"next": timestamp(p.Next), "every": p.Every.Milliseconds(),
			"sendings": p.Sendings, "polls": p.Polls,
		}
		for _, statement := range []string{pollAttempt, contradictAttempt} {
			if err := tx.Raw(statement, named).Scan(&stored).Error; err != nil || len(stored) == 1 {
				return err
			}
		}
		return tx.Where("id = ?", p.AttemptID).Find(&stored).Error
	})
	if err == nil && len(stored) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "attempt %q", p.AttemptID)
	}
	if err != nil {
		return pirogue.Evidence{}, err
	}
	return evidence(stored[0]), nil
}

// pollAttempt also sets updated_at, which is why the submission's result has its own time. A
// query without a response is no evidence, neither for the earlier results nor against them.
const pollAttempt = `
UPDATE attempts
   SET polls = polls + 1, operator_message = @message, first_polled_at = COALESCE(first_polled_at, @at),
       polled_at = @at, updated_at = @at, next_poll_at = COALESCE(@next, next_poll_at),
       poll_every_ms = CASE WHEN CAST(@next AS TEXT) IS NULL THEN poll_every_ms ELSE @every END,
       evidence_since = CASE WHEN CAST(@outcome AS TEXT) IN ('', evidence_outcome) THEN evidence_since ELSE @at END,
       evidence_times = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_times
                             WHEN CAST(@outcome AS TEXT) = evidence_outcome THEN evidence_times + 1 ELSE 1 END,
       evidence_outcome = CASE WHEN CAST(@outcome AS TEXT) = '' THEN evidence_outcome ELSE @outcome END
 WHERE id = @id AND sendings = @sendings AND polls = @polls
RETURNING evidence_outcome, evidence_times, evidence_since`

// contradictAttempt takes the result of a query that was overtaken. It is unknown which of the two
// results is newer. So equal results before and after it are not in a row.
const contradictAttempt = `
UPDATE attempts SET evidence_outcome = '', evidence_times = 0, evidence_since = NULL
 WHERE id = @id AND CAST(@outcome AS TEXT) <> '' AND evidence_outcome NOT IN ('', CAST(@outcome AS TEXT))
RETURNING evidence_outcome, evidence_times, evidence_since`

// ClaimCallbackResend records that an attempt's operator is asked to send its callback again. It
// reports true for the first call only, so that the operator is asked once at most.
func (db *Attempts) ClaimCallbackResend(ctx context.Context, id pirogue.AttemptID, at time.Time) (bool, error) {
	first := false
	err := db.exec(ctx, "claim the resend of a callback", func(tx *gorm.DB) error {
		claimed := tx.Exec("UPDATE attempts SET callback_asked_at = ? WHERE id = ? AND callback_asked_at IS NULL",
			timestamp(at), id)
		first = claimed.RowsAffected == 1
		return claimed.Error
	})
	return first && err == nil, err
}

// Progress returns what the rows say about a payment's latest attempt. It fails with NotFound for a
// payment without an attempt.
func (db *Payments) Progress(ctx context.Context, id pirogue.PaymentID) (lifecycle.AttemptProgress, error) {
	var found []attemptProgressRow
	err := db.read(ctx, "read the latest attempt", func(tx *gorm.DB) error {
		return tx.Raw(attemptProgress, map[string]any{"id": id, "causes": support.CausesThatKeepOpen}).Scan(&found).Error
	})
	if err == nil && len(found) == 0 {
		err = pirogue.Errorf(pirogue.NotFound, "attempt of %q", id)
	}
	if err != nil {
		return lifecycle.AttemptProgress{}, err
	}
	r := found[0]
	return lifecycle.AttemptProgress{
		Operator: pirogue.OperatorCode(r.Operator), State: pirogue.AttemptState(r.State),
		SentAt: r.SentAt.time(), FirstSent: r.FirstSentAt.time(), NextPoll: r.Plan.after(db.clock.Now()),
		Suspended: r.Suspended, AskFirst: r.AskFirst, NeedsSupport: r.NeedsSupport,
	}, nil
}

// attemptProgressRow is the result of attemptProgress.
type attemptProgressRow struct {
	Plan         pollPlanRow `gorm:"embedded"`
	Operator     string
	State        string
	SentAt       timeText
	FirstSentAt  timeText
	Suspended    bool
	AskFirst     bool
	NeedsSupport bool
}

// pollPlanRow holds when an attempt is polled.
type pollPlanRow struct {
	NextPollAt  timeText
	PollEveryMs int64
}

// after returns about when the first poll after a moment follows.
func (r pollPlanRow) after(now time.Time) time.Time {
	plan := lifecycle.PollPlan{Next: r.NextPollAt.time(), Every: time.Duration(r.PollEveryMs) * time.Millisecond}
	return plan.After(now)
}

// attemptProgress reads the latest attempt of a payment, and what else the payment may wait for.
const attemptProgress = `
SELECT a.operator, a.state, a.sent_at, a.first_sent_at, a.next_poll_at, a.poll_every_ms,
       m.suspended_at IS NOT NULL AS suspended, ` + asksFirst + ` AS ask_first,
       EXISTS (SELECT 1 FROM cases c
                WHERE c.payment_id = p.id AND c.closed_at IS NULL AND c.cause IN @causes) AS needs_support
  FROM attempts a JOIN payments p ON p.id = a.payment_id JOIN merchants m ON m.id = p.merchant_id
 WHERE a.payment_id = @id ORDER BY a.number DESC LIMIT 1`

// NextPoll returns the approximate time of the next status query about a payment's latest attempt. The
// last recorded one planned it. It is zero before the first one.
func (db *Payments) NextPoll(ctx context.Context, id pirogue.PaymentID) (time.Time, error) {
	var found []pollPlanRow
	err := db.read(ctx, "read when the operator is asked", func(tx *gorm.DB) error {
		return tx.Raw(`SELECT next_poll_at, poll_every_ms FROM attempts
		  WHERE payment_id = ? AND next_poll_at IS NOT NULL ORDER BY number DESC LIMIT 1`, id).Scan(&found).Error
	})
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0].after(db.clock.Now()), nil
}
