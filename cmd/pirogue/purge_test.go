package main

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/access"
	"pirogue/config"
	"pirogue/piroguetest"
	"pirogue/vault"
)

// insertSignatures inserts 50,000 rows on both databases.
const insertSignatures = `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
INSERT INTO used_signatures (signature, key_id, method, path, used_at)
SELECT 'old-' || i, 'key', 'POST', '/payments/cashin', $1 FROM n`

// At 100 payments a second, one sweep finds 6,000 old signatures: one of the request and one of the
// webhook for each payment.
func TestOneSweepForgetsOldSignatures(t *testing.T) {
	t.Parallel()
	piroguetest.EachDatabase(t, func(t *testing.T, url string) {
		conf, err := config.Load([]string{"DATABASE_URL=" + url, "PIROGUE_KEYS=" + vault.NewRing("test")})
		require.NoError(t, err)
		p, err := newParts(conf)
		require.NoError(t, err)
		require.NoError(t, p.openStore(t.Context()))
		t.Cleanup(func() { require.NoError(t, p.Close()) })
		require.NoError(t, p.store.Migrate(t.Context()))

		driver, dsn := "pgx", url
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
		}
		raw, err := sql.Open(driver, dsn)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, raw.Close()) })
		old := p.clock.Now().Add(-access.SignatureLife - time.Minute).UTC()
		_, err = raw.ExecContext(t.Context(), insertSignatures, old.Format("2006-01-02T15:04:05.000000Z"))
		require.NoError(t, err)
		fresh, err := p.store.Keys.UseSignature(
			t.Context(), access.UsedSignature{KeyID: "key", Method: "GET", At: p.clock.Now()})
		require.NoError(t, err)
		require.True(t, fresh)

		began := time.Now()
		swept, err := p.newActivities().Sweep(t.Context())
		require.NoError(t, err)
		t.Logf("50,000 signatures in %s", time.Since(began))
		require.Equal(t, 50_000, swept.Purged)
		var left int
		require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT count(*) FROM used_signatures").Scan(&left))
		require.Equal(t, 1, left, "what still prevents a replay stays")
	})
}
