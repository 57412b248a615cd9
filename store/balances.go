package store

import (
	"context"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/listing"
)

// Balances returns an owner's money by country and currency, wherever it has an account or an open
// payment.
//
// One statement reads accounts and open cash-ins, so both are from one snapshot. A cash-in that is
// being booked is never counted twice, nor left out. Pending is the amount that the merchant will
// receive, less our fee. An index holds the owner's rows on each side, so the cost does not grow
// with the owner's history. An open payment counts at most pirogue.MaxAmount, so that one row
// never makes the sum fail.
func (db *Reports) Balances(ctx context.Context, o access.Owner) ([]listing.Balance, error) {
	var rows []struct {
		Country, Currency            string
		Available, Pending, Reserved int64
		UpdatedAt                    timeText
	}
	err := db.read(ctx, "read balances", func(tx *gorm.DB) error {
		return tx.Raw(readBalances, map[string]any{
			"merchant": o.MerchantID, "mode": o.Mode, "most": pirogue.MaxAmount,
		}).Scan(&rows).Error
	})
	balances := make([]listing.Balance, len(rows))
	for i, r := range rows {
		balances[i] = listing.Balance{
			Country: pirogue.CountryCode(r.Country), Currency: pirogue.Currency(r.Currency),
			Available: r.Available, Pending: r.Pending, Reserved: r.Reserved, UpdatedAt: r.UpdatedAt.time(),
		}
	}
	return balances, err
}

// readBalances adds up three parts: the merchant's account, the money set aside for bulks, and
// the open cash-ins. All three come from one statement, so from one snapshot.
const readBalances = `
SELECT country, currency,
       CAST(SUM(available) AS BIGINT) AS available,
       CAST(SUM(pending) AS BIGINT) AS pending,
       CAST(SUM(reserved) AS BIGINT) AS reserved,
       MAX(updated_at) AS updated_at
  FROM (SELECT country, currency, credits_posted - debits_posted - debits_held AS available,
               0 AS pending, debits_held AS reserved, updated_at
          FROM ledger_accounts
         WHERE merchant_id = @merchant AND mode = @mode AND kind = 'MERCHANT'
         UNION ALL
        SELECT country, currency, 0, 0, credits_posted - debits_posted, updated_at
          FROM ledger_accounts
         WHERE merchant_id = @merchant AND mode = @mode AND kind = 'BULK'
         UNION ALL
        SELECT country, currency, 0,
               CASE WHEN kind <> 'CASHIN' THEN 0 WHEN amount > @most THEN @most
                    WHEN fee_payer = 'customer' THEN amount ELSE amount - fee END,
               0, updated_at
          FROM payments
         WHERE merchant_id = @merchant AND mode = @mode
           AND sequence = 0 AND status IN ('CREATED','INITIATED','PENDING')) AS parts
 GROUP BY country, currency
 ORDER BY country, currency`
