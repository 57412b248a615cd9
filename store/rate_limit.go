package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"pirogue/access"
)

// Take counts one request against an owner's rate. It returns 0, or the time until a request
// would pass.
//
// It is the generic cell rate algorithm. It stores one number per owner: the time at which the
// bucket is empty again. Each request moves that time on by the interval of one request. The time
// may lie a burst ahead and no further. One statement checks and changes it.
func (db *Keys) Take(ctx context.Context, o access.Owner, at time.Time) (time.Duration, error) {
	if db.rate.PerSecond == 0 {
		return 0, nil
	}
	var wait time.Duration
	err := db.exec(ctx, "count request", func(tx *gorm.DB) error {
		var err error
		wait, err = db.take(tx, o, at)
		return err
	})
	return wait, err
}

// take is Take on a connection of the caller.
func (db *Keys) take(tx *gorm.DB, o access.Owner, at time.Time) (time.Duration, error) {
	terms := db.rateTerms(o, at)
	taken := tx.Exec(takeRate, terms)
	if taken.Error != nil || taken.RowsAffected == 1 {
		return 0, taken.Error
	}
	return waitForRate(tx, terms)
}

// waitForRate returns the time until a request would pass.
func waitForRate(tx *gorm.DB, terms map[string]any) (time.Duration, error) {
	var over []int64
	err := tx.Raw(`SELECT arrival - CAST(@furthest AS BIGINT) FROM rate_limits
		WHERE merchant_id = @merchant AND mode = @mode`, terms).Scan(&over).Error
	if err != nil || len(over) == 0 {
		return 0, err
	}
	return time.Duration(max(over[0], 1)) * time.Microsecond, nil
}

// rateTerms returns the arguments of takeRate.
func (db *Keys) rateTerms(o access.Owner, at time.Time) map[string]any {
	now, interval := at.UnixMicro(), time.Second.Microseconds()/int64(db.rate.PerSecond)
	return map[string]any{
		"merchant": o.MerchantID, "mode": o.Mode, "now": now, "interval": interval,
		"next": now + interval, "furthest": now + interval*int64(db.rate.Burst-1),
	}
}

// takeRate changes nothing if the bucket is full, so that refused requests do not delay the owner
// further.
const takeRate = `
INSERT INTO rate_limits AS r (merchant_id, mode, arrival) VALUES (@merchant, @mode, @next)
` + refillRate

// refillRate moves the time on at which an owner's bucket is empty again.
const refillRate = `ON CONFLICT (merchant_id, mode) DO UPDATE
   SET arrival = CASE WHEN r.arrival > @now THEN r.arrival + @interval ELSE @next END
 WHERE r.arrival <= @furthest`
