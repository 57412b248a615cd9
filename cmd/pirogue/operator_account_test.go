package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/vault"
)

func TestOperatorPIN(t *testing.T) {
	t.Parallel()

	_, environ := runningSandbox(t)
	environ = append(environ, "PIROGUE_KEYS="+vault.NewRing("test"))
	change := func(code, input string) (string, error) {
		var out bytes.Buffer
		cmd := root(environ)
		cmd.SetArgs([]string{"operator", "pin", code})
		cmd.SetIn(strings.NewReader(input))
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	_, err := change("sonatel-sn-test", "12345\n")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), err)
	_, err = run(t, environ, "operator", "balance", "sonatel-sn-test")
	require.NoError(t, err)

	out, err := change("sonatel-sn-test", "1357\n")
	require.NoError(t, err)
	require.Contains(t, out, "put it into the configuration")
	require.NotContains(t, out, "1357")
	_, err = run(t, environ, "operator", "balance", "sonatel-sn-test")
	require.Equal(t, operator.Unable, pirogue.CodeOf(err), "the configuration still has the old PIN: %v", err)

	_, err = change("novasend-ci-test", "1357\n")
	require.ErrorContains(t, err, "has no PIN")
}

func TestOperatorTestNumbers(t *testing.T) {
	t.Parallel()

	_, environ := runningSandbox(t)
	environ = append(environ, "PIROGUE_KEYS="+vault.NewRing("test"))
	out, err := run(t, environ, "operator", "test-numbers", "sonatel-sn-test", "--merchants", "0", "--customers", "2")
	require.NoError(t, err)
	require.Contains(t, out, "RETAILER")
	require.Equal(t, 2, strings.Count(out, "CUSTOMER"))
	require.NotContains(t, out, "MERCHANT ")
	_, err = run(t, environ, "operator", "test-numbers", "taramoney-cm-test")
	require.ErrorContains(t, err, "has no test numbers")
}

func TestOperatorResendCallback(t *testing.T) {
	t.Parallel()

	_, sandboxEnviron := runningSandbox(t)
	b := newBooksWorld(t)
	environ := append(b.environ[:2:2], sandboxEnviron...)
	var callbacks atomic.Int32
	merchant := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { callbacks.Add(1) }))
	t.Cleanup(merchant.Close)
	received := func(n int32) {
		t.Helper()
		require.Eventually(t, func() bool { return callbacks.Load() == n }, 10*time.Second, time.Millisecond)
	}

	attempt := b.accepted(t, func(p *pirogue.Payment) {
		p.Operator, p.Country, p.MSISDN, p.Amount.Currency = "taramoney-cm-test", "CM", "+237699123456", pirogue.XAF
		p.Fee.Currency = pirogue.XAF
	})
	conf, err := config.Load(environ)
	require.NoError(t, err)
	parts, err := newParts(conf)
	require.NoError(t, err)
	collector, ok := parts.instances[attempt.Operator].Operator.(operator.Collector)
	require.True(t, ok)
	_, err = collector.Collect(t.Context(), operator.CollectRequest{
		Ref: attempt.Ref, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XAF}, MSISDN: "+237699123456",
		Network: pirogue.Orange, CallbackURL: merchant.URL,
	})
	require.NoError(t, err)
	received(1)

	_, err = run(t, environ, "operator", "resend-callback", string(attempt.PaymentID))
	require.NoError(t, err)
	received(2)
	other := b.accepted(t)
	_, err = run(t, environ, "operator", "resend-callback", string(other.PaymentID))
	require.ErrorContains(t, err, "sends no callback again")
	_, err = run(t, environ, "operator", "resend-callback", "pay_nobody")
	require.Equal(t, pirogue.TransactionNotFound, pirogue.CodeOf(err), err)
}
