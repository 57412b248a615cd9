package digitalpaye_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/client"
	"pirogue/adapters/digitalpaye"
	"pirogue/config"
	"pirogue/operator"
)

const (
	ref    = "CI7K2M9QX4V8R1T6W3ZB" // of the collection
	outRef = "CO7K2M9QX4V8R1T6W3ZB" // of the disbursement
	otp    = "482613"
	number = "+2250700000001"
)

var francs = pirogue.Money{Minor: 5000, Currency: pirogue.XOF}

// ivory is a configuration of Digitalpaye behind a simulator, in the seed's shape.
var ivory = config.Operator{
	Code: "digitalpaye-ci", Adapter: "digitalpaye", Mode: pirogue.Test, Country: "CI", Currency: pirogue.XOF,
	Credentials: map[string]string{"api_key": "ak-1", "api_secret": "as-0123456789"},
	BaseURL:     "http://127.0.0.1", Environment: "sandbox", Simulator: true,
}

var collection = operator.CollectRequest{
	Ref: ref, Amount: francs, MSISDN: number, Network: pirogue.Orange, Payer: "Client Essai", Payee: "Boutique",
	ReturnURL: "https://shop.example/back", CancelURL: "https://shop.example/cancel", OTP: otp, Window: 5 * time.Minute,
}

var disbursement = operator.DisburseRequest{
	Ref: outRef, Amount: francs, MSISDN: number, Network: pirogue.Orange, Beneficiary: "Client Essai", Payer: "Boutique",
}

var (
	query    = adaptertest.QueryOf(client.CollectSubmission(collection))
	outQuery = adaptertest.QueryOf(client.DisburseSubmission(disbursement))
)

// spelling holds the test data that the shapes of one spelling share.
type spelling struct {
	prefix string // of its files
	named  string // the name of the transactions in them
}

var (
	seed  = spelling{"seed_", "RCI-DIGITALP-7698"}
	pages = spelling{"pages_", "A1B2C3D4E5"}
)

// shapes maps every shape to its spelling.
var shapes = map[string]spelling{"": seed, "sdk": seed, "v1": pages}

func (s spelling) suite(conf config.Operator) adaptertest.Suite {
	good := adaptertest.Reply{Status: 200, File: s.prefix + "in_successful.json"}
	goodOut := adaptertest.Reply{Status: 200, File: s.prefix + "out_successful.json"}
	named := query
	named.Handle = pirogue.Handle{"ref": s.named}
	return adaptertest.Suite{
		New:     digitalpaye.New,
		Conf:    conf,
		Prelude: map[string]string{"/v1/auth": "token.json"},
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect:       {Status: 202, File: s.prefix + "in_pending.json"},
			adaptertest.Disburse:      goodOut,
			adaptertest.Status:        good,
			adaptertest.CashOutStatus: goodOut,
			adaptertest.Balance:       {Status: 200, File: s.prefix + "balance_older.json"},
		},
		Collection:   collection,
		Disbursement: disbursement,
		Query:        named,
		Secrets: []string{
			"ak-1", "as-0123456789", "at-3f1c9a", otp, number, "2250700000001", "0700000001", "as-[secret]", "07 00 00 00",
			"07.00.00.00", strings.Repeat("QUJD", 20),
		},
	}
}

func TestDigitalpaye(t *testing.T) {
	t.Parallel()
	for name, s := range shapes {
		t.Run("shape "+name, func(t *testing.T) {
			t.Parallel()
			conf, quirks := ivory, map[string]adaptertest.Case{}
			conf.Shape = name
			if s == seed {
				quirks = ends()
			}
			s.suite(conf).Run(t, s.words(), s.orders(), s.statuses(), s.rows(), s.balances(), quirks)
		})
	}
}

// directions maps the calls that read a transaction to the prefix of their files.
var directions = map[adaptertest.Call]string{
	adaptertest.Collect: "in_", adaptertest.Status: "in_",
	adaptertest.Disburse: "out_", adaptertest.CashOutStatus: "out_",
}

// words returns Digitalpaye's vocabulary: every word as a response to every call, and as a
// callback.
func (s spelling) words() map[string]adaptertest.Case {
	vocabulary := map[string]pirogue.Outcome{
		"successful":  pirogue.OutcomePaid,
		"successfull": pirogue.OutcomePaid,
		"sucessful":   pirogue.OutcomePaid,
		"failed":      pirogue.OutcomeDeclined,
	}
	responses := []adaptertest.Case{
		adaptertest.PaidCase(adaptertest.Callback, s.prefix+"callback_*.json", s.named, pirogue.Money{}, ""),
	}
	for call, direction := range directions {
		responses = append(responses, adaptertest.PaidCase(call, s.prefix+direction+"*.json", s.named, francs, ""))
	}
	cases := adaptertest.StatusWords(vocabulary, responses...)
	for i := range responses {
		responses[i].Reply.Status = 202 // for an undecided transaction
	}
	maps.Copy(cases, adaptertest.StatusWords(map[string]pirogue.Outcome{"pending": pirogue.OutcomePending}, responses...))
	for _, file := range []string{"callback_new_word.json", "callback_other_order.json", "callback_no_order.json"} {
		cases[file] = adaptertest.Case{
			Call: adaptertest.Callback, Reply: adaptertest.Reply{File: s.prefix + file}, Code: operator.Unknown,
		}
	}
	return cases
}

// caseRow is one response with its expected result.
type caseRow adaptertest.Row

// orders returns the ways in which Digitalpaye may refuse an order, or seem to.
func (s spelling) orders() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"refused":                             {400, s.prefix + "bad_request" + ".json", "", operator.Refused, ""},
		"refused for two reasons":             {400, s.prefix + "reason_list" + ".json", "", operator.Refused, ""},
		"refused with a status in text":       {400, s.prefix + "code_as_text" + ".json", "", operator.Refused, ""},
		"refused for want of float":           {412, s.prefix + "no_float" + ".json", "", operator.Unable, ""},
		"refused for want of float, at large": {412, s.prefix + "no_float_as_reason" + ".json", "", operator.Unable, ""},
		"refused under 200":                   {200, s.prefix + "no_float" + ".json", "", operator.Unable, ""},
		"refused, repeating secrets":          {400, s.prefix + "repeats_secrets" + ".json", "", operator.Refused, ""},
		"412 for no reason we know":           {412, s.prefix + "new_412" + ".json", "", operator.Unknown, ""},
		"a word of another status":            {400, s.prefix + "no_float" + ".json", "", operator.Unknown, ""},
		"a word nobody knows":                 {400, s.prefix + "new_error" + ".json", "", operator.Unknown, ""},
		"an error without a status":           {400, s.prefix + "no_code" + ".json", "", operator.Unknown, ""},
		"an error whose status is a word":     {400, s.prefix + "code_in_words" + ".json", "", operator.Unknown, ""},
		"not found":                           {404, s.prefix + "not_found" + ".json", "", operator.Unknown, ""},
		"there already":                       {409, s.prefix + "exists" + ".json", "", operator.Unknown, ""},
		"there already, as a bad request":     {400, s.prefix + "exists_as_reason" + ".json", "", operator.Unknown, ""},
		"refused, naming our reference":       {400, s.prefix + "names_ours" + ".json", "", operator.Unknown, ""},
		"timed out at the gateway":            {408, s.prefix + "bad_request" + ".json", "", operator.Unknown, ""},
		"failed inside":                       {500, s.prefix + "internal" + ".json", "", operator.Unknown, ""},
		"refused under 500":                   {500, s.prefix + "no_float" + ".json", "", operator.Unknown, ""},
		"out of time":                         {504, s.prefix + "try_against_bare" + ".json", "", operator.Unknown, ""},
		"turned away under 200":               {200, s.prefix + "token_expired" + ".json", "", operator.NotSent, ""},
		"turned away at large under 200":      {200, s.prefix + "unauthorized" + ".json", "", operator.NotSent, ""},
		"a fresh token turned away":           {401, s.prefix + "token_expired" + ".json", "", operator.NotSent, ""},
		"over the quota":                      {429, s.prefix + "bad_request" + ".json", "", operator.NotSent, ""},
	}, adaptertest.Collect, adaptertest.Disburse)
	for name, c := range cases {
		if c.Call == adaptertest.Collect && c.Code == operator.Unable {
			c.Code = operator.Refused // the insufficient balance is the payer's
			cases[name] = c
		}
	}
	cases["refused, repeating the password"] = adaptertest.Case{
		Call: adaptertest.Collect, Reply: adaptertest.Reply{Status: 400, File: s.prefix + "repeats_otp.json"},
		Code: operator.Refused,
	}
	return cases
}

// statuses returns the other responses to a status call. None of them is a refusal.
func (s spelling) statuses() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"a question it will not take": {400, s.prefix + "bad_request" + ".json", "", operator.Unknown, ""},
		"not enough float":            {412, s.prefix + "no_float" + ".json", "", operator.Unknown, ""},
		"there already":               {409, s.prefix + "exists" + ".json", "", operator.Unknown, ""},
		"not found, nor a list":       {404, s.prefix + "not_found" + ".json", "", operator.Unknown, ""},
		"not found under 200":         {200, s.prefix + "not_found" + ".json", "", operator.Unknown, ""},
		"not found, says a page":      {404, s.prefix + "no_code" + ".json", "", operator.Unknown, ""},
		"failed inside":               {500, s.prefix + "internal" + ".json", "", operator.Unknown, ""},
		"a fresh token turned away":   {401, s.prefix + "unauthorized" + ".json", "", operator.NotSent, ""},
		"over the quota":              {429, s.prefix + "bad_request" + ".json", "", operator.NotSent, ""},
	}, adaptertest.Status, adaptertest.CashOutStatus, adaptertest.Balance)
}

// ends returns failed transactions in the envelope of a failure. For a status call each is
// a final result. For an order each is Unknown, as every response besides 200 and 202.
func ends() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for call, direction := range directions {
		for file, asked := range map[string]adaptertest.Case{
			"ended":        {Outcome: pirogue.OutcomeDeclined, TxID: seed.named},
			"ended_paid":   {Code: operator.Unknown, TxID: seed.named},
			"error_failed": {Code: operator.Unknown, TxID: seed.named},
		} {
			c := asked
			if call == adaptertest.Collect || call == adaptertest.Disburse {
				c = adaptertest.Case{Code: operator.Unknown, TxID: seed.named}
			}
			c.Call, c.Reply = call, adaptertest.Reply{Status: 200, File: seed.prefix + direction + file + ".json"}
			cases[file+" to "+string(call)] = c
		}
	}
	return cases
}

// balances returns the forms in which Digitalpaye may report a balance.
func (s spelling) balances() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for name, minor := range map[string]int64{
		"older": 1_250_000, "newer": 1_250_000, "decimals": 99_992, "below_nothing": -8,
	} {
		cases["balance "+name] = adaptertest.Case{
			Call: adaptertest.Balance, Reply: adaptertest.Reply{Status: 200, File: s.prefix + "balance_" + name + ".json"},
			Amount: pirogue.Money{Minor: minor, Currency: pirogue.XOF},
		}
	}
	for _, name := range []string{"other_currency", "no_amount", "word", "nothing"} {
		cases["balance "+name] = adaptertest.Case{
			Call: adaptertest.Balance, Reply: adaptertest.Reply{Status: 200, File: s.prefix + "balance_" + name + ".json"},
			Code: operator.Unknown,
		}
	}
	return cases
}

func TestDigitalpayesPromises(t *testing.T) {
	t.Parallel()
	limits := operator.Limits{Min: 100, Max: 1_000_000}
	want := operator.Capability{
		Reference: operator.StatusByReference, OnLostResponse: operator.ResendNever, FinalityWindow: 24 * time.Hour,
		Proof: operator.ProofNone, RefusalSpan: 10 * time.Minute, CallTimeout: 10 * time.Second, CashIn: limits,
		CashOut: limits, StatementNames: true, DecidesAtOnce: operator.AtOnce{MoneyOut: true},
	}
	require.Equal(t, want, reading[operator.Operator](t, ivory).Capability())
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	return adaptertest.OpenAs[R](t, digitalpaye.New, conf)
}
