package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
	"pirogue/vault"
)

func TestARouteIsExplainedWithoutSendingAnything(t *testing.T) {
	t.Parallel()

	environ := []string{"PIROGUE_KEYS=" + vault.NewRing("test"), "DATABASE_URL=" + piroguetest.SQLite(t)}
	does := func(wants []string, args ...string) {
		t.Helper()
		out, err := run(t, environ, append([]string{"route"}, args...)...)
		require.NoError(t, err, args)
		for _, text := range wants {
			require.Contains(t, out, text, args)
		}
	}
	does([]string{"orange", "number's prefix", "orange-web-ml-test", "tried first"}, "+22376123456", "--breakers=false")
	does([]string{"digitalpaye-ci-test", "tried first", "novasend-ci-test", "refused for a reason of its own"},
		"+2250505123456", "--type", "CASHOUT", "--amount", "5000", "--breakers=false")
	does([]string{"digitalpaye-ci-test", "no ", "limits do not allow the amount", "1500000"},
		"+2250505123456", "--type", "CASHOUT", "--amount", "1200000", "--breakers=false")
	does([]string{"wave", "asked for", "digitalpaye-ci-test"}, "+2250707123456", "--network", "wave", "--breakers=false")
	does([]string{"nobody takes it"}, "+24177123456", "--breakers=false")
	_, err := run(t, environ, "route", "+33612345678", "--breakers=false")
	require.ErrorContains(t, err, "no country")
	_, err = run(t, environ, "migrate", "up")
	require.NoError(t, err)
	does([]string{"CLOSED"}, "+22376123456")
}

func TestWhatEachOperatorCanDoIsListed(t *testing.T) {
	t.Parallel()

	out, err := run(t, []string{"PIROGUE_KEYS=" + vault.NewRing("test")}, "operator", "list")
	require.NoError(t, err)
	for _, text := range []string{
		"orange-web-ml-test", "sent again under another reference", "novasend-ci-test", "same reference is sent again",
		"digitalpaye-ci-test", "asked for by its reference", "taramoney-cm-test",
	} {
		require.Contains(t, out, text)
	}
}

func TestOperatorAccountInTheSandbox(t *testing.T) {
	t.Parallel()

	_, environ := runningSandbox(t)
	environ = append(environ, "PIROGUE_KEYS="+vault.NewRing("test"))
	does := func(want string, args ...string) {
		t.Helper()
		out, err := run(t, environ, append([]string{"operator"}, args...)...)
		require.NoError(t, err, args)
		require.Contains(t, out, want, args)
	}
	does("XOF", "balance", "novasend-ci-test")
	does("XOF", "balance", "digitalpaye-ci-test")
	does("nothing", "statement", "digitalpaye-ci-test")
	does("nothing", "statement", "taramoney-cm-test")
	does("Awa", "customers", "create", "digitalpaye-ci-test", "--first-name", "Awa", "--last-name", "Koné",
		"--number", "+2250707123456")
	does("Koné", "customers", "list", "digitalpaye-ci-test")
	_, err := run(t, environ, "operator", "customers", "list", "novasend-ci-test")
	require.ErrorContains(t, err, "keeps no customers")
	_, err = run(t, environ, "operator", "balance", "taramoney-cm-test")
	require.ErrorContains(t, err, "tells no balance")
	_, err = run(t, environ, "operator", "register", "novasend-ci-test")
	require.ErrorContains(t, err, "/callbacks/novasend-ci-test/registered/")
	_, err = run(t, environ, "operator", "balance", "nobody")
	require.ErrorContains(t, err, `no operator "nobody"`)
}
