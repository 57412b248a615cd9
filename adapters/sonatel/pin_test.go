package sonatel_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

const (
	cashInPath  = "/api/eWallet/v1/cashins"
	balancePath = "/api/eWallet/v1/account/retailer/balance"
	accountPath = "/api/eWallet/v1/account"
	bulkPath    = "/api/eWallet/v1/bulkcashins"
)

// payer combines the methods of an instance that use its PIN.
type payer interface {
	operator.Disburser
	operator.BalanceReader
	BulkDisburse(ctx context.Context, all []operator.DisburseRequest, callbackURL string) (string, error)
	ChangePIN(ctx context.Context, newPIN string) error
}

func TestRefusedPIN(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		response response
		code     pirogue.Code
	}{
		"wrong, two left":             {problem(400, "2011"), operator.Unable},
		"wrong, one left":             {problem(400, "2012"), operator.Unable},
		"blocked":                     {problem(400, "2013"), operator.Unable},
		"wrong, resp by a bad server": {problem(500, "2011"), operator.Unknown},
		"wrong, resp in a success":    {problem(200, "2011"), operator.Unknown},
		"wrong, in words of no form": {
			respond(400, `{"code":2011,"detail":{"fr":"non"},"violations":"aucune"}`), operator.Unable,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{cashInPath: {tt.response, done()}})
			o := reading[payer](t, server.at())
			_, err := o.Disburse(t.Context(), disbursement)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			_, again := o.Disburse(t.Context(), disbursement)
			_, balance := o.Balance(t.Context())
			_, bulk := o.BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
			for call, err := range map[string]error{
				"Disburse": again, "Balance": balance, "BulkDisburse": bulk, "ChangePIN": o.ChangePIN(t.Context(), "1357"),
			} {
				require.Equal(t, operator.NotSent, pirogue.CodeOf(err), call)
				require.NotContains(t, err.Error(), pin, call)
			}
			sent := len(server.requests(cashInPath)) + len(server.requests(balancePath)) +
				len(server.requests(bulkPath)) + len(server.requests(accountPath))
			require.Equal(t, 1, sent)
		})
	}
}

func TestRefusalUnrelatedToPIN(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {problem(400, "2020"), done()}})
	o := reading[payer](t, server.at())
	_, err := o.Disburse(t.Context(), disbursement)
	require.Equal(t, operator.Unable, pirogue.CodeOf(err), err)
	_, err = o.Disburse(t.Context(), disbursement)
	require.NoError(t, err)
}

func TestUnprovenPINIsUsedAlone(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	server := newOrange(t, map[string][]response{cashInPath: {{Status: 400, Body: `{"code":"2011"}`, Hold: hold}}})
	o := reading[payer](t, server.at())
	first := make(chan error, 1)
	go func() {
		_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
		first <- err
	}()
	for len(server.requests(cashInPath)) == 0 {
		time.Sleep(time.Millisecond)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := o.Disburse(impatient, disbursement)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
	close(hold)
	err = <-first
	require.Equal(t, operator.Unable, pirogue.CodeOf(err), err)
	tries := len(server.requests(cashInPath))
	require.Equal(t, 1, tries)
}

// A call that waited for most of its time is not sent. It may be cut off after its bytes
// left.
func TestLongWaitForPIN(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	held := done()
	held.Hold = hold
	server := newOrange(t, map[string][]response{cashInPath: {held, done()}})
	conf := server.at()
	conf.Timeout = config.Duration(time.Second)
	o := reading[payer](t, conf)
	first := make(chan error, 1)
	go func() {
		_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
		first <- err
	}()
	for len(server.requests(cashInPath)) == 0 {
		time.Sleep(time.Millisecond)
	}
	_, err := o.Disburse(t.Context(), disbursement)
	require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
	err = <-first
	require.Equal(t, operator.Unknown, pirogue.CodeOf(err), err)
	close(hold)
	sent := len(server.requests(cashInPath))
	require.Equal(t, 1, sent)
}

func TestProvenPINIsShared(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	held := done()
	held.Hold = hold
	server := newOrange(t, map[string][]response{cashInPath: {done(), held}})
	o := reading[payer](t, server.at())
	_, err := o.Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
			errs <- err
		}()
	}
	for len(server.requests(cashInPath)) < 3 { // both reach Orange before either gets a response
		time.Sleep(time.Millisecond)
	}
	close(hold)
	err = <-errs
	require.NoError(t, err)
	err = <-errs
	require.NoError(t, err)
}

func TestUnreadablePINIsSealedAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		responses []response
		code      pirogue.Code
		sent      int
	}{
		"then it can":      {[]response{problem(400, "4003"), done()}, "", 2},
		"never":            {[]response{problem(400, "4003")}, operator.NotSent, 2},
		"by a bad server":  {[]response{problem(502, "4003"), done()}, operator.Unknown, 1},
		"then a time-out":  {[]response{problem(400, "4003"), respond(504, "")}, operator.Unknown, 2},
		"then a wrong PIN": {[]response{problem(400, "4003"), problem(400, "2011"), done()}, operator.Unable, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{cashInPath: tt.responses})
			_, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			sent, keys := server.requests(cashInPath), server.requests(keyPath)
			require.Len(t, sent, tt.sent, len(keys))
			require.Len(t, keys, tt.sent)
		})
	}
}

func TestRenewedKeySealsPIN(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {done(), problem(400, "4003"), done()}})
	o := reading[payer](t, server.at())
	for range 2 {
		_, err := o.Disburse(t.Context(), disbursement)
		require.NoError(t, err)
		server.rotate()
	}
	keys := len(server.requests(keyPath))
	require.Equal(t, 2, keys)
}

func TestSealIsRandom(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {done()}})
	o := reading[payer](t, server.at())
	for range 2 {
		_, err := o.Disburse(t.Context(), disbursement)
		require.NoError(t, err)
	}
	sent := server.requests(cashInPath)
	require.Len(t, sent, 2)
	require.NotEqual(t, sent[1].Body, sent[0].Body, len(sent))
	for _, l := range sent {
		require.Equal(t, []string{pin}, l.PINs, l.Body)
		require.NotContains(t, l.Body, `"`+pin+`"`, l.PINs)
	}
}

func TestDepositAfterRejectedToken(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{cashInPath: {respond(401, `{"code":"10"}`), done()}})
	_, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	tokens, sent := len(server.requests(tokenPath)), len(server.requests(cashInPath))
	require.Equal(t, 2, tokens, sent)
	require.Equal(t, 2, sent, tokens)
}

func TestNoPublicKey(t *testing.T) {
	t.Parallel()
	ed25519 := "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
	for name, a := range map[string]response{
		"a page":             respond(200, "<html></html>"),
		"no key":             respond(200, `{"keyId":"k1","keyType":"RSA"}`),
		"no base64":          respond(200, `{"key":"-----BEGIN"}`),
		"no key in base64":   respond(200, `{"key":"AAAA"}`),
		"a key of no RSA":    respond(200, `{"key":"`+ed25519+`"}`),
		"not subscribed":     problem(403, "11"),
		"a server that fell": respond(503, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{keyPath: {a}, cashInPath: {done()}})
			_, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement)
			require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
			require.Empty(t, server.requests(cashInPath), err)
		})
	}
}

func TestPINChange(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{accountPath: {respond(200, "")}, cashInPath: {done()}})
	o := reading[payer](t, server.at())
	err := o.ChangePIN(t.Context(), "1357")
	require.NoError(t, err)
	_, err = o.Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	change := server.requests(accountPath)
	require.Len(t, change, 1)
	require.Equal(t, "PATCH", change[0].Method)
	require.Equal(t, accountPath+"?msisdn=781112233&type=retailer", change[0].Path)
	require.Equal(t, []string{pin, "1357"}, change[0].PINs)
	sent := server.requests(cashInPath)
	require.Equal(t, []string{"1357"}, sent[0].PINs)
}

func TestPINChangeRefused(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]response{accountPath: {problem(400, "22")}, cashInPath: {done()}})
	o := reading[payer](t, server.at())
	err := o.ChangePIN(t.Context(), "135")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), err)
	err = o.ChangePIN(t.Context(), "1357")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), err)
	_, err = o.Disburse(t.Context(), disbursement)
	require.NoError(t, err)
	sent := server.requests(cashInPath)
	require.Equal(t, []string{pin}, sent[0].PINs)
	require.Len(t, server.requests(accountPath), 1, sent[0].PINs)
}

func TestPINChangeResponseLost(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]response{"a bad gateway": respond(502, ""), "a page": respond(200, "<html></html>")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]response{accountPath: {a}, cashInPath: {done()}})
			o := reading[payer](t, server.at())
			if err := o.ChangePIN(t.Context(), "1357"); pirogue.CodeOf(err) != operator.Unknown {
				require.Fail(t, fmt.Sprintf("%v, want UNKNOWN", err))
			}
			_, err := o.Disburse(t.Context(), disbursement)
			require.Equal(t, operator.NotSent, pirogue.CodeOf(err), err)
			require.Empty(t, server.requests(cashInPath), err)
		})
	}
}
