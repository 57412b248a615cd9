package novasend_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/client"
	"pirogue/adapters/novasend"
	"pirogue/config"
	"pirogue/operator"
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

// ivory is a configuration of Novasend in Côte d'Ivoire behind a simulator, in the seed's
// shape.
var ivory = config.Operator{
	Code: "novasend-ci", Adapter: "novasend", Mode: pirogue.Test, Country: "CI", Currency: pirogue.XOF,
	Credentials: map[string]string{
		"api_key": "ak-c0ffee", "api_client": "ac-5e6f7a", "account_id": "merchant_9923lkdz",
		"webhook_secret": "ws-0123456789",
	},
	BaseURL: "http://127.0.0.1", Simulator: true,
}

var collection = operator.CollectRequest{
	Ref: ref, Amount: francs, MSISDN: "+2250707123456", Network: pirogue.MTN, Payer: "Aya Kouassi", Payee: "Boutique",
	ReturnURL: "https://shop.example/back", CancelURL: "https://shop.example/cancel",
	CallbackURL: "https://pay.example/callbacks/novasend-ci/t0k3n", Window: 5 * time.Minute,
}

var disbursement = operator.DisburseRequest{
	Ref: outRef, Amount: francs, MSISDN: "+2250707123456", Network: pirogue.MTN, Beneficiary: "Aya Kouassi",
	Payer: "Boutique",
}

var query = named(adaptertest.QueryOf(client.CollectSubmission(collection)))

// named returns a status query that holds Novasend's name of the payin.
func named(q operator.StatusQuery) operator.StatusQuery {
	q.Handle = pirogue.Handle{"id": payinID}
	return q
}

var outQuery = adaptertest.QueryOf(client.DisburseSubmission(disbursement))

var refundQuery = operator.StatusQuery{
	Kind: pirogue.Refund, Ref: refundRef, Handle: pirogue.Handle{"payin": payinID, "payin_ref": ref}, Amount: francs,
	MSISDN: "+2250707123456", SentAt: adaptertest.Now(), RefundedCollect: &query,
}

var reversal = operator.RefundRequest{Ref: refundRef, Amount: francs, CollectQuery: query}

func suite() adaptertest.Suite {
	return adaptertest.Suite{
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
		RefundQuery:  refundQuery,
		Header:       http.Header{"X-Signature-Value": {sign("ws-0123456789", "another body")}},
		Forged:       "callback_forged.json",
		Secrets: []string{
			"ak-c0ffee", "ac-5e6f7a", "ws-0123456789", "YWstYzBmZmVlOmFjLTVlNmY3YQ==", "+2250707123456", "0707123456",
			"ws-[secret]", "07 07 12 34", "07.07.12.34", "99 12 34 56",
		},
	}
}

func TestNovasend(t *testing.T) {
	t.Parallel()
	suite().Run(t, errorWords(), collects(), disburses(), refunds(), payins(), payouts(),
		refundStatuses(), balances())
}

func TestNovasendsPromises(t *testing.T) {
	t.Parallel()
	want := operator.Capability{
		Reference: operator.IdempotentByReference, OnLostResponse: operator.ResendSameReference,
		FinalityWindow: 48 * time.Hour,
		Proof:          operator.ProofSignature, WholeRefunds: true, CallTimeout: 30 * time.Second,
		CashIn:  operator.Limits{Min: 100, Max: 2_000_000},
		CashOut: operator.Limits{Min: 200, Max: 1_500_000},
	}
	require.Equal(t, want, reading[operator.Operator](t, ivory).Capability())
	want.CashIn = operator.Limits{Min: 200, Max: 500_000}
	want.CashOut = want.CashIn
	cameroon := adaptertest.WithCredentials(ivory)
	cameroon.Country, cameroon.Currency = "CM", pirogue.XAF
	require.Equal(t, want, reading[operator.Operator](t, cameroon).Capability())
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	set := adaptertest.SetCredential
	suite := adaptertest.Suite{New: novasend.New, Conf: ivory, Secrets: []string{"spoilt", "0123456789"}}
	suite.CheckMistakes(t, map[string]adaptertest.Mistake{
		"no api_key":               {Change: set("api_key", ""), Message: "api_key is missing"},
		"an api_key with a colon":  {Change: set("api_key", "ak:spoilt"), Message: "api_key must be"},
		"no api_client":            {Change: set("api_client", ""), Message: "api_client is missing"},
		"an api_client of lines":   {Change: set("api_client", "a\nspoilt"), Message: "api_client must be"},
		"no webhook_secret":        {Change: set("webhook_secret", ""), Message: "webhook_secret is missing"},
		"no account in the seed's": {Change: set("account_id", ""), Message: "account_id is missing"},
		"a misspelt credential":    {Change: set("webhook_key", "spoilt"), Message: `"webhook_key" is none`},
		"a shape of nobody's": {
			Change: func(c *config.Operator) { c.Shape = "modern" }, Message: `shape "modern" is none of`,
		},
		"direct where it is not": {
			Change: func(c *config.Operator) { c.Country, c.Shape = "TG", "direct" }, Message: "does not serve",
		},
		"direct to who is not": {
			Change: func(c *config.Operator) { c.Network, c.Shape = "free", "direct" }, Message: `network "free"`,
		},
		"a country of nowhere": {Change: func(c *config.Operator) { c.Country = "XX" }, Message: "country"},
		"another region's currency": {
			Change: func(c *config.Operator) { c.Currency = pirogue.XAF }, Message: "is not XOF, the one of CI",
		},
		"http to the real Novasend": {Change: func(c *config.Operator) { c.Simulator = false }, Message: "https"},
		"no address":                {Change: func(c *config.Operator) { c.BaseURL = "" }, Message: "base URL"},
		"play money for live keys": {Change: func(c *config.Operator) {
			c.Mode, c.BaseURL = pirogue.Live, "https://business-staging.novasend.app"
		}, Message: "test system"},
	})
}

func TestEveryConfigurationMistake(t *testing.T) {
	t.Parallel()
	adaptertest.Suite{New: novasend.New}.CheckEveryMistake(t,
		"api_key", "api_client", "webhook_secret", "account_id", "country", "base URL")
}

func TestShapesWithoutAccount(t *testing.T) {
	t.Parallel()
	for _, shape := range []string{"current", "direct"} {
		conf := adaptertest.WithCredentials(ivory, "account_id", "")
		conf.Shape = shape
		_, err := novasend.New(conf, adaptertest.Now)
		require.NoError(t, err, shape)
	}
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	return adaptertest.OpenAs[R](t, novasend.New, conf)
}
