package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/operator"
)

// maxCallbacks bounds the callbacks of one attempt that are read. An operator sends a handful, and
// the API accepts no more than its own limit.
const maxCallbacks = 500

// callbackRow is a row of callbacks.
type callbackRow struct {
	ID         string `gorm:"primaryKey"`
	AttemptID  string
	PaymentID  string
	Message    string
	ReceivedAt timeText
	RoutedAt   timeText // NULL: the payment's workflow does not know it yet

	Outcome      string // "" if the callback could not be understood
	Amount       int64  // minor units; 0 if the callback names no amount
	Currency     string
	Mismatch     string
	ProviderTxID string
}

// TableName returns the table's name.
func (callbackRow) TableName() string { return "callbacks" }

// AttemptByCallback returns the attempt whose callback URL has the token with this digest. It
// fails with NotFound, also for the token of another operator.
func (db *Callbacks) AttemptByCallback(
	ctx context.Context, o pirogue.OperatorCode, digest string,
) (pirogue.Attempt, error) {
	if !isStorable(string(o), digest) {
		return pirogue.Attempt{}, pirogue.Errorf(pirogue.NotFound, "callback of %q", o)
	}
	var row attemptRow
	err := db.read(ctx, "find attempt of callback", func(tx *gorm.DB) error {
		err := tx.Where("callback_digest = ? AND operator = ?", digest, o).Take(&row).Error
		return asNotFound(err, pirogue.NotFound, string(o))
	})
	if err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := db.unpackAttempt(row)
	return a, asError("find attempt of callback", err)
}

// RecordCallback stores a callback. It reports false for a copy of a stored one: fifty equal
// callbacks count once.
func (db *Callbacks) RecordCallback(ctx context.Context, c operator.Callback) (bool, error) {
	var added bool
	err := db.exec(ctx, "record callback", func(tx *gorm.DB) error {
		written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&callbackRow{
			ID: c.ID, AttemptID: string(c.AttemptID), PaymentID: string(c.PaymentID), Message: storableText(c.Result.Message),
			ReceivedAt: timestamp(c.ReceivedAt), RoutedAt: timestamp(c.RoutedAt), Outcome: string(c.Result.Outcome),
			Amount: c.Result.Amount.Minor, Currency: storableText(string(c.Result.Amount.Currency)),
			Mismatch: storableText(c.Result.Mismatch), ProviderTxID: storableText(c.Result.ProviderTxID),
		})
		added = written.RowsAffected == 1
		return written.Error
	})
	return added && err == nil, err
}

// Callbacks returns the operator results in an attempt's callbacks, oldest first, at most
// maxCallbacks.
func (db *Callbacks) Callbacks(ctx context.Context, id pirogue.AttemptID) ([]operator.OperatorResult, error) {
	var rows []callbackRow
	err := db.read(ctx, "read callbacks", func(tx *gorm.DB) error {
		return tx.Where("attempt_id = ?", id).Order("received_at, id").Limit(maxCallbacks).Find(&rows).Error
	})
	texts := make([]operator.OperatorResult, len(rows))
	for i, r := range rows {
		texts[i] = r.operatorResult()
	}
	return texts, err
}

// operatorResult returns the callback's operator result.
func (r callbackRow) operatorResult() operator.OperatorResult {
	return operator.OperatorResult{
		Outcome: pirogue.Outcome(r.Outcome), ProviderTxID: r.ProviderTxID, Message: r.Message, Mismatch: r.Mismatch,
		Amount: pirogue.Money{Minor: r.Amount, Currency: pirogue.Currency(r.Currency)},
	}
}

// RoutedAtEnd marks a callback as passed on to its workflow if it only confirms the end of its
// payment. It reports whether it does. It does not for money of an earlier attempt, or of another
// transaction than the payment's own.
func (db *Callbacks) RoutedAtEnd(ctx context.Context, c operator.Callback, at time.Time) (bool, error) {
	var confirms bool
	err := db.exec(ctx, "mark callback at the end", func(tx *gorm.DB) error {
		set := tx.Exec(routedAtEnd, map[string]any{
			"at": timestamp(at), "id": c.ID, "agreeing": c.Agreeing(), "paid": c.Result.Outcome == pirogue.OutcomePaid,
			"tx": storableText(c.Result.ProviderTxID),
		})
		confirms = set.RowsAffected == 1
		return set.Error
	})
	return confirms && err == nil, err
}

// routedAtEnd compares the callback with its payment and marks it in one statement. So no change of
// the payment comes in between.
const routedAtEnd = `
UPDATE callbacks SET routed_at = @at
 WHERE id = @id AND routed_at IS NULL
   AND EXISTS (SELECT 1 FROM payments p WHERE p.id = callbacks.payment_id AND p.status IN @agreeing)
   AND (NOT @paid OR attempt_id = (SELECT a.id FROM attempts a WHERE a.payment_id = callbacks.payment_id
                                    ORDER BY a.number DESC LIMIT 1))
   AND (NOT @paid OR CAST(@tx AS TEXT) = '' OR NOT EXISTS (
         SELECT 1 FROM payments p WHERE p.id = callbacks.payment_id
            AND p.provider_tx_id <> '' AND p.provider_tx_id <> CAST(@tx AS TEXT)))`

// Routed marks a callback as passed on to its workflow. A repeated call keeps the first time.
func (db *Callbacks) Routed(ctx context.Context, id string, at time.Time) error {
	return db.exec(ctx, "mark callback", func(tx *gorm.DB) error {
		return tx.Exec("UPDATE callbacks SET routed_at = ? WHERE id = ? AND routed_at IS NULL", timestamp(at), id).Error
	})
}

// Unrouted returns callbacks received before a time that no workflow knows of, oldest first.
// It begins behind the callback after; the zero value begins at the start.
func (db *Callbacks) Unrouted(
	ctx context.Context, after operator.Callback, before time.Time, limit int,
) ([]operator.Callback, error) {
	var rows []callbackRow
	err := db.read(ctx, "find unrouted callbacks", func(tx *gorm.DB) error {
		return tx.Where("routed_at IS NULL AND received_at < ?", timestamp(before)).
			Where("(received_at, id) > (?, ?)", timestamp(after.ReceivedAt).orEarliest(), after.ID).
			Order("received_at, id").Limit(limit).Find(&rows).Error
	})
	callbacks := make([]operator.Callback, len(rows))
	for i, r := range rows {
		callbacks[i] = operator.Callback{
			ID: r.ID, AttemptID: pirogue.AttemptID(r.AttemptID), PaymentID: pirogue.PaymentID(r.PaymentID),
			Result: r.operatorResult(), ReceivedAt: r.ReceivedAt.time(), RoutedAt: r.RoutedAt.time(),
		}
	}
	return callbacks, err
}
