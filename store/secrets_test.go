package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/vault"
)

// canaries writes a row of every kind that has a secret, and returns the secrets.
func (w *world) canaries() []string {
	w.t.Helper()
	public, secret, err := w.db.Keys.CreateKey(w.ctx(), w.owner, nil)
	require.NoError(w.t, err)
	rotated, err := w.db.Keys.RotateKey(w.ctx(), public, time.Hour)
	require.NoError(w.t, err)
	_, whsec, err := w.db.Keys.WebhookSecrets(w.ctx(), w.owner)
	require.NoError(w.t, err)
	p, a := w.sent("order_1")
	require.NoError(w.t, w.recordResult(lifecycle.AttemptResult{
		AttemptID: a.ID, State: pirogue.AttemptAccepted, Handle: pirogue.Handle{"pay_token": "canary-pay-token"}, At: w.at(0),
	}))
	_, err = w.success(p)
	require.NoError(w.t, err)
	return []string{
		secret, rotated, strings.TrimPrefix(whsec, "whsec_"), "canary-pay-token",
		strings.TrimPrefix(string(p.MSISDN), "+"), strings.TrimPrefix(string(p.MSISDN), "+223"), p.CustomerName,
		"token of " + string(a.Ref),
	}
}

func TestSecretsAndNumbersAreNotInTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		canaries := w.canaries()
		dump := w.dump()
		require.Contains(w.t, string(dump), "Deux pagnes", "the dump shows what is not secret")
		for _, canary := range canaries {
			require.False(w.t, bytes.Contains(dump, []byte(canary)), canary)
		}
	})
}

// dump returns everything the database has stored.
func (w *world) dump() []byte {
	w.t.Helper()
	var dump bytes.Buffer
	if !w.postgres() {
		files, err := filepath.Glob(strings.TrimPrefix(w.url, "sqlite:") + "*")
		require.NoError(w.t, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(w.t, err)
			dump.Write(content)
		}
		return dump.Bytes()
	}
	db := w.raw()
	for _, table := range texts(w.t, db,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'") {
		for _, row := range texts(w.t, db, "SELECT CAST(t AS TEXT) FROM "+table+" t") {
			dump.WriteString(row + "\n")
		}
	}
	return dump.Bytes()
}

// A sealed value opens in its own row only. So nobody who can write to the database can give a
// payment another number.
func TestASealedValueDoesNotOpenInAnotherRow(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		mine, _ := w.accept("order_1")
		theirs, b := w.newCashIn(w.owner, "order_2")
		theirs.MSISDN = "+22370000000"
		_, _, err := w.db.Payments.Accept(w.ctx(), theirs, b, digest(b))
		require.NoError(w.t, err)
		require.NoError(w.t, w.exec(w.raw(), "UPDATE payments SET msisdn_sealed = "+
			"(SELECT o.msisdn_sealed FROM payments o WHERE o.id = ?) WHERE id = ?", string(theirs.ID), string(mine.ID)))
		_, err = w.db.Payments.Payment(w.ctx(), w.owner, mine.ID)
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
	})
}

func TestARotatedRingStillReadsWhatTheOldOneSealed(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		old := vault.NewRing("k1")
		w.ring = parse(w.t, old)
		w.db = w.open(defaultRate)
		w.owner = w.another()
		p, _ := w.accept("order_1")

		w.ring = parse(w.t, vault.NewRing("k2")+","+old)
		w.db = w.open(defaultRate)
		read, err := w.db.Payments.Payment(w.ctx(), w.owner, p.ID)
		require.NoError(w.t, err)
		require.Equal(w.t, p, read)
		w.accept("order_2")
		require.Len(w.t, distinct(texts(w.t, w.raw(), "SELECT msisdn_digest FROM payments")), 1, "numbers are still found")

		w.ring = parse(w.t, vault.NewRing("k3"))
		_, err = w.open(defaultRate).Payments.Payment(w.ctx(), w.owner, p.ID)
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err), "a ring without the key")
	})
}

func parse(tb testing.TB, text string) *vault.Ring {
	tb.Helper()
	ring, err := vault.ParseRing(text)
	require.NoError(tb, err)
	return ring
}

func distinct(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
}

// A row that a bug damaged gives an error, and not another payment. PostgreSQL stores no such row.
func TestAMomentThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.accept("order_1")
		err := w.exec(w.raw(), "UPDATE payments SET updated_at = ?", "no time")
		if w.postgres() {
			require.Error(w.t, err)
			return
		}
		require.NoError(w.t, err)
		_, err = w.db.Payments.Payment(w.ctx(), w.owner, p.ID)
		require.Equal(w.t, pirogue.Internal, pirogue.CodeOf(err))
	})
}
