package sonatel_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestARefusedPINNeverLeavesAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer answer
		code   pirogue.Code
	}{
		"wrong, two left":             {problem(400, "2011"), operator.Unable},
		"wrong, one left":             {problem(400, "2012"), operator.Unable},
		"blocked":                     {problem(400, "2013"), operator.Unable},
		"wrong, said by a bad server": {problem(500, "2011"), operator.Unknown},
		"wrong, said in a success":    {problem(200, "2011"), operator.Unknown},
		"wrong, in words of no form": {
			says(400, `{"code":2011,"detail":{"fr":"non"},"violations":"aucune"}`), operator.Unable,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]answer{cashInPath: {tt.answer, done()}})
			o := reading[payer](t, server.at())
			if _, err := o.Disburse(t.Context(), disbursement); pirogue.CodeOf(err) != tt.code {
				t.Errorf("the first: %v, want %s", err, tt.code)
			}
			_, again := o.Disburse(t.Context(), disbursement)
			_, balance := o.Balance(t.Context())
			_, bulk := o.BulkDisburse(t.Context(), []operator.DisburseRequest{disbursement}, "")
			for call, err := range map[string]error{
				"Disburse": again, "Balance": balance, "BulkDisburse": bulk, "ChangePIN": o.ChangePIN(t.Context(), "1357"),
			} {
				if pirogue.CodeOf(err) != operator.NotSent || strings.Contains(err.Error(), pin) {
					t.Errorf("then %s: %v, want NOT_SENT without the PIN", call, err)
				}
			}
			sent := len(server.letters(cashInPath)) + len(server.letters(balancePath)) +
				len(server.letters(bulkPath)) + len(server.letters(accountPath))
			if sent != 1 {
				t.Errorf("%d calls with a PIN, want the first alone", sent)
			}
		})
	}
}

func TestARefusalThatIsNotThePINsLetsItLeaveAgain(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{cashInPath: {problem(400, "2020"), done()}})
	o := reading[payer](t, server.at())
	if _, err := o.Disburse(t.Context(), disbursement); pirogue.CodeOf(err) != operator.Unable {
		t.Errorf("%v, want UNABLE", err)
	}
	if _, err := o.Disburse(t.Context(), disbursement); err != nil {
		t.Errorf("%v, want a deposit", err)
	}
}

func TestAnUnprovenPINIsTriedByOneCallAtATime(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	server := newOrange(t, map[string][]answer{cashInPath: {{Status: 400, Body: `{"code":"2011"}`, Hold: hold}}})
	o := reading[payer](t, server.at())
	first := make(chan error, 1)
	go func() {
		_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
		first <- err
	}()
	for len(server.letters(cashInPath)) == 0 {
		time.Sleep(time.Millisecond)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := o.Disburse(impatient, disbursement); pirogue.CodeOf(err) != operator.NotSent {
		t.Errorf("while the first is at Orange: %v, want NOT_SENT", err)
	}
	close(hold)
	if err := <-first; pirogue.CodeOf(err) != operator.Unable {
		t.Errorf("the first: %v, want UNABLE", err)
	}
	if tries := len(server.letters(cashInPath)); tries != 1 {
		t.Errorf("%d tries, want one", tries)
	}
}

// A call that waited for most of its time is not sent. It may be cut off after its bytes
// left.
func TestACallThatWaitedLongForThePINIsNotSent(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	held := done()
	held.Hold = hold
	server := newOrange(t, map[string][]answer{cashInPath: {held, done()}})
	conf := server.at()
	conf.Timeout = config.Duration(time.Second)
	o := reading[payer](t, conf)
	first := make(chan error, 1)
	go func() {
		_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
		first <- err
	}()
	for len(server.letters(cashInPath)) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := o.Disburse(t.Context(), disbursement); pirogue.CodeOf(err) != operator.NotSent {
		t.Errorf("behind one that hangs: %v, want NOT_SENT", err)
	}
	if err := <-first; pirogue.CodeOf(err) != operator.Unknown {
		t.Errorf("the first: %v, want UNKNOWN", err)
	}
	close(hold)
	if sent := len(server.letters(cashInPath)); sent != 1 {
		t.Errorf("%d deposits, want one", sent)
	}
}

func TestAProvenPINIsUsedByManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	held := done()
	held.Hold = hold
	server := newOrange(t, map[string][]answer{cashInPath: {done(), held}})
	o := reading[payer](t, server.at())
	if _, err := o.Disburse(t.Context(), disbursement); err != nil {
		t.Fatal(err)
	}
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := o.Disburse(context.WithoutCancel(t.Context()), disbursement)
			errs <- err
		}()
	}
	for len(server.letters(cashInPath)) < 3 { // both reach Orange before either gets a response
		time.Sleep(time.Millisecond)
	}
	close(hold)
	if err := <-errs; err != nil {
		t.Error(err)
	}
	if err := <-errs; err != nil {
		t.Error(err)
	}
}

func TestAPINThatOrangeCannotReadIsSealedAnewOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answers []answer
		code    pirogue.Code
		sent    int
	}{
		"then it can":      {[]answer{problem(400, "4003"), done()}, "", 2},
		"never":            {[]answer{problem(400, "4003")}, operator.NotSent, 2},
		"by a bad server":  {[]answer{problem(502, "4003"), done()}, operator.Unknown, 1},
		"then a time-out":  {[]answer{problem(400, "4003"), says(504, "")}, operator.Unknown, 2},
		"then a wrong PIN": {[]answer{problem(400, "4003"), problem(400, "2011"), done()}, operator.Unable, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]answer{cashInPath: tt.answers})
			_, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement)
			if pirogue.CodeOf(err) != tt.code {
				t.Errorf("%v, want %q", err, tt.code)
			}
			sent, keys := server.letters(cashInPath), server.letters(keyPath)
			if len(sent) != tt.sent || len(keys) != tt.sent {
				t.Errorf("%d deposits with %d keys, want %d of both", len(sent), len(keys), tt.sent)
			}
		})
	}
}

func TestTheNewKeySealsThePINAfterAnOldOne(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{cashInPath: {done(), problem(400, "4003"), done()}})
	o := reading[payer](t, server.at())
	for range 2 {
		if _, err := o.Disburse(t.Context(), disbursement); err != nil {
			t.Fatal(err)
		}
		server.rotate()
	}
	if keys := len(server.letters(keyPath)); keys != 2 {
		t.Errorf("the key was asked for %d times, want at first and after the refusal", keys)
	}
}

func TestThePINNeverLooksTheSameTwice(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{cashInPath: {done()}})
	o := reading[payer](t, server.at())
	for range 2 {
		if _, err := o.Disburse(t.Context(), disbursement); err != nil {
			t.Fatal(err)
		}
	}
	sent := server.letters(cashInPath)
	if len(sent) != 2 || sent[0].Body == sent[1].Body {
		t.Fatalf("%d deposits, equal bodies; want two that differ in their seal", len(sent))
	}
	for _, l := range sent {
		if !slices.Equal(l.PINs, []string{pin}) || strings.Contains(l.Body, `"`+pin+`"`) {
			t.Errorf("sealed %v in %s, want the PIN, under its seal alone", l.PINs, l.Body)
		}
	}
}

func TestATokenTurnedAwayIsRenewedOnceAndTheDepositLeavesAgain(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{cashInPath: {says(401, `{"code":"10"}`), done()}})
	if _, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement); err != nil {
		t.Error(err)
	}
	if tokens, sent := len(server.letters(tokenPath)), len(server.letters(cashInPath)); tokens != 2 || sent != 2 {
		t.Errorf("%d tokens, %d deposits; want two of both", tokens, sent)
	}
}

func TestWithoutAKeyNothingWithAPINLeaves(t *testing.T) {
	t.Parallel()
	ed25519 := "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
	for name, a := range map[string]answer{
		"a page":             says(200, "<html></html>"),
		"no key":             says(200, `{"keyId":"k1","keyType":"RSA"}`),
		"no base64":          says(200, `{"key":"-----BEGIN"}`),
		"no key in base64":   says(200, `{"key":"AAAA"}`),
		"a key of no RSA":    says(200, `{"key":"`+ed25519+`"}`),
		"not subscribed":     problem(403, "11"),
		"a server that fell": says(503, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]answer{keyPath: {a}, cashInPath: {done()}})
			_, err := reading[payer](t, server.at()).Disburse(t.Context(), disbursement)
			if pirogue.CodeOf(err) != operator.NotSent || len(server.letters(cashInPath)) != 0 {
				t.Errorf("%v, want NOT_SENT", err)
			}
		})
	}
}

func TestAChangedPINIsTheOneThatLeaves(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{accountPath: {says(200, "")}, cashInPath: {done()}})
	o := reading[payer](t, server.at())
	if err := o.ChangePIN(t.Context(), "1357"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Disburse(t.Context(), disbursement); err != nil {
		t.Fatal(err)
	}
	change := server.letters(accountPath)
	if len(change) != 1 || change[0].Method != "PATCH" ||
		change[0].Path != accountPath+"?msisdn=781112233&type=retailer" ||
		!slices.Equal(change[0].PINs, []string{pin, "1357"}) {
		t.Errorf("%+v, want one PATCH from the old PIN to the new", change)
	}
	if sent := server.letters(cashInPath); !slices.Equal(sent[0].PINs, []string{"1357"}) {
		t.Errorf("a deposit with %v, want the new PIN", sent[0].PINs)
	}
}

func TestAPINChangeThatWasNotMadeLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	server := newOrange(t, map[string][]answer{accountPath: {problem(400, "22")}, cashInPath: {done()}})
	o := reading[payer](t, server.at())
	if err := o.ChangePIN(t.Context(), "135"); pirogue.CodeOf(err) != operator.Refused {
		t.Errorf("three digits: %v, want REFUSED", err)
	}
	if err := o.ChangePIN(t.Context(), "1357"); pirogue.CodeOf(err) != operator.Refused {
		t.Errorf("%v, want REFUSED", err)
	}
	if _, err := o.Disburse(t.Context(), disbursement); err != nil {
		t.Fatal(err)
	}
	if sent := server.letters(cashInPath); !slices.Equal(sent[0].PINs, []string{pin}) ||
		len(server.letters(accountPath)) != 1 {
		t.Errorf("a deposit with %v, want the old PIN", sent[0].PINs)
	}
}

func TestAfterAPINChangeWithoutAnAnswerNoPINLeaves(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{"a bad gateway": says(502, ""), "a page": says(200, "<html></html>")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newOrange(t, map[string][]answer{accountPath: {a}, cashInPath: {done()}})
			o := reading[payer](t, server.at())
			if err := o.ChangePIN(t.Context(), "1357"); pirogue.CodeOf(err) != operator.Unknown {
				t.Errorf("%v, want UNKNOWN", err)
			}
			_, err := o.Disburse(t.Context(), disbursement)
			if pirogue.CodeOf(err) != operator.NotSent || len(server.letters(cashInPath)) != 0 {
				t.Errorf("%v, want NOT_SENT", err)
			}
		})
	}
}
