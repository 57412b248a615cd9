package store

import (
	"context"

	"gorm.io/gorm"

	"pirogue"
)

// feeRow is a row of fee_rules.
type feeRow struct {
	MerchantID  string `gorm:"primaryKey"`
	Kind        string `gorm:"primaryKey"`
	Country     string `gorm:"primaryKey"` // "" means every country
	Network     string `gorm:"primaryKey"` // "" means every network
	Fixed       int64  // minor units, as are Min and Max
	BasisPoints int64
	Min         int64
	Max         int64 // 0: no upper bound
	Payer       string
	Returned    int // 1: a refund returns the fee
}

// TableName returns the table's name.
func (feeRow) TableName() string { return "fee_rules" }

// Fees returns the fee rules of a merchant's contract. An empty schedule means no fee.
func (db *Merchants) Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error) {
	var rows []feeRow
	err := db.read(ctx, "read fees", func(tx *gorm.DB) error {
		return tx.Where("merchant_id = ?", id).Order("kind, country, network").Find(&rows).Error
	})
	schedule := make(pirogue.FeeSchedule, len(rows))
	for i, r := range rows {
		schedule[i] = pirogue.FeeRule{
			Kind: pirogue.PaymentKind(r.Kind), Country: pirogue.CountryCode(r.Country), Network: pirogue.Network(r.Network),
			Fixed: r.Fixed, BasisPoints: r.BasisPoints, Min: r.Min, Max: r.Max,
			Payer: pirogue.FeePayer(r.Payer), Returned: r.Returned == 1,
		}
	}
	return schedule, err
}
