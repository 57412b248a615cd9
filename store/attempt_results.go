package store

import (
	"context"
	"maps"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/lifecycle"
)

// RecordAttemptResult records the result of one sending of an attempt, and returns the attempt's
// state afterwards. Only a SENT attempt changes, and only by the result of its latest sending.
// The exception is a sending that was proven not sent: that counts whenever it arrives. A
// terminal payment keeps its status and its failure. Its attempt still gets the handle, so that
// the operator can be asked about a late success.
func (db *Attempts) RecordAttemptResult(ctx context.Context, a lifecycle.AttemptResult) (pirogue.AttemptState, error) {
	accepted, err := db.acceptedColumns(a)
	if err != nil {
		return "", asError("record result", err)
	}
	if a.State == pirogue.AttemptAccepted {
		if recorded, err := db.recordAccepted(ctx, a, accepted); recorded || err != nil {
			return a.State, err
		}
	}
	var stored pirogue.AttemptState
	err = db.inTx(ctx, "record result", func(tx *gorm.DB) error {
		stored = ""
		payment, err := lockPayment(tx, a.AttemptID, a.At)
		if err != nil {
			return err
		}
		changed := false
		if a.State == pirogue.AttemptPrepared {
			changed, err = recordNotSent(tx, a)
		} else {
			changed, err = db.recordSent(tx, a)
		}
		if err != nil {
			return err
		}
		if stored, err = attemptState(tx, a, changed); err != nil {
			return err
		}
		if !changed {
			return unchanged{}
		}
		failpoint.Hit("store.result.attempt")
		return updatePaymentOf(tx, payment, a, stored, accepted)
	})
	return stored, err
}

// recordAccepted records that an operator accepted the latest sending of a payment that waited for
// nothing else. It reports false, and changes nothing, for every other acceptance.
func (db *Attempts) recordAccepted(
	ctx context.Context, a lifecycle.AttemptResult, accepted map[string]any,
) (bool, error) {
	columns, err := db.resultColumns(nil, a)
	if err != nil {
		return false, asError("record result", err)
	}
	payment := maps.Clone(accepted)
	maps.Copy(payment, map[string]any{
		"status": pirogue.StatusPending, "version": gorm.Expr("version + 1"), "updated_at": timestamp(a.At),
	})
	var recorded bool
	err = db.inTx(ctx, "record result", func(tx *gorm.DB) error {
		recorded = false
		set := tx.Model(&paymentRow{}).Where("id = ("+sentPayment+") AND status = ?",
			a.AttemptID, pirogue.AttemptSent, a.Sending, pirogue.StatusInitiated).Updates(payment)
		if set.Error != nil || set.RowsAffected == 0 {
			return orUnchanged(set.Error)
		}
		failpoint.Hit("store.result.accepted")
		// The payment's row was locked after the attempt was read, so the attempt may have changed.
		set = tx.Model(&attemptRow{}).
			Where("id = ? AND state = ? AND sendings = ?", a.AttemptID, pirogue.AttemptSent, a.Sending).Updates(columns)
		recorded = set.RowsAffected == 1
		if !recorded {
			return orUnchanged(set.Error)
		}
		return set.Error
	})
	return recorded && err == nil, err
}

// sentPayment selects the payment of an attempt, if a sending of it is the latest.
const sentPayment = "SELECT payment_id FROM attempts WHERE id = ? AND state = ? AND sendings = ?"

// attemptState returns an attempt's state. It reads the row unless this result has just set the
// state.
func attemptState(tx *gorm.DB, a lifecycle.AttemptResult, changed bool) (pirogue.AttemptState, error) {
	if changed && a.State != pirogue.AttemptPrepared {
		return a.State, nil
	}
	var states []pirogue.AttemptState
	err := tx.Raw("SELECT state FROM attempts WHERE id = ?", a.AttemptID).Scan(&states).Error
	if err != nil || len(states) == 0 {
		return "", err
	}
	return states[0], nil
}

// recordSent records the result of a sending that left, or may have left. It reports whether that
// is the latest sending.
func (db *Attempts) recordSent(tx *gorm.DB, a lifecycle.AttemptResult) (bool, error) {
	columns, err := db.resultColumns(tx, a)
	if err != nil {
		return false, err
	}
	set := tx.Model(&attemptRow{}).
		Where("id = ? AND state = ? AND sendings = ?", a.AttemptID, pirogue.AttemptSent, a.Sending).Updates(columns)
	return set.RowsAffected > 0, set.Error
}

// recordNotSent removes a sending that was proven not sent from those that may have left. It
// reports whether the sending was among them.
func recordNotSent(tx *gorm.DB, a lifecycle.AttemptResult) (bool, error) {
	set := tx.Exec(strikeSending, map[string]any{
		"id": a.AttemptID, "n": a.Sending, "mark": sendingMark(a.Sending), "message": storableText(a.Message),
		"at": timestamp(a.At),
	})
	return set.RowsAffected > 0, set.Error
}

// strikeSending makes an attempt PREPARED again if none of its sendings may have left. The
// attempt becomes UNKNOWN if its latest sending did not leave but an earlier one may have. An
// ACCEPTED or REFUSED attempt stays so.
const strikeSending = `
UPDATE attempts
   SET may_have_left = REPLACE(may_have_left, @mark, ','), updated_at = @at,
       state = CASE WHEN state NOT IN ('SENT','UNKNOWN') THEN state
                    WHEN may_have_left = @mark THEN 'PREPARED'
                    WHEN sendings = @n THEN 'UNKNOWN' ELSE state END,
       sent_at = CASE WHEN state IN ('SENT','UNKNOWN') AND may_have_left = @mark THEN NULL ELSE sent_at END,
       first_sent_at = CASE WHEN state IN ('SENT','UNKNOWN') AND may_have_left = @mark THEN NULL ELSE first_sent_at END,
       result_at = CASE WHEN state = 'SENT' AND sendings = @n AND may_have_left <> @mark THEN @at
                          ELSE result_at END,
       operator_message = CASE WHEN sendings = @n THEN @message ELSE operator_message END
 WHERE id = @id AND may_have_left LIKE '%' || @mark || '%'`

// updatePaymentOf updates the payment of an attempt. It leaves a refusal to Finalize: this is not
// the place to decide between the end of the payment and a failover.
func updatePaymentOf(
	tx *gorm.DB, id pirogue.PaymentID, a lifecycle.AttemptResult, stored pirogue.AttemptState, accepted map[string]any,
) error {
	if stored == pirogue.AttemptRefused || stored == pirogue.AttemptSent {
		return nil
	}
	if _, err := applyTransition(tx, transition{
		payment: id, from: []pirogue.Status{pirogue.StatusInitiated}, to: pirogue.StatusPending, at: a.At,
	}); err != nil {
		return err
	}
	if a.State != pirogue.AttemptAccepted {
		return nil
	}
	return tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", id, openStatuses()).Updates(accepted).Error
}

// resultColumns returns the columns of the attempt that a result changes. An Unknown result adds
// to the handle. Pirogue may have to send the attempt once more with its original handle. It may
// also have to ask about it by the handle of another response.
func (db *Attempts) resultColumns(tx *gorm.DB, a lifecycle.AttemptResult) (map[string]any, error) {
	columns := map[string]any{
		"state": a.State, "unable": a.Unable, "operator_message": storableText(a.Message), "updated_at": timestamp(a.At),
	}
	handle := a.Handle
	switch a.State {
	case pirogue.AttemptAccepted, pirogue.AttemptRefused:
	case pirogue.AttemptUnknown:
		var err error
		if handle, err = db.addedHandle(tx, a); err != nil {
			return nil, err
		}
	case pirogue.AttemptPrepared, pirogue.AttemptSent:
		return nil, pirogue.Errorf(pirogue.Internal, "a result cannot be %q", a.State)
	}
	sealed, err := db.sealHandle(a.AttemptID, handle)
	columns["result_at"], columns["handle_sealed"] = timestamp(a.At), sealed
	return columns, err
}

// addedHandle returns an attempt's handle with the additions of a result.
func (db *Attempts) addedHandle(tx *gorm.DB, a lifecycle.AttemptResult) (pirogue.Handle, error) {
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

// acceptedColumns returns the columns of the payment that an acceptance sets.
func (db *Attempts) acceptedColumns(a lifecycle.AttemptResult) (map[string]any, error) {
	pack := packer{ring: db.ring}
	columns := map[string]any{
		"next_action": pack.json(a.NextAction, a.NextAction == pirogue.NextAction{}),
		"expires_at":  timestamp(a.ExpiresAt),
		"operator":    gorm.Expr("(SELECT operator FROM attempts WHERE id = ?)", a.AttemptID),
	}
	if a.ProviderTxID != "" {
		columns["provider_tx_id"] = storableText(a.ProviderTxID)
	}
	return columns, pack.err
}
