package taramoney_test

import (
	"net/http"
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
	"pirogue/operator"
)

const (
	ref    = "CI7K2M9QX4V8R1T6W3ZB" // of the collection
	outRef = "CO7K2M9QX4V8R1T6W3ZB" // of the disbursement
	payID  = "719152650"            // of the collection, at Taramoney
	outID  = "po_987654"            // of the disbursement, at Taramoney
	apiKey = "uk-0123456789abcdef"
	secret = "wh-5e6f7a8b9c"
)

var francs = pirogue.Money{Minor: 5000, Currency: pirogue.XAF}

// cameroon is a configuration of Taramoney behind a simulator, in the seed's shape.
var cameroon = config.Operator{
	Code: "taramoney-cm", Adapter: "taramoney", Mode: pirogue.Test, Country: "CM", Currency: pirogue.XAF,
	Credentials: map[string]string{"api_key": apiKey, "business_id": "TcMpnFWlIz", "webhook_secret": secret},
	BaseURL:     "http://127.0.0.1", Simulator: true,
}

var collection = operator.CollectRequest{
	Ref: ref, Amount: francs, MSISDN: "+237696717597", Network: pirogue.Orange, Payee: "Boutique Élégance",
	CallbackURL: "https://pay.example/callbacks/taramoney-cm/t0k3n",
}

var disbursement = operator.DisburseRequest{
	Ref: outRef, Amount: francs, MSISDN: "+237696717597", Network: pirogue.Orange, Beneficiary: "Ngo Bassa",
}

var query = operator.StatusQuery{Kind: pirogue.CashIn, Ref: ref, Amount: francs, MSISDN: "+237696717597"}

var outQuery = operator.StatusQuery{
	Kind: pirogue.CashOut, Ref: outRef, Amount: francs, MSISDN: "+237696717597",
	Handle: pirogue.Handle{"payout_id": outID},
}

func suite() adaptertest.Suite {
	return adaptertest.Suite{
		New:  taramoney.New,
		Conf: cameroon,
		Good: map[adaptertest.Call]adaptertest.Reply{
			adaptertest.Collect:       {Status: 200, File: "collect_named.json"},
			adaptertest.Disburse:      {Status: 200, File: "payout_accepted.json"},
			adaptertest.Status:        {Status: 200, File: "status_in_success.json"},
			adaptertest.CashOutStatus: {Status: 200, File: "status_out_success.json"},
		},
		Collection:   collection,
		Disbursement: disbursement,
		CashOutQuery: outQuery,
		Header:       http.Header{"Tara-Webhook-Secret": {secret}},
		Forged:       "callback_forged.json",
		Secrets:      []string{apiKey, secret, "696717597", "6 96 71 75 97", "96.71.75.97"},
	}
}

func TestTaramoney(t *testing.T) {
	t.Parallel()
	suite().Run(t, words(), collects(), disburses(), refusals(), statuses(), successes(),
		cashOutStatuses(), callbacks())
}

// words returns Taramoney's vocabulary: every word as a status of either kind, and as a
// webhook of either form.
func words() map[string]adaptertest.Case {
	return adaptertest.StatusWords(map[string]pirogue.Outcome{
		"pending": pirogue.OutcomePending,
		"success": pirogue.OutcomePaid,
		"paid":    pirogue.OutcomePaid,
		"failure": pirogue.OutcomeDeclined,
		"failed":  pirogue.OutcomeDeclined,
	},
		adaptertest.PaidCase(adaptertest.Status, "status_in_*.json", payID, francs, ""),
		adaptertest.PaidCase(adaptertest.CashOutStatus, "status_out_*.json", outID, francs, ""),
		adaptertest.PaidCase(adaptertest.Callback, "callback_poor_*.json", payID, pirogue.Money{}, ""),
		adaptertest.PaidCase(adaptertest.Callback, "callback_rich_*.json", payID, francs, ""),
	)
}

// caseRow is one response with its expected result.
type caseRow adaptertest.Row

// collects returns the responses to a collection.
func collects() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"accepted, as documented":        {200, "collect_accepted.json", pirogue.OutcomePending, "", ""},
		"accepted and named":             {200, "collect_named.json", pirogue.OutcomePending, "", payID},
		"accepted and named by a number": {200, "collect_named_by_number.json", pirogue.OutcomePending, "", payID},
		"accepted with 201":              {201, "collect_named.json", pirogue.OutcomePending, "", payID},
		"accepted in lower case":         {200, "collect_lower_case.json", pirogue.OutcomePending, "", ""},
		"accepted by Wave":               {200, "collect_wave.json", pirogue.OutcomePending, "", payID},
		"accepted without Wave's page":   {200, "collect_wave_no_page.json", "", operator.Unknown, payID},
		"a word nobody knows":            {200, "collect_new_word.json", "", operator.Unknown, payID},
		"accepted with a status of no":   {400, "collect_named.json", "", operator.Unknown, payID},
		"a conflict with one it names":   {409, "collect_named.json", "", operator.Unknown, payID},
		"out of time, naming it":         {504, "collect_named.json", "", operator.Unknown, payID},
	}, adaptertest.Collect)
}

// disburses returns the responses to a payout.
func disburses() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"initiated":               {200, "payout_accepted.json", pirogue.OutcomePending, "", outID},
		"initiated with 201":      {201, "payout_accepted.json", pirogue.OutcomePending, "", outID},
		"initiated in lower case": {200, "payout_lower_case.json", pirogue.OutcomePending, "", outID},
		"initiated without a name": {
			200, "payout_no_id.json", pirogue.OutcomePending, "", "",
		},
		"a word nobody knows":          {200, "payout_new_word.json", "", operator.Unknown, outID},
		"an error that names it":       {200, "payout_unsure.json", "", operator.Unknown, outID},
		"a conflict with one it names": {409, "payout_accepted.json", "", operator.Unknown, outID},
		"failing after it named it":    {500, "payout_accepted.json", "", operator.Unknown, outID},
	}, adaptertest.Disburse)
}

// refusals returns the responses that refuse an order of either kind.
func refusals() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"refused":                             {200, "order_failure.json", "", operator.Refused, ""},
		"refused in the SDK's word":           {200, "order_failed.json", "", operator.Refused, ""},
		"refused with 400":                    {400, "order_failure.json", "", operator.Refused, ""},
		"refused in the SDK's word with 400":  {400, "order_failed.json", "", operator.Refused, ""},
		"an error with 400":                   {400, "order_error.json", "", operator.Refused, ""},
		"an error":                            {200, "order_error.json", "", operator.Unknown, ""},
		"of a business not activated":         {200, "order_not_activated.json", "", operator.Unable, ""},
		"of a business that holds too little": {200, "order_no_balance.json", "", operator.Unable, ""},
		"of another business's credentials":   {401, "order_bad_credentials.json", "", operator.Unable, ""},
		"turned away by we know not whom":     {401, "no_words.json", "", operator.Unknown, ""},
		"of a business not activated, taken":  {200, "order_success_not_activated.json", pirogue.OutcomePending, "", ""},
		"refused, repeating secrets":          {200, "order_repeats.json", "", operator.Refused, ""},
		"a word made of secrets":              {200, "order_repeats_in_status.json", "", operator.Unknown, ""},
		"refused by we know not whom":         {400, "no_words.json", "", operator.Unknown, ""},
		"at an address without an API":        {405, "not_its_own.json", "", operator.NotSent, ""},
		"over the quota":                      {429, "order_failure.json", "", operator.NotSent, ""},
		"timed out at the gateway":            {408, "order_failure.json", "", operator.Unknown, ""},
		"a conflict":                          {409, "order_failure.json", "", operator.Unknown, ""},
		"failed, with a word of refusals":     {500, "order_failure.json", "", operator.Unknown, ""},
		"out of time":                         {504, "order_not_activated.json", "", operator.Unknown, ""},
	}, adaptertest.Collect, adaptertest.Disburse)
}

// statuses returns the other responses to a collection's status call.
func statuses() map[string]adaptertest.Case {
	return adaptertest.Rows(map[string]caseRow{
		"failed, as documented":           {200, "status_plain_failure.json", pirogue.OutcomeDeclined, "", ""},
		"pending, as documented":          {200, "status_plain_pending.json", pirogue.OutcomePending, "", ""},
		"not found":                       {200, "status_absent.json", pirogue.OutcomePending, "", ""},
		"not found, in lower case":        {200, "status_absent_lower_case.json", pirogue.OutcomePending, "", ""},
		"not found, in a word of failure": {200, "status_failure_absent.json", "", operator.Unknown, ""},
		"paid, naming no payment":         {200, "status_unnamed_success.json", "", operator.Unknown, ""},
		"failed, naming no payment":       {200, "status_unnamed_failure.json", "", operator.Unknown, ""},
		"an error":                        {200, "status_error.json", "", operator.Unknown, ""},
		"of a business not activated":     {200, "status_not_activated.json", "", operator.Unknown, ""},
		"a word nobody knows":             {200, "status_new_word.json", "", operator.Unknown, ""},
		"a word made of secrets":          {200, "order_repeats_in_status.json", "", operator.Unknown, ""},
		"paid around an unknown word":     {200, "status_inner_new_word.json", "", operator.Unknown, ""},
		"paid around a pending payload":   {200, "status_inner_pending.json", "", operator.Unknown, ""},
		"pending around a failed payload": {200, "status_inner_failure.json", "", operator.Unknown, ""},
		"paid, of another payment":        {200, "status_other_product.json", "", operator.Unknown, ""},
		"paid, of another by its name":    {200, "status_plain_other.json", "", operator.Unknown, ""},
		"failed, of another business":     {200, "status_other_business_failed.json", "", operator.Unknown, ""},
		"paid, with half a franc":         {200, "status_amount_cents.json", "", operator.Unknown, ""},
		"paid, by no number":              {200, "status_amount_word.json", "", operator.Unknown, ""},
		"paid, in a broken payload":       {200, "status_payload_broken.json", "", operator.Unknown, ""},
		"a question it refuses":           {400, "order_failure.json", "", operator.Unknown, ""},
		"not found with 404":              {404, "status_absent.json", "", operator.Unknown, ""},
		"at an address without an API":    {405, "not_its_own.json", "", operator.NotSent, ""},
		"over the quota":                  {429, "no_words.json", "", operator.NotSent, ""},
	}, adaptertest.Status)
}

// successes returns the forms of a paid collection.
func successes() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for name, c := range map[string]struct {
		file, txID string
		minor      int64 // 0 if it states none
		mismatch   string
	}{
		"in lower case":                     {"status_lower_case.json", payID, 5000, ""},
		"in two words that mean the same":   {"status_inner_synonym.json", payID, 5000, ""},
		"in one word":                       {"status_no_inner_word.json", payID, 5000, ""},
		"as documented":                     {"status_plain_success.json", "", 0, ""},
		"in a payload that is an object":    {"status_payload_object.json", payID, 5000, ""},
		"in a payload that is empty":        {"status_payload_empty.json", "MP260102.0304.A1", 0, ""},
		"in a payload that is null":         {"status_payload_null.json", "MP260102.0304.A1", 0, ""},
		"under one name":                    {"status_no_payment_id.json", "MP260102.0304.A1", 5000, ""},
		"not saying how much":               {"status_no_amount.json", payID, 0, ""},
		"by half":                           {"status_half.json", payID, 2500, ""},
		"in numbers":                        {"status_amount_number.json", payID, 5000, ""},
		"in decimals":                       {"status_amount_decimals.json", payID, 5000, ""},
		"in a currency":                     {"status_currency.json", payID, 5000, ""},
		"by a number with 237":              {"status_number_with_237.json", payID, 5000, ""},
		"by a number with a plus":           {"status_number_with_plus.json", payID, 5000, ""},
		"by a number Taramoney leaves out":  {"status_no_number.json", payID, 5000, ""},
		"by another number":                 {"status_other_number.json", payID, 5000, "counterparty"},
		"to another business than the ours": {"status_other_business.json", payID, 5000, "counterparty"},
	} {
		cases["paid "+name] = paid(adaptertest.Status, c.file, c.txID, c.minor, c.mismatch)
	}
	other := paid(adaptertest.Status, "status_other_currency.json", payID, 5000, "currency")
	other.Amount.Currency = pirogue.XOF
	cases["paid in another currency"] = other
	return cases
}

// paid returns a success; minor is 0 if it states no amount.
func paid(call adaptertest.Call, file, txID string, minor int64, mismatch string) adaptertest.Case {
	var amount pirogue.Money
	if minor != 0 {
		amount = pirogue.Money{Minor: minor, Currency: pirogue.XAF}
	}
	return adaptertest.PaidCase(call, file, txID, amount, mismatch)
}

// cashOutStatuses returns the other responses to a payout's status call.
func cashOutStatuses() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"not found":                 {200, "status_absent.json", pirogue.OutcomeAbsent, "", ""},
		"not found, in lower case":  {200, "status_absent_lower_case.json", pirogue.OutcomeAbsent, "", ""},
		"not found with 404":        {404, "status_absent.json", "", operator.Unknown, ""},
		"failed, naming no payment": {200, "status_unnamed_failure.json", "", operator.Unknown, ""},
		"of a collection":           {200, "status_in_success.json", "", operator.Unknown, ""},
		"an error":                  {200, "status_error.json", "", operator.Unknown, ""},
	}, adaptertest.CashOutStatus)
	for name, c := range map[string]struct {
		file, mismatch string
		minor          int64
	}{
		"under its own name":         {"status_out_by_payout.json", "", 5000},
		"under its own name, inside": {"status_out_by_payment_id.json", "", 5000},
		"by half":                    {"status_out_half.json", "", 2500},
		"into another wallet":        {"status_out_other_number.json", "counterparty", 5000},
	} {
		cases["paid out "+name] = paid(adaptertest.CashOutStatus, c.file, outID, c.minor, c.mismatch)
	}
	return cases
}

// callbacks returns the other webhooks.
func callbacks() map[string]adaptertest.Case {
	cases := adaptertest.Rows(map[string]caseRow{
		"a word nobody knows":              {0, "callback_new_word.json", "", operator.Unknown, ""},
		"a word about no payment":          {0, "callback_error.json", "", operator.Unknown, ""},
		"of another payment":               {0, "callback_other_product.json", "", operator.Unknown, ""},
		"of another business":              {0, "callback_other_business.json", "", operator.Unknown, ""},
		"of no business":                   {0, "callback_no_business.json", "", operator.Unknown, ""},
		"paid, with half a franc":          {0, "callback_cents.json", "", operator.Unknown, ""},
		"failed, whatever else it says is": {0, "callback_failure_cents.json", pirogue.OutcomeDeclined, "", payID},
	}, adaptertest.Callback)
	cases["heard in lower case"] = paid(adaptertest.Callback, "callback_lower_case.json", payID, 5000, "")
	cases["heard of half"] = paid(adaptertest.Callback, "callback_half.json", payID, 2500, "")
	cases["heard of a card"] = paid(adaptertest.Callback, "callback_card.json", payID, 5000, "")
	other := paid(adaptertest.Callback, "callback_other_currency.json", payID, 5000, "currency")
	other.Amount.Currency = pirogue.XOF
	cases["heard of another currency"] = other
	return cases
}
