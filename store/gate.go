package store

import (
	"context"
	"encoding/hex"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
)

// Key returns a key in force, with its merchant and the secrets that verify at a time, the newest
// first. It fails with NotFound, also for a revoked key.
func (db *Keys) Key(ctx context.Context, public string, at time.Time) (access.APIKey, pirogue.Merchant, error) {
	if !isStorable(public) {
		return access.APIKey{}, pirogue.Merchant{}, pirogue.Errorf(pirogue.NotFound, "key %q", public)
	}
	var key keyRow
	var merchant merchantRow
	err := db.snapshot(ctx, "read key", func(tx *gorm.DB) error {
		key, merchant = keyRow{}, merchantRow{}
		err := tx.Where("public = ? AND revoked_at IS NULL", public).Take(&key).Error
		if err != nil {
			return asNotFound(err, pirogue.NotFound, public)
		}
		return tx.Where("id = ?", key.MerchantID).Take(&merchant).Error
	})
	if err != nil {
		return access.APIKey{}, pirogue.Merchant{}, err
	}
	k, err := db.unpackKey(key, at)
	return k, unpackMerchant(merchant), failure("read key", err)
}

// UseSignature binds a signature to the method and path of its first request, for pirogue.SignatureLife.
// It reports whether s has that method and path. Of two requests at once one binds, and the other
// reads a binding that no later one changes. A repeat writes nothing.
func (db *Keys) UseSignature(ctx context.Context, s access.UsedSignature) (bool, error) {
	if !isStorable(s.KeyID, s.Method, s.Path) {
		return false, pirogue.FieldError(pirogue.InvalidParameter, "path")
	}
	var bound []struct{ Method, Path string }
	err := db.exec(ctx, "spend signature", func(tx *gorm.DB) error {
		signature := hex.EncodeToString(s.Signature[:])
		err := tx.Raw(spendSignature, map[string]any{
			"signature": signature, "key": s.KeyID, "method": s.Method, "path": s.Path,
			"at": timestamp(s.At), "forgotten": timestamp(s.At.Add(-access.SignatureLife)),
		}).Scan(&bound).Error
		if err != nil || len(bound) == 1 {
			return err
		}
		return tx.Raw("SELECT method, path FROM spent_signatures WHERE signature = ?", signature).Scan(&bound).Error
	})
	return len(bound) == 1 && bound[0].Method == s.Method && bound[0].Path == s.Path, err
}

// spendSignature keeps the first binding until it expires, and then reuses its row.
const spendSignature = `
INSERT INTO spent_signatures AS s (signature, key_id, method, path, spent_at)
VALUES (@signature, @key, @method, @path, @at)
ON CONFLICT (signature) DO UPDATE
   SET key_id = excluded.key_id, method = excluded.method, path = excluded.path, spent_at = excluded.spent_at
 WHERE s.spent_at <= @forgotten
RETURNING method, path`

// Purge deletes up to limit signatures that were used before a time, the oldest first, and
// returns their number. A signature that still prevents a replay stays, whatever the time. Call
// it until it returns less than limit: small steps keep every lock short.
func (db *Keys) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	if guarded := db.clock.Now().Add(-access.SignatureLife); before.After(guarded) {
		before = guarded
	}
	var gone int64
	err := db.exec(ctx, "purge signatures", func(tx *gorm.DB) error {
		deleted := tx.Exec(`DELETE FROM spent_signatures WHERE signature IN
			(SELECT signature FROM spent_signatures WHERE spent_at < ? ORDER BY spent_at LIMIT ?)`, timestamp(before), limit)
		gone = deleted.RowsAffected
		return deleted.Error
	})
	return int(gone), err
}

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
