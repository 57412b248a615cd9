package sonatel_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/client"
	"pirogue/adapters/sonatel"
	"pirogue/config"
	"pirogue/operator"
)

const (
	ref    = "CI7K2M9QX4V8R1T6W3ZB" // of the collection
	outRef = "CO7K2M9QX4V8R1T6W3ZB" // of the disbursement
	mpID   = "MP260102.0304.A00073"
	ciID   = "CI260102.0304.B00021"
	pin    = "4826"
)

var francs = pirogue.Money{Minor: 5000, Currency: pirogue.XOF}

// senegal is a configuration of Orange Senegal behind a simulator.
var senegal = config.Operator{
	Code: "sonatel-sn", Adapter: "sonatel", Mode: pirogue.Test, Country: "SN", Network: pirogue.Orange,
	Currency: pirogue.XOF,
	Credentials: map[string]string{
		"client_id": "ci-1", "client_secret": "cs-0123456789", "msisdn": "781112233", "pin": pin,
		"merchant_code": "123456", "merchant_name": "Boutique Teranga", "callback_key": "cb-5e6f7a==",
	},
	BaseURL: "http://127.0.0.1", Simulator: true,
}

var collection = operator.CollectRequest{
	Ref: ref, Amount: francs, MSISDN: "+221771234567", Payee: "Boutique Élégance de la Médina et de Ouakam à Dakar",
	ReturnURL: "https://shop.example/back", CancelURL: "https://shop.example/cancel",
	CallbackURL: "https://pay.example/callbacks/sonatel-sn/t0k3n", Window: 5 * time.Minute,
}

var disbursement = operator.DisburseRequest{Ref: outRef, Amount: francs, MSISDN: "+221771234567", Payer: "Boutique"}

var (
	query    = adaptertest.QueryOf(client.CollectSubmission(collection))
	outQuery = adaptertest.QueryOf(client.DisburseSubmission(disbursement))
)

func suite() adaptertest.Suite {
	return adaptertest.Suite{
		New:     sonatel.New,
		Conf:    senegal,
		Prelude: map[string]string{"/oauth/v1/token": "token.json", "/api/account/v1/publicKeys": "public_key.json"},
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect:       {Status: 200, File: "qr.json"},
			adaptertest.Disburse:      {Status: 200, File: "cashin_success.json"},
			adaptertest.Status:        {Status: 200, File: "paid_in_success.json"},
			adaptertest.CashOutStatus: {Status: 200, File: "paid_out_success.json"},
			adaptertest.Balance:       {Status: 200, File: "balance.json"},
		},
		EmptyList: map[adaptertest.Call]pirogue.Outcome{
			adaptertest.Status: pirogue.OutcomePending, adaptertest.CashOutStatus: pirogue.OutcomeAbsent,
		},
		AnyNumber:    []adaptertest.Call{adaptertest.Collect}, // a QR names no customer
		Collection:   collection,
		Disbursement: disbursement,
		Query:        query,
		Header:       http.Header{"Authorization": {"Basic cb-5e6f7a=="}},
		Forged:       "callback_forged.json",
		Secrets: []string{
			"cs-0123456789", "cb-5e6f7a==", "at-3f1c9a", pin, "+221771234567", "771234567", "cs-[secret]",
			strings.Repeat("QUJD", 20),
		},
	}
}

func TestSonatel(t *testing.T) {
	t.Parallel()
	suite().Run(t, words(), collects(), disburses(), statuses(), cashOutStatuses(), balances())
}

// words returns Orange's vocabulary. Every word comes as the response to a deposit, as a
// status of either kind, and as a callback.
func words() map[string]adaptertest.Case {
	none := pirogue.Money{}
	cases := adaptertest.StatusWords(map[string]pirogue.Outcome{
		"pre_initiated": pirogue.OutcomePending,
		"initiated":     pirogue.OutcomePending,
		"pending":       pirogue.OutcomePending,
		"accepted":      pirogue.OutcomePending,
		"success":       pirogue.OutcomePaid,
		"failed":        pirogue.OutcomeDeclined,
		"rejected":      pirogue.OutcomeDeclined,
		"cancelled":     pirogue.OutcomeDeclined,
	},
		adaptertest.PaidCase(adaptertest.Disburse, "cashin_*.json", ciID, none, ""),
		adaptertest.PaidCase(adaptertest.Status, "paid_in_*.json", mpID, francs, ""),
		adaptertest.PaidCase(adaptertest.CashOutStatus, "paid_out_*.json", ciID, francs, ""),
		adaptertest.PaidCase(adaptertest.Callback, "callback_*.json", mpID, none, ""),
	)
	for _, file := range []string{"callback_new_word.json", "callback_other_reference.json"} {
		cases[file] = adaptertest.Case{
			Call: adaptertest.Callback, Reply: adaptertest.Reply{File: file}, Code: operator.Unknown,
		}
	}
	return cases
}

// caseRow is one response with its expected result.
type caseRow adaptertest.Row

// collects returns the responses to a request for a QR.
func collects() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"opened":                          {200, "qr.json", pirogue.OutcomePending, "", ""},
		"opened with 201":                 {201, "qr.json", pirogue.OutcomePending, "", ""},
		"opened, the picture alone":       {200, "qr_picture_alone.json", pirogue.OutcomePending, "", ""},
		"opened without qrId":             {200, "qr_no_id.json", "", operator.Unknown, ""},
		"opened with nothing to show":     {200, "qr_nothing_to_show.json", "", operator.Unknown, ""},
		"refused, repeating secrets":      {400, "code_repeats.json", "", operator.Refused, ""},
		"refused with numbers for text":   {400, "code_number.json", "", operator.Refused, ""},
		"not subscribed":                  {403, "code_11.json", "", operator.NotSent, ""},
		"forbidden, by we know not whom":  {403, "problem_no_code.json", "", operator.Unknown, ""},
		"refused for an undocumented why": {400, "code_7777.json", "", operator.Unknown, ""},
		"over the quota":                  {429, "problem_no_code.json", "", operator.NotSent, ""},
		"a fresh token turned away":       {401, "code_11.json", "", operator.NotSent, ""},
	}, adaptertest.Collect)
}

// disburses returns the other responses to a deposit.
func disburses() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"done with 201":                   {201, "cashin_success.json", pirogue.OutcomePaid, "", ciID},
		"a word nobody knows":             {200, "cashin_new_word.json", "", operator.Unknown, ""},
		"about another reference":         {200, "cashin_other_reference.json", "", operator.Unknown, ""},
		"refused: balance too low":        {400, "code_2020.json", "", operator.Unable, ""},
		"refused: wrong PIN":              {400, "code_2011.json", "", operator.Unable, ""},
		"refused: not found":              {404, "code_60.json", "", operator.Refused, ""},
		"refused with 200":                {200, "code_2020.json", "", operator.Unknown, ""},
		"refused, repeating secrets":      {400, "code_repeats.json", "", operator.Refused, ""},
		"refused for an undocumented why": {400, "code_7777.json", "", operator.Unknown, ""},
		"pending already":                 {400, "code_51.json", "", operator.Unknown, ""},
		"a conflict":                      {409, "code_2020.json", "", operator.Unknown, ""},
		"timed out at the gateway":        {408, "code_2020.json", "", operator.Unknown, ""},
		"failed, with a code of refusals": {500, "code_2020.json", "", operator.Unknown, ""},
		"out of time":                     {504, "code_4003.json", "", operator.Unknown, ""},
		"a PIN that no key can seal":      {400, "code_4003.json", "", operator.NotSent, ""},
		"not subscribed":                  {403, "code_11.json", "", operator.NotSent, ""},
		"over the quota":                  {429, "problem_no_code.json", "", operator.NotSent, ""},
		"a fresh token turned away":       {401, "code_11.json", "", operator.NotSent, ""},
	}, adaptertest.Disburse)
}

// statuses returns the other lists that Orange may return for a collection.
func statuses() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"listed nowhere":                  {200, "rows_empty.json", pirogue.OutcomePending, "", ""},
		"listed nowhere, in an object":    {200, "rows_none_in_object.json", pirogue.OutcomePending, "", ""},
		"in an object without a list":     {200, "rows_no_list.json", "", operator.Unknown, ""},
		"failed, but pending again":       {200, "rows_failed_then_pending.json", pirogue.OutcomePending, "", mpID},
		"failed, giving a reason":         {200, "rows_reason.json", pirogue.OutcomeDeclined, "", mpID},
		"failed, and a word unknown":      {200, "rows_failed_and_new_word.json", "", operator.Unknown, ""},
		"a word unknown":                  {200, "rows_new_word.json", "", operator.Unknown, ""},
		"a word in lower case":            {200, "rows_lower_case.json", "", operator.Unknown, ""},
		"another reference":               {200, "rows_other_reference.json", "", operator.Unknown, ""},
		"another type":                    {200, "rows_other_type.json", "", operator.Unknown, ""},
		"a type unknown":                  {200, "rows_new_type.json", "", operator.Unknown, ""},
		"paid, not saying how much":       {200, "rows_no_amount.json", "", operator.Unknown, ""},
		"paid, not saying in what":        {200, "rows_no_unit.json", "", operator.Unknown, ""},
		"paid, with half a franc":         {200, "rows_cents.json", "", operator.Unknown, ""},
		"paid, with a tenth of a franc":   {200, "rows_tiny.json", "", operator.Unknown, ""},
		"a question Orange will not take": {400, "code_2020.json", "", operator.Unknown, ""},
		"not found":                       {404, "code_60.json", "", operator.Unknown, ""},
		"not subscribed":                  {403, "code_11.json", "", operator.NotSent, ""},
		"over the quota":                  {429, "problem_no_code.json", "", operator.NotSent, ""},
	}, adaptertest.Status)
	for name, c := range map[string]struct {
		file     string
		francs   int64
		mismatch string
	}{
		"in an object":                    {"rows_in_object.json", 5000, ""},
		"after and before failures":       {"rows_failed_then_success.json", 5000, ""},
		"whatever other rows say":         {"rows_success_and_new_word.json", 5000, ""},
		"by Orange's own page":            {"rows_web_payment.json", 5000, ""},
		"once, listed twice":              {"rows_one_success_twice.json", 5000, ""},
		"by half":                         {"rows_half.json", 2500, ""},
		"in decimals of text":             {"rows_amount_string.json", 5000, ""},
		"in powers of ten":                {"rows_scientific.json", 12_500_000, ""},
		"to the merchant in numbers":      {"rows_merchant_number.json", 5000, ""},
		"to another merchant":             {"rows_other_merchant.json", 5000, "counterparty"},
		"to a merchant Orange leaves out": {"rows_no_merchant.json", 5000, ""},
	} {
		cases["paid "+name] = paid(adaptertest.Status, c.file, mpID, c.francs, c.mismatch)
	}
	for name, c := range map[string]struct {
		file, txID string
		beside     int64
	}{
		"twice":                         {"rows_two_successes.json", mpID, 5000},
		"after half of it":              {"rows_half_and_whole.json", "MP260102.0306.A00099", 2500},
		"beside another merchant's row": {"rows_success_and_other_merchant.json", mpID, 0},
	} {
		twice := paid(adaptertest.Status, c.file, c.txID, 5000, "")
		if c.beside > 0 {
			twice.Extra = pirogue.Money{Minor: c.beside, Currency: pirogue.XOF}
		}
		cases["paid "+name] = twice
	}
	other := paid(adaptertest.Status, "rows_other_currency.json", mpID, 5000, "currency")
	other.Amount.Currency = pirogue.XAF
	cases["paid in another currency"] = other
	return cases
}

// paid returns a success as Orange lists it.
func paid(call adaptertest.Call, file, txID string, minor int64, mismatch string) adaptertest.Case {
	return adaptertest.PaidCase(call, file, txID, pirogue.Money{Minor: minor, Currency: pirogue.XOF}, mismatch)
}

// cashOutStatuses returns the other lists that Orange may return for a disbursement.
func cashOutStatuses() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"listed nowhere":               {200, "rows_empty.json", pirogue.OutcomeAbsent, "", ""},
		"listed nowhere, in an object": {200, "rows_none_in_object.json", pirogue.OutcomeAbsent, "", ""},
		"hidden behind other rows":     {200, "rows_other_reference.json", "", operator.Unknown, ""},
		"not found":                    {404, "code_60.json", "", operator.Unknown, ""},
	}, adaptertest.CashOutStatus)
	for name, c := range map[string]struct {
		file     string
		francs   int64
		mismatch string
	}{
		"by half":                    {"out_half.json", 2500, ""},
		"with the country's code":    {"out_international.json", 5000, ""},
		"with a plus":                {"out_plus.json", 5000, ""},
		"into another wallet":        {"out_other_wallet.json", 5000, "counterparty"},
		"into a wallet Orange hides": {"out_no_wallet.json", 5000, ""},
		"into a masked wallet":       {"out_masked_wallet.json", 5000, ""},
	} {
		cases["paid out "+name] = paid(adaptertest.CashOutStatus, c.file, ciID, c.francs, c.mismatch)
	}
	return cases
}

// balances returns the responses to a request for the balance.
func balances() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"in another currency": {200, "balance_other_currency.json", "", operator.Unknown, ""},
		"without a value":     {200, "balance_no_value.json", "", operator.Unknown, ""},
		"a wrong PIN":         {400, "code_2011.json", "", operator.Unable, ""},
		"not subscribed":      {403, "code_11.json", "", operator.NotSent, ""},
	}, adaptertest.Balance)
	for file, minor := range map[string]int64{"balance.json": 1_250_000, "balance_scientific.json": 12_345_678} {
		cases[file] = adaptertest.Case{
			Call: adaptertest.Balance, Reply: adaptertest.Reply{Status: 200, File: file},
			Amount: pirogue.Money{Minor: minor, Currency: pirogue.XOF},
		}
	}
	return cases
}

func TestOrangesPromises(t *testing.T) {
	t.Parallel()
	want := operator.Capability{
		Reference: operator.StatusByReference, OnLostResponse: operator.ResendSameReference,
		Window: 24 * time.Hour, FinalityWindow: 24 * time.Hour, Proof: operator.ProofToken, CashIn: operator.Limits{Min: 10},
		CallTimeout: 10 * time.Second, StatementNames: true,
		DecidesAtOnce: operator.AtOnce{OneStep: true, MoneyOut: true},
	}
	require.Equal(t, want, reading[operator.Operator](t, senegal).Capability())
	want.Proof = operator.ProofSignature
	signing := adaptertest.WithCredentials(senegal, "callback_secrets", "es-1")
	require.Equal(t, want, reading[operator.Operator](t, signing).Capability())
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	set := adaptertest.SetCredential
	suite := adaptertest.Suite{New: sonatel.New, Conf: senegal, Secrets: []string{"48261", "0123456789"}}
	suite.CheckMistakes(t, map[string]adaptertest.Mistake{
		"no client_id":                 {Change: set("client_id", ""), Message: "client_id is missing"},
		"no client_secret":             {Change: set("client_secret", ""), Message: "client_secret is missing"},
		"no retailer":                  {Change: set("msisdn", ""), Message: "msisdn is missing"},
		"a retailer in E.164":          {Change: set("msisdn", "+221781112233"), Message: "msisdn must be 9 digits"},
		"a PIN of five digits":         {Change: set("pin", "48261"), Message: "pin must be 4 digits"},
		"a merchant code of letters":   {Change: set("merchant_code", "12345A"), Message: "merchant_code must be 6 digits"},
		"no merchant_name":             {Change: set("merchant_name", ""), Message: "merchant_name is missing"},
		"no callback_key":              {Change: set("callback_key", ""), Message: "callback_key is missing"},
		"a callback_key of two lines":  {Change: set("callback_key", "a\nb"), Message: "callback_key must be"},
		"an empty callback secret":     {Change: set("callback_secrets", "a,,b"), Message: "callback_secrets must be"},
		"a misspelt credential":        {Change: set("callback_secret", "a"), Message: `"callback_secret" is none`},
		"a token path that is no path": {Change: set("token_path", "oauth"), Message: "token_path must be"},
		"another currency":             {Change: func(c *config.Operator) { c.Currency = pirogue.XAF }, Message: "currency"},
		"a country of nowhere":         {Change: func(c *config.Operator) { c.Country = "XX" }, Message: "country"},
		"Mali at the real Orange": {
			Change: func(c *config.Operator) { c.Country, c.Simulator = "ML", false }, Message: "country",
		},
		"http to the real Orange": {Change: func(c *config.Operator) { c.Simulator = false }, Message: "https"},
		"no address":              {Change: func(c *config.Operator) { c.BaseURL = "" }, Message: "base URL"},
		"play money for live keys": {Change: func(c *config.Operator) {
			c.Mode, c.BaseURL = pirogue.Live, "https://api.sandbox.orange-sonatel.com"
		}, Message: "test system"},
	})
}

func TestEveryConfigurationMistake(t *testing.T) {
	t.Parallel()
	adaptertest.Suite{New: sonatel.New}.CheckEveryMistake(t,
		"client_id", "client_secret", "msisdn", "pin", "merchant_code", "merchant_name", "callback_key",
		"currency", "country", "base URL")
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	return adaptertest.OpenAs[R](t, sonatel.New, conf)
}
