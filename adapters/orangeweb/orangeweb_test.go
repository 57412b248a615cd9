package orangeweb_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/orangeweb"
	"pirogue/config"
	"pirogue/operator"
)

const (
	ref     = "CI7K2M9QX4V8R1T6W3ZB"
	txnID   = "MP260102.0304.A00073"
	success = `{"status":"SUCCESS","order_id":"` + ref + `","txnid":"` + txnID + `"}`
)

var handle = pirogue.Handle{"pay_token": "pt-5d41402abc", "notif_token": "nt-7d793037a0"}

// mali is a configuration of Orange Mali behind a simulator.
var mali = config.Operator{
	Code: "orange-web-ml", Adapter: "orangeweb", Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange,
	Currency:    pirogue.XOF,
	Credentials: map[string]string{"client_id": "ci-1", "client_secret": "cs-0123456789", "merchant_key": "mk-c0ffee"},
	BaseURL:     "http://127.0.0.1", Environment: "ml", Simulator: true,
}

var collection = operator.CollectRequest{
	Ref: ref, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF}, MSISDN: "+22376123456",
	Payee: "Boutique Élégance de la Médina à Bamako", ReturnURL: "https://shop.example/back",
	CancelURL: "https://shop.example/cancel", CallbackURL: "https://pay.example/callbacks/orange-web-ml/t0k3n",
}

func suite() adaptertest.Suite {
	return adaptertest.Suite{
		New:     orangeweb.New,
		Conf:    mali,
		Prelude: map[string]string{"/oauth/v3/token": "token.json"},
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect: {Status: 201, File: "session.json"},
			adaptertest.Status:  {Status: 201, File: success},
		},
		AnyNumber:  []adaptertest.Call{adaptertest.Collect},
		Collection: collection,
		Query:      operator.StatusQuery{Ref: ref, Handle: handle, Amount: collection.Amount},
		Attempt:    pirogue.Attempt{Ref: ref, Handle: handle},
		Forged:     "callback_forged.json",
		Secrets:    []string{"cs-0123456789", "mk-c0ffee", "pt-5d41402abc", "nt-7d793037a0", "at-3f1c9a", "+22376123456"},
	}
}

func TestOrangeWeb(t *testing.T) {
	t.Parallel()
	suite().Run(t, words(), collects(), statuses())
}

// words returns Orange's vocabulary: every word as a status under both HTTP statuses seen,
// and as a callback.
func words() map[string]adaptertest.Case {
	named := map[string]pirogue.Outcome{"SUCCESS": pirogue.OutcomePaid, "FAILED": pirogue.OutcomeDeclined}
	nameless := map[string]pirogue.Outcome{
		"INITIATED": pirogue.OutcomePending, "PENDING": pirogue.OutcomePending, "EXPIRED": pirogue.OutcomeExpired,
	}
	cases := map[string]adaptertest.Case{"a word the guide does not have": {
		Call: adaptertest.Callback, Reply: adaptertest.Reply{File: "callback_new_word.json"}, Code: operator.Unknown,
	}}
	for txID, vocabulary := range map[string]map[string]pirogue.Outcome{txnID: named, "": nameless} {
		status := `{"status":"*","order_id":"` + ref + `","txnid":"` + txID + `"}`
		callback := `{"status":"*","notif_token":"nt-7d793037a0","txnid":"` + txID + `"}`
		maps.Copy(cases, adaptertest.StatusWords(vocabulary,
			adaptertest.Case{Call: adaptertest.Status, Reply: adaptertest.Reply{Status: 201, File: status}, TxID: txID},
			adaptertest.Case{Call: adaptertest.Status, Reply: adaptertest.Reply{Status: 200, File: status}, TxID: txID},
			adaptertest.Case{Call: adaptertest.Callback, Reply: adaptertest.Reply{File: callback}, TxID: txID},
		))
	}
	return cases
}

// caseRow is one response with its expected result.
type caseRow adaptertest.Row

// collects returns the responses to a new session.
func collects() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"opened":                        {201, "session.json", pirogue.OutcomePending, "", ""},
		"opened but not created":        {200, "session.json", "", operator.Unknown, ""},
		"opened without pay_token":      {201, "session_no_pay_token.json", "", operator.Unknown, ""},
		"opened without notif_token":    {201, "session_no_notif_token.json", "", operator.Unknown, ""},
		"opened without a page":         {201, "session_no_page.json", "", operator.Unknown, ""},
		"opened with a relative page":   {201, "session_relative_page.json", "", operator.Unknown, ""},
		"opened with a number for text": {201, "session_number.json", "", operator.Unknown, ""},
		"refused, repeating secrets":    {400, "refused.json", "", operator.Refused, ""},
		"not subscribed":                {403, "denied.json", "", operator.Unable, ""},
		"no such country":               {404, "denied.json", "", operator.Unable, ""},
		"a 400 that is no error body":   {400, "no_error.json", "", operator.Unknown, ""},
		"the gateway timed out":         {408, "unavailable.json", "", operator.Unknown, ""},
		"the order exists":              {409, "duplicate.json", "", operator.Unknown, ""},
		"over the quota":                {429, "quota.json", "", operator.NotSent, ""},
		"out of service":                {503, "unavailable.json", "", operator.Unknown, ""},
		"a fresh token turned away":     {401, "denied.json", "", operator.NotSent, ""},
	}, adaptertest.Collect)
}

// statuses returns the other responses to a status call.
func statuses() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"paid, with cents":                {201, "status_amount_cents.json", "", operator.Unknown, ""},
		"paid, an amount that is no sum":  {201, "status_amount_word.json", "", operator.Unknown, ""},
		"a word the guide does not have":  {201, "status_new_word.json", "", operator.Unknown, ""},
		"a word in lower case":            {201, "status_lower_case.json", "", operator.Unknown, ""},
		"no word":                         {201, "status_no_word.json", "", operator.Unknown, ""},
		"another order":                   {201, "status_other_order.json", "", operator.Unknown, ""},
		"no order":                        {201, "status_no_order.json", "", operator.Unknown, ""},
		"good words under a wrong status": {202, success, "", operator.Unknown, ""},
		"a question Orange will not take": {400, "question_refused.json", "", operator.Unknown, ""},
		"an order Orange does not know":   {404, "duplicate.json", "", operator.Unknown, ""},
		"over the quota":                  {429, "quota.json", "", operator.NotSent, ""},
		"out of service":                  {503, "unavailable.json", "", operator.Unknown, ""},
		"a fresh token turned away":       {401, "denied.json", "", operator.NotSent, ""},
	}, adaptertest.Status)
	for file, minor := range map[string]int64{
		"status_amount.json":       5000,
		"status_amount_half.json":  153,
		"status_amount_float.json": 10,
	} {
		amount := pirogue.Money{Minor: minor, Currency: pirogue.XOF}
		paid := adaptertest.PaidCase(adaptertest.Status, file, txnID, amount, "")
		paid.Reply.Status = 201
		cases["paid by "+file] = paid
	}
	return cases
}

func TestEarlyCallback(t *testing.T) {
	t.Parallel()
	reader := reading[operator.CallbackReader](t, mali)
	body := `{"status":"SUCCESS","notif_token":"guessed","txnid":"MP1"}`
	got, err := reader.Callback(pirogue.Attempt{Ref: ref}, nil, []byte(body))
	require.NoError(t, err)
	require.Equal(t, pirogue.OutcomePending, got.Outcome)
	require.Empty(t, got.ProviderTxID)
	require.Contains(t, got.Message, "unproven", err)
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	set := adaptertest.SetCredential
	suite := adaptertest.Suite{New: orangeweb.New, Conf: mali, Secrets: []string{"0123456789"}}
	suite.CheckMistakes(t, map[string]adaptertest.Mistake{
		"no client_id":                  {Change: set("client_id", ""), Message: "client_id"},
		"no client_secret":              {Change: set("client_secret", ""), Message: "client_secret"},
		"no merchant_key":               {Change: set("merchant_key", ""), Message: "merchant_key"},
		"no environment":                {Change: func(c *config.Operator) { c.Environment = "" }, Message: "environment"},
		"another country's environment": {Change: func(c *config.Operator) { c.Environment = "sn" }, Message: "environment"},
		"play money for live keys": {Change: func(c *config.Operator) {
			c.Environment, c.Mode = "dev", pirogue.Live
		}, Message: "dev"},
		"play money in the books": {Change: func(c *config.Operator) { c.Currency = "OUV" }, Message: "currency"},
		"http to the real Orange": {Change: func(c *config.Operator) { c.Simulator = false }, Message: "https"},
		"no address":              {Change: func(c *config.Operator) { c.BaseURL = "" }, Message: "base URL"},
	})
}

func TestEveryConfigurationMistake(t *testing.T) {
	t.Parallel()
	adaptertest.Suite{New: orangeweb.New}.CheckEveryMistake(t,
		"client_id", "client_secret", "merchant_key", "environment", "currency", "base URL")
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	return adaptertest.OpenAs[R](t, orangeweb.New, conf)
}
