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

// worldStart writes the first line of a payment's history.
func insertFirstHistory(tx *gorm.DB, p paymentRow) error {
	return tx.Create(&historyRow{PaymentID: p.ID, Number: 1, ToStatus: p.Status, ChangedAt: p.CreatedAt}).Error
}

// transition is one change of a payment's status, with the other columns that change along.
type transition struct {
	payment pirogue.PaymentID
	from    []pirogue.Status // the payment must have one of these
	to      pirogue.Status
	at      time.Time
	columns map[string]any
	unless  string // a condition under which the payment stays as it is; "" for none
}

// applyTransition is the compare-and-set of a payment's status; it also writes the line of its
// history. It reports false, and changes nothing, if the payment has no status of from. The
// database refuses a change that pirogue.Status does not have.
func applyTransition(tx *gorm.DB, e transition) (bool, error) {
	columns := map[string]any{"status": e.to, "version": gorm.Expr("version + 1"), "updated_at": timestamp(e.at)}
	maps.Copy(columns, e.columns)
	at := tx.Model(&paymentRow{}).Where("id = ? AND status IN ?", e.payment, e.from)
	if e.unless != "" {
		at = at.Where("NOT (" + e.unless + ")")
	}
	set := at.Updates(columns)
	if set.Error != nil || set.RowsAffected == 0 {
		return false, set.Error
	}
	return true, tx.Exec(insertHistory, timestamp(e.at), e.payment).Error
}

// insertHistory continues a history from its last line. The update before it locks the payment's
// row, so nobody else can add a line in between.
const insertHistory = `
INSERT INTO status_history (payment_id, number, from_status, to_status, changed_at)
SELECT p.id, p.version, h.to_status, p.status, CAST(? AS TEXT)
  FROM payments p JOIN status_history h ON h.payment_id = p.id AND h.number = p.version - 1
 WHERE p.id = ?`
