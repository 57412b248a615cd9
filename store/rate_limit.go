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
	now, interval := at.UnixMicro(), time.Second.Microseconds()/int64(db.rate.PerSecond)
	furthest := now + interval*int64(db.rate.Burst-1)
	var wait time.Duration
	err := db.exec(ctx, "count request", func(tx *gorm.DB) error {
		wait = 0
		taken := tx.Exec(takeRate, map[string]any{
			"merchant": o.MerchantID, "mode": o.Mode, "now": now, "interval": interval,
			"next": now + interval, "furthest": furthest,
		})
		if taken.Error != nil || taken.RowsAffected == 1 {
			return taken.Error
		}
		var arrival []int64
		err := tx.Raw("SELECT arrival FROM rate_limits WHERE merchant_id = ? AND mode = ?", o.MerchantID, o.Mode).
			Scan(&arrival).Error
		if len(arrival) == 1 {
			wait = time.Duration(max(arrival[0]-furthest, 1)) * time.Microsecond
		}
		return err
	})
	return wait, err
}

// takeRate changes nothing if the bucket is full, so that refused requests do not delay the owner
// further.
const takeRate = `
INSERT INTO rate_limits AS r (merchant_id, mode, arrival) VALUES (@merchant, @mode, @next)
ON CONFLICT (merchant_id, mode) DO UPDATE
   SET arrival = CASE WHEN r.arrival > @now THEN r.arrival + @interval ELSE @next END
 WHERE r.arrival <= @furthest`
