package store

import (
	"context"
	"encoding/hex"
	"time"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
)

// UseSignature binds a signature to the method and path of its first request, for
// pirogue.SignatureLife. It reports whether s has that method and path. Of two requests at once
// one binds, and the other reads a binding that no later one changes. A repeat writes nothing.
func (db *Keys) UseSignature(ctx context.Context, s access.UsedSignature) (bool, error) {
	if !isStorable(s.KeyID, s.Method, s.Path) {
		return false, pirogue.FieldError(pirogue.InvalidParameter, "path")
	}
	var good bool
	err := db.exec(ctx, "use signature", func(tx *gorm.DB) error {
		var err error
		good, err = useSignature(tx, s)
		return err
	})
	return good && err == nil, err
}

// useSignature is UseSignature on a connection of the caller.
func useSignature(tx *gorm.DB, s access.UsedSignature) (bool, error) {
	var bound []struct{ Method, Path string }
	err := tx.Raw(spendSignature, signatureTerms(s)).Scan(&bound).Error
	if err == nil && len(bound) == 0 {
		err = tx.Raw("SELECT method, path FROM used_signatures WHERE signature = @signature", signatureTerms(s)).
			Scan(&bound).Error
	}
	return len(bound) == 1 && bound[0].Method == s.Method && bound[0].Path == s.Path, err
}

// signatureTerms returns the arguments of spendSignature.
func signatureTerms(s access.UsedSignature) map[string]any {
	return map[string]any{
		"signature": hex.EncodeToString(s.Signature[:]), "key": s.KeyID, "method": s.Method, "path": s.Path,
		"at": timestamp(s.At), "forgotten": timestamp(s.At.Add(-access.SignatureLife)),
	}
}

// spendSignature keeps the first binding until it expires, and then reuses its row.
const spendSignature = `
INSERT INTO used_signatures AS s (signature, key_id, method, path, used_at)
VALUES (@signature, @key, @method, @path, @at)
ON CONFLICT (signature) DO UPDATE
   SET key_id = excluded.key_id, method = excluded.method, path = excluded.path, used_at = excluded.used_at
 WHERE s.used_at <= @forgotten
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
		deleted := tx.Exec(purgeSignatures, map[string]any{"before": timestamp(before), "limit": limit})
		gone = deleted.RowsAffected
		return deleted.Error
	})
	return int(gone), err
}

// purgeSignatures names the time twice. PostgreSQL checks the outer one again for a row that a
// request bound anew while the statement waited for it.
const purgeSignatures = `
DELETE FROM used_signatures
 WHERE used_at < @before
   AND signature IN (SELECT signature FROM used_signatures WHERE used_at < @before ORDER BY used_at LIMIT @limit)`
