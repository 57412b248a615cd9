package orangeweb_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/orangeweb"
	"pirogue/config"
)

const (
	ref     = "CI7K2M9QX4V8R1T6W3ZB"
	txnID   = "MP260102.0304.A00073"
	success = "status_success.json"
)

var handle = pirogue.Handle{"pay_token": "pt-5d41402abc", "notif_token": "nt-7d793037a0"}

// mali is Orange Mali behind a simulator.
var mali = config.Operator{
	Code: "orange-web-ml", Adapter: "orangeweb", Mode: pirogue.Test, Country: "ML", Network: pirogue.Orange, Currency: pirogue.XOF,
	Credentials: map[string]string{"client_id": "ci-1", "client_secret": "cs-0123456789", "merchant_key": "mk-c0ffee"},
	Environment: "ml", Simulator: true,
}

var collection = pirogue.Collection{
	Ref: ref, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF}, MSISDN: "+22376123456",
	Payee: "Boutique Élégance de la Médina à Bamako", ReturnURL: "https://shop.example/back",
	CancelURL: "https://shop.example/cancel", CallbackURL: "https://pay.example/callbacks/orange-web-ml/t0k3n",
}

func subject() adaptertest.Subject {
	return adaptertest.Subject{
		New:     orangeweb.New,
		Conf:    mali,
		Prelude: map[string]string{"/oauth/v3/token": "token.json"},
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect: {Status: 201, File: "session.json"},
			adaptertest.Status:  {Status: 201, File: success},
		},
		Collection: collection,
		Query:      pirogue.StatusQuery{Ref: ref, Handle: handle, Amount: collection.Amount},
		Attempt:    pirogue.Attempt{Ref: ref, Handle: handle},
		Forged:     "callback_forged.json",
		Secrets:    []string{"cs-0123456789", "mk-c0ffee", "pt-5d41402abc", "nt-7d793037a0", "at-3f1c9a", "+22376123456"},
	}
}

func TestOrangeWeb(t *testing.T) {
	t.Parallel()
	all := words()
	maps.Copy(all, collects())
	maps.Copy(all, statuses())
	adaptertest.Exercise(t, subject(), all)
}

// words is Orange's vocabulary: every word, as a status under both HTTP statuses
// seen and as a callback.
func words() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for _, w := range []struct {
		word    string
		outcome pirogue.Outcome
		txID    string
	}{
		{"initiated", pirogue.OutcomePending, ""},
		{"pending", pirogue.OutcomePending, ""},
		{"expired", pirogue.OutcomeExpired, ""},
		{"success", pirogue.OutcomePaid, txnID},
		{"failed", pirogue.OutcomeDeclined, txnID},
	} {
		for _, status := range []int{200, 201} {
			cases[fmt.Sprintf("%s with %d", w.word, status)] = adaptertest.Case{
				Call: adaptertest.Status, Reply: adaptertest.Reply{Status: status, File: "status_" + w.word + ".json"},
				Outcome: w.outcome, TxID: w.txID,
			}
		}
		cases[w.word] = adaptertest.Case{
			Call: adaptertest.Callback, Reply: adaptertest.Reply{File: "callback_" + w.word + ".json"},
			Outcome: w.outcome, TxID: w.txID,
		}
	}
	cases["a word the guide does not have"] = adaptertest.Case{
		Call: adaptertest.Callback, Reply: adaptertest.Reply{File: "callback_new_word.json"}, Code: pirogue.Unknown,
	}
	return cases
}

// collects is what Orange may say to a new session.
func collects() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for name, c := range map[string]struct {
		status  int
		file    string
		outcome pirogue.Outcome
		code    pirogue.Code
	}{
		"opened":                        {201, "session.json", pirogue.OutcomePending, ""},
		"opened but not created":        {200, "session.json", "", pirogue.Unknown},
		"opened without pay_token":      {201, "session_no_pay_token.json", "", pirogue.Unknown},
		"opened without notif_token":    {201, "session_no_notif_token.json", "", pirogue.Unknown},
		"opened without a page":         {201, "session_no_page.json", "", pirogue.Unknown},
		"opened with a relative page":   {201, "session_relative_page.json", "", pirogue.Unknown},
		"opened with a number for text": {201, "session_number.json", "", pirogue.Unknown},
		"refused, repeating secrets":    {400, "refused.json", "", pirogue.Refused},
		"not subscribed":                {403, "denied.json", "", pirogue.Unable},
		"no such country":               {404, "denied.json", "", pirogue.Unable},
		"a 400 that is no error body":   {400, "no_error.json", "", pirogue.Unknown},
		"the gateway timed out":         {408, "unavailable.json", "", pirogue.Unknown},
		"the order exists":              {409, "duplicate.json", "", pirogue.Unknown},
		"over the quota":                {429, "quota.json", "", pirogue.NotSent},
		"out of service":                {503, "unavailable.json", "", pirogue.Unknown},
		"a fresh token turned away":     {401, "denied.json", "", pirogue.NotSent},
	} {
		cases[name] = adaptertest.Case{
			Call: adaptertest.Collect, Reply: adaptertest.Reply{Status: c.status, File: c.file}, Outcome: c.outcome, Code: c.code,
		}
	}
	return cases
}

// statuses is what else Orange may say to a question.
func statuses() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for name, c := range map[string]struct {
		status int
		file   string
		francs int64 // 0 where the case ends in a code
		code   pirogue.Code
	}{
		"paid, saying how much":           {201, "status_amount.json", 5000, ""},
		"paid, half of it in decimals":    {201, "status_amount_half.json", 153, ""},
		"paid, in a float":                {201, "status_amount_float.json", 10, ""},
		"paid, with cents":                {201, "status_amount_cents.json", 0, pirogue.Unknown},
		"paid, an amount that is no sum":  {201, "status_amount_word.json", 0, pirogue.Unknown},
		"a word the guide does not have":  {201, "status_new_word.json", 0, pirogue.Unknown},
		"a word in lower case":            {201, "status_lower_case.json", 0, pirogue.Unknown},
		"no word":                         {201, "status_no_word.json", 0, pirogue.Unknown},
		"another order":                   {201, "status_other_order.json", 0, pirogue.Unknown},
		"no order":                        {201, "status_no_order.json", 0, pirogue.Unknown},
		"good words under a wrong status": {202, success, 0, pirogue.Unknown},
		"a question Orange will not take": {400, "question_refused.json", 0, pirogue.Unknown},
		"an order Orange does not know":   {404, "duplicate.json", 0, pirogue.Unknown},
		"over the quota":                  {429, "quota.json", 0, pirogue.NotSent},
		"out of service":                  {503, "unavailable.json", 0, pirogue.Unknown},
		"a fresh token turned away":       {401, "denied.json", 0, pirogue.NotSent},
	} {
		row := adaptertest.Case{
			Call: adaptertest.Status, Reply: adaptertest.Reply{Status: c.status, File: c.file}, Code: c.code,
		}
		if c.francs != 0 {
			row.Outcome, row.TxID = pirogue.OutcomePaid, txnID
			row.Amount = pirogue.Money{Minor: c.francs, Currency: pirogue.XOF}
		}
		cases[name] = row
	}
	return cases
}

func TestACallbackBeforeOurOwnCallReturnedIsOnlyAHint(t *testing.T) {
	t.Parallel()
	reader := reading[pirogue.CallbackReader](t, mali)
	body := `{"status":"SUCCESS","notif_token":"guessed","txnid":"MP1"}`
	got, err := reader.Callback(pirogue.Attempt{Ref: ref}, nil, []byte(body))
	if err != nil || got.Outcome != pirogue.OutcomePending || got.ProviderTxID != "" || !strings.Contains(got.Words, "unproven") {
		t.Errorf("%+v, %v; want a pending receipt that believes nothing", got, err)
	}
}

func TestConfigurationsThatCannotWork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil func(*config.Operator)
		says  string
	}{
		"no client_id":                  {func(c *config.Operator) { delete(c.Credentials, "client_id") }, "client_id"},
		"no client_secret":              {func(c *config.Operator) { delete(c.Credentials, "client_secret") }, "client_secret"},
		"no merchant_key":               {func(c *config.Operator) { delete(c.Credentials, "merchant_key") }, "merchant_key"},
		"no environment":                {func(c *config.Operator) { c.Environment = "" }, "environment"},
		"another country's environment": {func(c *config.Operator) { c.Environment = "sn" }, "environment"},
		"play money for live keys":      {func(c *config.Operator) { c.Environment, c.Mode = "dev", pirogue.Live }, "dev"},
		"play money in the books":       {func(c *config.Operator) { c.Currency = "OUV" }, "currency"},
		"http to the real Orange":       {func(c *config.Operator) { c.Simulator = false }, "https"},
		"no address":                    {func(c *config.Operator) { c.BaseURL = "" }, "base URL"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := mali
			conf.BaseURL = "http://127.0.0.1"
			conf.Credentials = maps.Clone(mali.Credentials)
			tt.spoil(&conf)
			if _, err := orangeweb.New(conf, adaptertest.Now); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one about %s", err, tt.says)
			}
		})
	}
}

func TestEveryMistakeOfAConfigurationIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := orangeweb.New(config.Operator{}, adaptertest.Now)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, word := range []string{"client_id", "client_secret", "merchant_key", "environment", "currency", "base URL"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s is missing in:\n%v", word, err)
		}
	}
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	if conf.BaseURL == "" {
		conf.BaseURL = "http://127.0.0.1"
	}
	operator, err := orangeweb.New(conf, adaptertest.Now)
	if err != nil {
		t.Fatal(err)
	}
	able, ok := operator.(R)
	if !ok {
		t.Fatalf("the operator is no %T", able)
	}
	return able
}
