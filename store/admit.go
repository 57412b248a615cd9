package store

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
)

// Admit is UseSignature and then, if the signature is good, Take: both in one transaction. It
// reports whether the signature is good, and the time until a request would pass. A request whose
// signature is not good counts against nothing.
//
// It fails with access.ErrKeyChanged if the key is revoked, its version is not s.KeyVersion, or its
// merchant is suspended. So nothing that moves money is admitted by what a
// process remembers of a key.
func (db *Keys) Admit(
	ctx context.Context, s access.UsedSignature, o access.Owner,
) (good bool, wait time.Duration, err error) {
	if !isStorable(s.KeyID, s.Method, s.Path) {
		return false, 0, pirogue.FieldError(pirogue.InvalidParameter, "path")
	}
	if db.dialect == goose.DialectPostgres && db.rate.PerSecond > 0 {
		return db.admitAtOnce(ctx, s, o)
	}
	err = db.inTx(ctx, "admit request", func(tx *gorm.DB) error {
		good, wait = false, 0
		var known bool
		if err := tx.Raw("SELECT "+keyIsUnchanged, keyTerms(s)).Scan(&known).Error; err != nil || !known {
			return cmp.Or(err, errKeyChanged())
		}
		var err error
		if good, err = useSignature(tx, s); err != nil || !good || db.rate.PerSecond == 0 {
			return err
		}
		wait, err = db.take(tx, o, s.At)
		return err
	})
	return good && err == nil, wait, err
}

// errKeyChanged returns access.ErrKeyChanged as an error of the database.
func errKeyChanged() error {
	return pirogue.Errorf(pirogue.ServiceUnavailable, "%w", access.ErrKeyChanged)
}

// keyIsUnchanged is true of a key that is what the caller believes.
const keyIsUnchanged = `(CAST(@version AS TEXT) = '' OR EXISTS (
  SELECT 1 FROM api_keys k JOIN merchants m ON m.id = k.merchant_id
   WHERE k.public = @key AND k.revoked_at IS NULL AND k.secret_sealed = @version AND m.suspended_at IS NULL))`

// keyTerms returns the arguments of keyIsUnchanged.
func keyTerms(s access.UsedSignature) map[string]any {
	return map[string]any{"key": s.KeyID, "version": s.KeyVersion}
}

// admitAtOnce is Admit in one statement, which SQLite does not have.
func (db *Keys) admitAtOnce(
	ctx context.Context, s access.UsedSignature, o access.Owner,
) (good bool, wait time.Duration, err error) {
	terms := db.rateTerms(o, s.At)
	maps.Copy(terms, signatureTerms(s))
	maps.Copy(terms, keyTerms(s))
	err = db.exec(ctx, "admit request", func(tx *gorm.DB) error {
		var found struct{ Unchanged, Good, Taken bool }
		err := tx.Raw(admitRequest, terms).Scan(&found).Error
		if err != nil || !found.Unchanged {
			good, wait = false, 0
			return cmp.Or(err, errKeyChanged())
		}
		good, wait = found.Good, 0
		if good && !found.Taken {
			wait, err = waitForRate(tx, terms)
			return err
		}
		if good {
			return nil
		}
		// Another request may have bound the signature since the statement began.
		if good, err = useSignature(tx, s); err != nil || !good {
			return err
		}
		wait, err = db.take(tx, o, s.At)
		return err
	})
	return good && err == nil, wait, err
}

// admitRequest counts a request only if its signature is good and its key unchanged. A binding that has
// expired is not read: the statement replaces it. The signature of a changed key is bound too, which
// opens nothing.
const admitRequest = `
WITH bound AS (` + spendSignature + `),
     good AS (SELECT b.path FROM (
                SELECT method, path FROM bound
                UNION ALL SELECT method, path FROM used_signatures WHERE signature = @signature AND used_at > @forgotten
              ) b WHERE b.method = @method AND b.path = @path AND ` + keyIsUnchanged + `),
     taken AS (INSERT INTO rate_limits AS r (merchant_id, mode, arrival)
               SELECT CAST(@merchant AS TEXT), CAST(@mode AS TEXT), CAST(@next AS BIGINT)
                WHERE EXISTS (SELECT 1 FROM good)
               ` + refillRate + ` RETURNING arrival)
SELECT ` + keyIsUnchanged + ` AS unchanged,
       EXISTS (SELECT 1 FROM good) AS good, EXISTS (SELECT 1 FROM taken) AS taken`
