package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/support"
)

// paid10s is a wallet that is paid ten seconds after the request.
const paid10s = "+22370001234"

// onServer runs a program of PostgreSQL's on the fleet's server.
func (f *fleet) onServer(program string, args ...string) {
	f.t.Helper()
	out, err := exec.CommandContext(f.t.Context(), program, args...).CombinedOutput()
	require.NoError(f.t, err, "%s: %s", program, out)
}

// restore resets the database to a dump, while nobody is connected.
func (f *fleet) restore(dump string) {
	f.t.Helper()
	address, err := url.Parse(f.postgres.URL)
	require.NoError(f.t, err)
	name := strings.TrimPrefix(address.Path, "/")
	address.Path = "/template1"
	server, err := sql.Open("pgx", address.String())
	require.NoError(f.t, err)
	defer server.Close()
	for _, statement := range []string{
		"DROP DATABASE " + name + " WITH (FORCE)", "CREATE DATABASE " + name + " TEMPLATE template0",
	} {
		_, err = server.ExecContext(f.t.Context(), statement)
		require.NoError(f.t, err)
	}
	f.onServer("pg_restore", "--no-owner", "--exit-on-error", "--dbname", f.postgres.URL, dump)
}

// person returns the settings of a person with the role finance.
func (f *fleet) person(t *testing.T, name string) []string {
	t.Helper()
	printed, err := run(t, f.env, "admin", "token", "create", name, "--role", "finance")
	require.NoError(t, err)
	return append(slices.Clone(f.env), strings.TrimSpace(printed), "PIROGUE_SUPPORT_URL=http://"+f.parts.conf.SupportAddr)
}

// askedFirst returns the progress of ask-first mode.
func askedFirst(t *testing.T, environ []string) admin.AskFirst {
	t.Helper()
	printed, err := run(t, environ, "admin", "ask-first", "show", "--json")
	require.NoError(t, err)
	var shown admin.AskFirst
	require.NoError(t, json.Unmarshal([]byte(printed), &shown))
	return shown
}

// A restored database sends and ends nothing until the operators were asked for what it does not
// know. Ask-first mode names what the database lost, and nobody is paid twice.
func TestARestoredDatabaseAsksFirst(t *testing.T) {
	t.Parallel()

	f := newFleet(t)
	m := f.customer()
	m.fund(t, 100_000)
	before := m.send(t, "/payments/cashout", cashOut(paid10s, 5000)).Data.ID
	f.kill("worker")
	prepared := m.send(t, "/payments/cashout", cashOut(paid10s, 6000)).Data.ID
	since, dump := time.Now(), filepath.Join(f.data, "earlier.dump")
	f.onServer("pg_dump", "--format", "custom", "--file", dump, f.postgres.URL)

	f.start("worker")
	lost := cashOut(paid10s, 7000)
	for _, id := range []string{m.send(t, "/payments/cashout", lost).Data.ID, before, prepared} {
		m.until(t, id, "SUCCESS", time.Minute)
	}
	sendings := len(f.paidOut())
	f.kill("api")
	f.kill("worker")
	f.restore(dump)
	_, err := run(t, f.env, "admin", "ask-first", "--since", since.Format(time.RFC3339), "--reason", "a disk failed")
	require.NoError(t, err)
	f.start("worker")
	f.start("api")

	for _, body := range []string{lost, cashOut(paid10s, 1000)} {
		refused := m.send(t, "/payments/cashout", body)
		require.Equal(t, http.StatusServiceUnavailable, refused.Status, refused.Raw)
		require.Contains(t, refused.Raw, "rien n'a été créé")
	}
	for _, id := range []string{before, prepared} {
		m.until(t, id, "SUCCESS", found)
	}
	awa, moussa := f.person(t, "awa"), f.person(t, "moussa")
	_, err = run(t, f.env, "admin", "ask-first", "ask")
	require.NoError(t, err)
	f.requireFound(askedFirst(t, awa), lost)
	f.endAskFirst(t, awa, moussa)

	again := m.send(t, "/payments/cashout", lost)
	require.Equal(t, http.StatusConflict, again.Status, again.Raw)
	require.Contains(t, again.Raw, "nous n'en avons plus la trace")
	require.Len(t, f.paidOut(), sendings, "nobody was paid twice")
	m.until(t, m.send(t, "/payments/cashout", cashOut(paid10s, 1000)).Data.ID, "SUCCESS", time.Minute)
	f.requireOnlyLost(1)
}

// finalizeCashOut returns the book of the operator that executes the cash-outs.
func (f *fleet) paidOut() []engine.BookEntry {
	return readBook(f.t, f.parts.conf.SandboxURL+sandbox.SonatelPath).Paid
}

// requireFound requires that ask-first mode names what the database lost: the money and the
// reference.
func (f *fleet) requireFound(shown admin.AskFirst, body string) {
	f.t.Helper()
	var order struct {
		ID     string `json:"merchant_order_id"`
		Amount int64  `json:"amount"`
	}
	require.NoError(f.t, json.Unmarshal([]byte(body), &order))
	require.Contains(f.t, shown.Sums, admin.UnmatchedSum{
		Operator: "sonatel-ml-test", Kind: pirogue.CashOut, Currency: pirogue.XOF, Lines: 1, Amount: order.Amount,
	})
	require.True(f.t, slices.ContainsFunc(shown.Lost, func(l admin.LostRow) bool {
		return l.Reference == order.ID && l.MerchantID == f.account.MerchantID
	}), "%+v", shown.Lost)
}

// endAskFirst has two people end the mode, once a person has recorded evidence for each operator
// without a list.
func (f *fleet) endAskFirst(t *testing.T, awa, moussa []string) {
	t.Helper()
	end := func(environ []string) (string, error) {
		return run(t, environ, "admin", "ask-first", "end", "--reason", "all were asked")
	}
	_, err := end(awa)
	require.ErrorContains(t, err, "nobody looked")
	for _, o := range askedFirst(t, awa).Operators {
		if !o.Asked {
			_, err := run(t, awa, "admin", "ask-first", "looked", string(o.Operator),
				"--evidence", "its portal", "--reason", "no list")
			require.NoError(t, err)
		}
	}
	require.Eventually(t, func() bool { return askedFirst(t, awa).Outdated == 0 }, found, time.Second)
	for _, who := range [][]string{awa, awa} {
		printed, err := end(who)
		require.NoError(t, err)
		require.Contains(t, printed, string(support.DecisionProposed))
	}
	printed, err := end(moussa)
	require.NoError(t, err)
	require.Contains(t, printed, string(support.DecisionSettled))
}

// requireOnlyLost requires that the books are right except for n lines that operators have and we
// do not have.
func (f *fleet) requireOnlyLost(n int) {
	f.t.Helper()
	violations, err := booksCheck{f.parts}.violations(f.t.Context())
	require.NoError(f.t, err)
	require.Len(f.t, violations, n, "%+v", violations)
	for _, v := range violations {
		require.Equal(f.t, ruleEqual, v.Rule)
	}
}
