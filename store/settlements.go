package store

import (
	"cmp"
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/access"
	"pirogue/ledger"
	"pirogue/support"
)

// settlementRow is a row of settlements.
type settlementRow struct {
	ID         string `gorm:"primaryKey"` // the bank's reference, or one made by support
	MerchantID string
	Mode       string
	Country    string
	Currency   string
	Amount     int64
	Note       string
	PaidAt     timeText
}

// TableName returns the table's name.
func (settlementRow) TableName() string { return "settlements" }

// maxSettlements bounds the settlements that one call returns: enough for years.
const maxSettlements = 1000

// RecordSettlement books a merchant's money as sent to its bank, once for each ID. A repeat with
// the same content changes nothing; with another content it fails with IdempotencyMismatch. It
// fails with InsufficientBalance, which leaves nothing behind, and with NotFound (no such
// merchant). It fails with a field's code: InvalidAmount, InvalidCurrency, CountryNotSupported or
// InvalidParameter.
func (db *Settlements) RecordSettlement(ctx context.Context, p support.Settlement) error {
	if err := validateSettlement(p); err != nil {
		return err
	}
	journal := ledger.Settlement(p)
	row := settlementRow{
		ID: p.ID, MerchantID: string(p.MerchantID), Mode: string(p.Mode), Country: string(p.Country),
		Currency: string(p.Amount.Currency), Amount: p.Amount.Minor, Note: p.Note,
		PaidAt: cmp.Or(timestamp(p.PaidAt), timestamp(db.clock.Now())),
	}
	return db.inTx(ctx, "record settlement", func(tx *gorm.DB) error {
		written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if errors.Is(written.Error, gorm.ErrForeignKeyViolated) {
			return pirogue.Errorf(pirogue.NotFound, "merchant %q: %w", p.MerchantID, written.Error)
		}
		if written.Error != nil {
			return written.Error
		}
		if written.RowsAffected == 1 {
			return book(tx, &journal, row.PaidAt.time())
		}
		return sameSettlement(tx, row)
	})
}

// validateSettlement returns an error for the first invalid field of a settlement.
func validateSettlement(p support.Settlement) error {
	country, known := pirogue.CountryByCode(p.Country)
	for _, row := range []struct {
		field string
		code  pirogue.Code
		good  bool
	}{
		{"id", pirogue.InvalidParameter, p.ID != "" && isStorable(p.ID)},
		{"merchant_id", pirogue.NotFound, isStorable(string(p.MerchantID))},
		{"mode", pirogue.InvalidParameter, p.Mode == pirogue.Test || p.Mode == pirogue.Live},
		{"country_code", pirogue.CountryNotSupported, known},
		{"currency", pirogue.InvalidCurrency, p.Amount.Currency == country.Currency},
		{"amount", pirogue.InvalidAmount, pirogue.IsAmount(p.Amount.Minor)},
		{"note", pirogue.InvalidParameter, isStorable(p.Note)},
	} {
		if !row.good {
			return pirogue.FieldError(row.code, row.field)
		}
	}
	return nil
}

// sameSettlement compares a settlement with the stored one of its ID. The time of payment may
// differ: a repeat that names no time gets the present.
func sameSettlement(tx *gorm.DB, row settlementRow) error {
	var stored settlementRow
	if err := tx.Where("id = ?", row.ID).Take(&stored).Error; err != nil {
		return err
	}
	if stored.PaidAt = row.PaidAt; stored != row {
		return pirogue.Errorf(pirogue.IdempotencyMismatch, "settlement %s is another one", row.ID)
	}
	return unchanged{}
}

// Settlements returns an owner's settlements, the newest first, at most maxSettlements.
func (db *Settlements) Settlements(ctx context.Context, o access.Owner) ([]support.Settlement, error) {
	var rows []settlementRow
	err := db.read(ctx, "list settlements", func(tx *gorm.DB) error {
		return tx.Where("merchant_id = ? AND mode = ?", o.MerchantID, o.Mode).
			Order("paid_at DESC, id DESC").Limit(maxSettlements).Find(&rows).Error
	})
	settlements := make([]support.Settlement, len(rows))
	for i, r := range rows {
		settlements[i] = support.Settlement{
			ID: r.ID, MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode),
			Country: pirogue.CountryCode(r.Country), Note: r.Note, PaidAt: r.PaidAt.time(),
			Amount: pirogue.Money{Minor: r.Amount, Currency: pirogue.Currency(r.Currency)},
		}
	}
	return settlements, err
}
