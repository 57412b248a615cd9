package store

import (
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
func (db *Keys) Admit(
	ctx context.Context, s access.UsedSignature, o access.Owner,
) (good bool, wait time.Duration, err error) {
	if !isStorable(s.KeyID, s.Method, s.Path) {
		return false, 0, pirogue.FieldError(pirogue.InvalidParameter, "path")
	}
	if db.rate.PerSecond == 0 {
		good, err = db.UseSignature(ctx, s)
		return good, 0, err
	}
	if db.dialect == goose.DialectPostgres {
		return db.admitAtOnce(ctx, s, o)
	}
	err = db.inTx(ctx, "admit request", func(tx *gorm.DB) error {
		var err error
		if good, err = useSignature(tx, s); err != nil || !good {
			wait = 0
			return err
		}
		wait, err = db.take(tx, o, s.At)
		return err
	})
	return good && err == nil, wait, err
}

// admitAtOnce is Admit in one statement, which SQLite does not have.
func (db *Keys) admitAtOnce(
	ctx context.Context, s access.UsedSignature, o access.Owner,
) (good bool, wait time.Duration, err error) {
	terms := db.rateTerms(o, s.At)
	maps.Copy(terms, signatureTerms(s))
	err = db.exec(ctx, "admit request", func(tx *gorm.DB) error {
		var found struct{ Good, Taken bool }
		if err := tx.Raw(admitRequest, terms).Scan(&found).Error; err != nil {
			return err
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

// admitRequest counts a request only if its signature is good. A binding that has expired is not
// read: the statement replaces it.
const admitRequest = `
WITH bound AS (` + spendSignature + `),
     good AS (SELECT b.path FROM (
                SELECT method, path FROM bound
                UNION ALL SELECT method, path FROM used_signatures WHERE signature = @signature AND used_at > @forgotten
              ) b WHERE b.method = @method AND b.path = @path),
     taken AS (INSERT INTO rate_limits AS r (merchant_id, mode, arrival)
               SELECT CAST(@merchant AS TEXT), CAST(@mode AS TEXT), CAST(@next AS BIGINT) WHERE EXISTS (SELECT 1 FROM good)
               ` + refillRate + ` RETURNING arrival)
SELECT EXISTS (SELECT 1 FROM good) AS good, EXISTS (SELECT 1 FROM taken) AS taken`
