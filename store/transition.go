package store

import (
	"maps"
	"time"

	"gorm.io/gorm"

	"pirogue"
)

// historyRow is a row of status_history: one status change of a payment.
type historyRow struct {
	PaymentID  string `gorm:"primaryKey"`
	Number     int    `gorm:"primaryKey"`
	FromStatus string // "" for the first
	ToStatus   string
	ChangedAt  timeText
}

// TableName returns the table's name.
func (historyRow) TableName() string { return "status_history" }

// transition is one change of a payment's status, with the other columns that change along.
type transition struct {
	payment pirogue.PaymentID
	from    []pirogue.Status // the payment must have one of these
	to      pirogue.Status
	at      time.Time
	columns map[string]any
	unless  string // a condition under which the payment stays as it is; "" for none
}

// applyTransition is the compare-and-set of a payment's status. It reports false, and changes
// nothing, if the payment has no status of from. The database refuses a change that pirogue.Status
// does not have, and writes the line of the payment's history.
func applyTransition(tx *gorm.DB, e transition) (bool, error) {
	set := e.apply(tx.Model(&paymentRow{}))
	return set.RowsAffected > 0, set.Error
}

// apply is applyTransition on a model of the caller.
func (e transition) apply(model *gorm.DB) *gorm.DB {
	columns := map[string]any{"status": e.to, "version": gorm.Expr("version + 1"), "updated_at": timestamp(e.at)}
	maps.Copy(columns, e.columns)
	at := model.Where("id = ? AND status IN ?", e.payment, e.from)
	if e.unless != "" {
		at = at.Where("NOT (" + e.unless + ")")
	}
	return at.Updates(columns)
}
