package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"pirogue"
)

// SetFee replaces the rule of a merchant's contract for the same kind, country and network, or
// adds it. Payments accepted before keep their fee. It fails with InvalidParameter for an invalid
// rule, with CountryNotSupported, and with NotFound if there is no such merchant.
func (db *Merchants) SetFee(ctx context.Context, id pirogue.MerchantID, r pirogue.FeeRule) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if _, known := pirogue.CountryByCode(r.Country); !known && r.Country != "" {
		return pirogue.FieldError(pirogue.CountryNotSupported, "country_code")
	}
	if !isStorable(string(r.Network)) {
		return pirogue.FieldError(pirogue.InvalidParameter, "network")
	}
	if !isStorable(string(id)) {
		return pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
	}
	defer db.forgetRecent()
	return db.exec(ctx, "set fee", func(tx *gorm.DB) error {
		err := tx.Exec(setFee, map[string]any{
			"merchant": id, "kind": r.Kind, "country": r.Country, "network": r.Network, "fixed": r.Fixed,
			"points": r.BasisPoints, "min": r.Min, "max": r.Max, "payer": r.Payer, "returned": flagValue(r.Returned),
		}).Error
		if errors.Is(err, gorm.ErrForeignKeyViolated) {
			return pirogue.Errorf(pirogue.NotFound, "merchant %q: %w", id, err)
		}
		return err
	})
}

// setFee replaces a rule as a whole, so that no field of the old rule stays in force.
const setFee = `
INSERT INTO fee_rules (merchant_id, kind, country, network, fixed, basis_points, min, max, payer, returned)
VALUES (@merchant, @kind, @country, @network, @fixed, @points, @min, @max, @payer, @returned)
ON CONFLICT (merchant_id, kind, country, network) DO UPDATE
   SET fixed = excluded.fixed, basis_points = excluded.basis_points, min = excluded.min, max = excluded.max,
       payer = excluded.payer, returned = excluded.returned`

// RemoveFee removes a rule from a merchant's contract. A less specific rule applies to its
// payments then, or they are free. It fails with NotFound if there is no such rule.
func (db *Merchants) RemoveFee(
	ctx context.Context, id pirogue.MerchantID, k pirogue.PaymentKind, c pirogue.CountryCode, n pirogue.Network,
) error {
	if !isStorable(string(id), string(k), string(c), string(n)) {
		return pirogue.Errorf(pirogue.NotFound, "rule of merchant %q", id)
	}
	defer db.forgetRecent()
	return db.exec(ctx, "remove fee", func(tx *gorm.DB) error {
		gone := tx.Exec("DELETE FROM fee_rules WHERE merchant_id = ? AND kind = ? AND country = ? AND network = ?",
			id, k, c, n)
		if gone.Error == nil && gone.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.NotFound, "rule of merchant %q", id)
		}
		return gone.Error
	})
}

// SetLatePolicy sets the policy for money that arrives after one of the merchant's payments
// ended. Workflows read it when such money arrives. It fails with InvalidParameter and with
// NotFound.
func (db *Merchants) SetLatePolicy(ctx context.Context, id pirogue.MerchantID, p pirogue.LatePolicy) error {
	if p != pirogue.LateReturn && p != pirogue.LateAccept {
		return pirogue.FieldError(pirogue.InvalidParameter, "late_policy")
	}
	if !isStorable(string(id)) {
		return pirogue.Errorf(pirogue.NotFound, "merchant %q", id)
	}
	return db.changeMerchant(ctx, id, "late_policy", string(p))
}

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

// Fees returns the fee rules of a merchant's contract. An empty schedule means no fee. A change by
// another process is seen within two seconds. The caller must not change the schedule.
func (db *Merchants) Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error) {
	if known, ok := db.recentFees.get(id); ok {
		return known, nil
	}
	keep := db.recentFees.reading(id)
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
	if err == nil {
		keep(schedule)
	}
	return schedule, err
}
