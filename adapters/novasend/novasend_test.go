package novasend_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/novasend"
	"pirogue/config"
)

const (
	ref       = "CI7K2M9QX4V8R1T6W3ZB" // of the collection
	outRef    = "CO7K2M9QX4V8R1T6W3ZB" // of the disbursement
	refundRef = "RF7K2M9QX4V8R1T6W3ZB" // of the refund
	payinID   = "mtr_fhchi842jyimwiugjgszcxvb8n"
	currentID = "pr_bakvkozbmqcmte1d8izelffjlz"
	payoutID  = "pr_bawy28jjce5btvu8eq1jjvmjlt"
	refundID  = "rf_fhchi842jyimwiugjgszcxvb8n"
)

var francs = pirogue.Money{Minor: 5000, Currency: pirogue.XOF}

// ivory is Novasend in Côte d'Ivoire behind a simulator, in the seed's shape.
var ivory = config.Operator{
	Code: "novasend-ci", Adapter: "novasend", Mode: pirogue.Test, Country: "CI", Currency: pirogue.XOF,
	Credentials: map[string]string{
		"api_key": "ak-c0ffee", "api_client": "ac-5e6f7a", "account_id": "merchant_9923lkdz",
		"webhook_secret": "ws-0123456789",
	},
	BaseURL: "http://127.0.0.1", Simulator: true,
}

var collection = pirogue.Collection{
	Ref: ref, Amount: francs, MSISDN: "+2250707123456", Network: pirogue.MTN, Payer: "Aya Kouassi", Payee: "Boutique",
	ReturnURL: "https://shop.example/back", CancelURL: "https://shop.example/cancel",
	CallbackURL: "https://pay.example/callbacks/novasend-ci/t0k3n", Window: 5 * time.Minute,
}

var disbursement = pirogue.Disbursement{
	Ref: outRef, Amount: francs, MSISDN: "+2250707123456", Network: pirogue.MTN, Beneficiary: "Aya Kouassi", Payer: "Boutique",
}

var query = pirogue.StatusQuery{
	Kind: pirogue.CashIn, Ref: ref, Handle: pirogue.Handle{"id": payinID}, Amount: francs, MSISDN: "+2250707123456",
	SentAt: adaptertest.Now(),
}

var outQuery = pirogue.StatusQuery{
	Kind: pirogue.CashOut, Ref: outRef, Amount: francs, MSISDN: "+2250707123456", SentAt: adaptertest.Now(),
}

var refundQuery = pirogue.StatusQuery{
	Kind: pirogue.Refund, Ref: refundRef, Handle: pirogue.Handle{"payin": payinID, "payin_ref": ref}, Amount: francs,
	MSISDN: "+2250707123456", SentAt: adaptertest.Now(), Reversed: true,
}

var reversal = pirogue.Reversal{Ref: refundRef, Amount: francs, Collected: query}

func subject() adaptertest.Subject {
	return adaptertest.Subject{
		New:  novasend.New,
		Conf: ivory,
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect:       {Status: 201, File: "session.json"},
			adaptertest.Disburse:      {Status: 201, File: "payout_processing.json"},
			adaptertest.Refund:        {Status: 201, File: "refund_processing.json"},
			adaptertest.Status:        {Status: 200, File: "payin_transaction_completed.json"},
			adaptertest.CashOutStatus: {Status: 200, File: "payout_processed.json"},
			adaptertest.RefundStatus:  {Status: 200, File: "refund_completed.json"},
			adaptertest.Balance:       {Status: 200, File: "balance.json"},
		},
		Collection:   collection,
		Disbursement: disbursement,
		Reversal:     reversal,
		Query:        query,
		CashOutQuery: outQuery,
		RefundQuery:  refundQuery,
		Attempt:      pirogue.Attempt{Ref: ref},
		Header:       http.Header{"X-Signature-Value": {sign("ws-0123456789", "another body")}},
		Forged:       "callback_forged.json",
		Secrets: []string{
			"ak-c0ffee", "ac-5e6f7a", "ws-0123456789", "YWstYzBmZmVlOmFjLTVlNmY3YQ==", "+2250707123456", "0707123456",
		},
	}
}

func TestNovasend(t *testing.T) {
	t.Parallel()
	all := errorWords()
	for _, cases := range []map[string]adaptertest.Case{
		collects(), disburses(), refunds(), payins(), payouts(), refundStatuses(), balances(),
	} {
		maps.Copy(all, cases)
	}
	adaptertest.Exercise(t, subject(), all)
}

func TestNovasendsPromises(t *testing.T) {
	t.Parallel()
	want := pirogue.Capability{
		Reference: pirogue.IdempotentByReference, Unheard: pirogue.RepeatSame, Horizon: 48 * time.Hour,
		Proof: pirogue.ProofSignature, WholeRefunds: true,
		CashIn:  pirogue.Limits{Min: 100, Max: 2_000_000},
		CashOut: pirogue.Limits{Min: 200, Max: 1_500_000},
	}
	if diff := cmp.Diff(want, reading[pirogue.Operator](t, ivory).Capability()); diff != "" {
		t.Error(diff)
	}
	want.CashIn = pirogue.Limits{Min: 200, Max: 500_000}
	want.CashOut = want.CashIn
	cameroon := with(ivory)
	cameroon.Country, cameroon.Currency = "CM", pirogue.XAF
	if diff := cmp.Diff(want, reading[pirogue.Operator](t, cameroon).Capability()); diff != "" {
		t.Error(diff)
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*config.Operator) {
		return func(c *config.Operator) { c.Credentials[name] = value }
	}
	tests := map[string]struct {
		spoil func(*config.Operator)
		says  string
	}{
		"no api_key":                {set("api_key", ""), "api_key is missing"},
		"an api_key with a colon":   {set("api_key", "ak:spoilt"), "api_key must be"},
		"no api_client":             {set("api_client", ""), "api_client is missing"},
		"an api_client of lines":    {set("api_client", "a\nspoilt"), "api_client must be"},
		"no webhook_secret":         {set("webhook_secret", ""), "webhook_secret is missing"},
		"no account in the seed's":  {set("account_id", ""), "account_id is missing"},
		"a misspelt credential":     {set("webhook_key", "spoilt"), `"webhook_key" is none`},
		"a shape of nobody's":       {func(c *config.Operator) { c.Shape = "modern" }, `shape "modern" is none of`},
		"direct where it is not":    {func(c *config.Operator) { c.Country, c.Shape = "TG", "direct" }, "does not serve"},
		"direct to who is not":      {func(c *config.Operator) { c.Network, c.Shape = "free", "direct" }, `network "free"`},
		"a country of nowhere":      {func(c *config.Operator) { c.Country = "XX" }, "country"},
		"another region's currency": {func(c *config.Operator) { c.Currency = pirogue.XAF }, "is not XOF, the one of CI"},
		"http to the real Novasend": {func(c *config.Operator) { c.Simulator = false }, "https"},
		"no address":                {func(c *config.Operator) { c.BaseURL = "" }, "base URL"},
		"play money for live keys": {func(c *config.Operator) {
			c.Mode, c.BaseURL = pirogue.Live, "https://business-staging.novasend.app"
		}, "test system"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := with(ivory)
			tt.spoil(&conf)
			_, err := novasend.New(conf, adaptertest.Now)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want one about %s", err, tt.says)
			}
			if strings.Contains(err.Error(), "spoilt") || strings.Contains(err.Error(), "0123456789") {
				t.Errorf("a credential is repeated: %v", err)
			}
		})
	}
}

func TestEveryMistakeOfAConfigurationIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := novasend.New(config.Operator{}, adaptertest.Now)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, word := range []string{"api_key", "api_client", "webhook_secret", "account_id", "country", "base URL"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s is missing in:\n%v", word, err)
		}
	}
}

func TestTheCurrentShapesNeedNoAccount(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"current", "direct"} {
		conf := with(ivory, "account_id", "")
		conf.Shape = shape
		if _, err := novasend.New(conf, adaptertest.Now); err != nil {
			t.Errorf("shape %s: %v", shape, err)
		}
	}
}

// with returns a copy of conf with other credentials, given as name, value, ….
func with(conf config.Operator, pairs ...string) config.Operator {
	conf.Credentials = maps.Clone(conf.Credentials)
	for i := 0; i < len(pairs); i += 2 {
		conf.Credentials[pairs[i]] = pairs[i+1]
	}
	return conf
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	operator, err := novasend.New(conf, adaptertest.Now)
	if err != nil {
		t.Fatal(err)
	}
	able, ok := operator.(R)
	if !ok {
		t.Fatalf("the operator is no %T", able)
	}
	return able
}
