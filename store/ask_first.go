package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/lifecycle"
)

// asksFirst is true while the database is in ask-first mode.
const asksFirst = "EXISTS (SELECT 1 FROM ask_first WHERE ended_at IS NULL)"

// askFirstRow is a row of ask_first: one restore of the database.
type askFirstRow struct {
	ID              string `gorm:"primaryKey"`
	Since           timeText
	BegunAt         timeText
	BegunBy         string
	Reason          string
	TemporalAskedAt timeText
	ProposedBy      string
	EndedAt         timeText // NULL while the mode is on
	EndedBy         string
}

// TableName returns the table's name.
func (askFirstRow) TableName() string { return "ask_first" }

// BeginAskFirst begins ask-first mode. An attempt that is PREPARED in a restored database may
// have been sent after the restore point. So every such attempt of an open payment becomes
// UNKNOWN. Its operator is asked about its reference, and no request is sent as if none had been.
// It also forgets the evidence from earlier operator results, which prove nothing about such a
// request.
//
// It fails with InvalidParameter if the mode is on already, and for a restore point in the
// future.
func (db *AskFirst) BeginAskFirst(ctx context.Context, a lifecycle.AskFirst) error {
	if a.Since.IsZero() || a.Since.After(a.Begun) {
		return pirogue.FieldError(pirogue.InvalidParameter, "since")
	}
	if a.Reason == "" || a.Actor == "" || !isStorable(a.Reason, a.Actor) {
		return pirogue.FieldError(pirogue.MissingField, "reason")
	}
	row := askFirstRow{
		ID: a.ID, Since: timestamp(a.Since), BegunAt: timestamp(a.Begun), BegunBy: a.Actor, Reason: a.Reason,
	}
	// It runs before any other work and may change any number of rows. So no time-out of the short
	// pool bounds it.
	err := db.long().WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return doubtPrepared(tx, row.BegunAt)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return pirogue.Errorf(pirogue.InvalidParameter, "the database is in ask-first mode already: %w", err)
	}
	return asError("begin ask-first mode", err)
}

// doubtPrepared makes the PREPARED attempts of open payments UNKNOWN, and their CREATED payments
// INITIATED.
func doubtPrepared(tx *gorm.DB, at timeText) error {
	if err := tx.Exec(forgetEvidence).Error; err != nil {
		return err
	}
	for _, statement := range []string{doubtAttempts, doubtPayments} {
		if err := tx.Exec(statement, map[string]any{"at": at}).Error; err != nil {
			return err
		}
	}
	return nil
}

// ofOpenPayment is true of an attempt whose payment has not ended.
const ofOpenPayment = `payment_id IN (
  SELECT id FROM payments WHERE sequence = 0 AND status IN ('CREATED','INITIATED','PENDING'))`

// forgetEvidence restarts the evidence of every open payment: it may be older than the last
// sending.
const forgetEvidence = `
UPDATE attempts SET evidence_outcome = '', evidence_times = 0, evidence_since = NULL WHERE ` + ofOpenPayment

// doubtAttempts counts one more sending. That sending left no sooner than the attempt's creation,
// so the search at the operator begins there. It left no later than the present, so a "not found"
// counts from then.
const doubtAttempts = `
UPDATE attempts
   SET state = 'UNKNOWN', sent_at = @at, first_sent_at = COALESCE(first_sent_at, created_at), result_at = @at,
       updated_at = @at, sendings = sendings + 1,
       may_have_left = may_have_left || CAST(sendings + 1 AS TEXT) || ','
 WHERE state = 'PREPARED' AND ` + ofOpenPayment

// doubtPayments makes CREATED payments INITIATED, since their attempts may have been sent.
const doubtPayments = `
UPDATE payments SET status = 'INITIATED', version = version + 1, updated_at = @at WHERE status = 'CREATED'`

// AskFirst returns the ask-first mode that is on. It fails with NotFound if none is.
func (db *AskFirst) AskFirst(ctx context.Context) (lifecycle.AskFirst, error) {
	row, err := db.openAskFirst(ctx)
	return unpackAskFirst(row), err
}

// openAskFirst reads the row of the ask-first mode that is on. It fails with NotFound if none is.
func (db *AskFirst) openAskFirst(ctx context.Context) (askFirstRow, error) {
	var row askFirstRow
	err := db.read(ctx, "read ask-first mode", func(tx *gorm.DB) error {
		return asNotFound(tx.Where("ended_at IS NULL").Take(&row).Error, pirogue.NotFound, "ask-first mode")
	})
	return row, err
}

// unpackAskFirst returns the ask-first mode of a row.
func unpackAskFirst(r askFirstRow) lifecycle.AskFirst {
	return lifecycle.AskFirst{
		ID: r.ID, Since: r.Since.time(), Begun: r.BegunAt.time(), Actor: r.BegunBy, Reason: r.Reason,
	}
}

// AsksFirst reports whether the database is in ask-first mode.
func (db *AskFirst) AsksFirst(ctx context.Context) (bool, error) {
	var on bool
	err := db.read(ctx, "read ask-first mode", func(tx *gorm.DB) error {
		return tx.Raw("SELECT " + asksFirst).Scan(&on).Error
	})
	return on, err
}

// refuseWhileAsking fails with pirogue.ErrAskFirst in ask-first mode.
func refuseWhileAsking(tx *gorm.DB) error {
	var on bool
	err := tx.Raw("SELECT " + asksFirst).Scan(&on).Error
	if err == nil && on {
		err = pirogue.Errorf(pirogue.ServiceUnavailable, "%w", lifecycle.ErrAskFirst)
	}
	return err
}

// refuseAcceptance fails with pirogue.ErrAskFirst in ask-first mode. It fails with DuplicateOrder
// if a payment with this reference was accepted and a restored database lost its row.
func refuseAcceptance(tx *gorm.DB, row paymentRow) error {
	var found acceptanceRefusal
	if err := tx.Raw("SELECT "+refusesAcceptance, acceptanceTerms(row)).Scan(&found).Error; err != nil {
		return err
	}
	return found.err()
}

// refusesAcceptance reads an acceptanceRefusal with the arguments of acceptanceTerms.
const refusesAcceptance = asksFirst + " AS asking, " + lostReference + " AS lost"

// acceptanceTerms returns the arguments that name a payment's reference.
func acceptanceTerms(row paymentRow) map[string]any {
	space := row.RefSpace
	if row.Kind == string(pirogue.Refund) { // a workflow does not name the refunds that are returns
		space = refSpace(pirogue.Refund, false)
	}
	return map[string]any{"merchant": row.MerchantID, "mode": row.Mode, "space": space, "ref": row.MerchantRef}
}

// acceptanceRefusal says why a restored database accepts no payment under a reference.
type acceptanceRefusal struct{ Asking, Lost bool }

// err returns the error of a refusal; nil for none.
func (r acceptanceRefusal) err() error {
	switch {
	case r.Asking:
		return pirogue.Errorf(pirogue.ServiceUnavailable, "%w", lifecycle.ErrAskFirst)
	case r.Lost:
		return pirogue.Errorf(pirogue.DuplicateOrder, "%w", lifecycle.ErrLostReference)
	default:
		return nil
	}
}

// lostReference is true of a reference that a lost payment has. A second payment under it could
// pay a customer twice.
const lostReference = `EXISTS (
  SELECT 1 FROM lost_rows WHERE what = 'payment' AND merchant_id = @merchant AND mode = @mode AND ref_space = @space
     AND merchant_ref = @ref)`

// endsUnproven reports whether a finalization ends a payment without money and without a person's
// decision.
func endsUnproven(s lifecycle.Finalization) bool {
	byPeople := s.Resolution != "" || s.Failure.Code == pirogue.FailedBySupport
	return (s.Status == pirogue.StatusExpired || s.Status == pirogue.StatusFailed) && !byPeople
}
