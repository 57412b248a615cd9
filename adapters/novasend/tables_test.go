package novasend_test

import (
	"maps"
	"strings"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

// caseRow is one response with its expected result. A success is paid as ordered.
type caseRow adaptertest.Row

func rows(call adaptertest.Call, responses map[string]caseRow) map[string]adaptertest.Case {
	cases := adaptertest.Rows(responses, call)
	for name, c := range cases {
		if c.Outcome == pirogue.OutcomePaid {
			c.Amount = francs
			cases[name] = c
		}
	}
	return cases
}

// moved is a success that differs from the order.
type moved struct {
	file     string
	amount   pirogue.Money
	mismatch string
}

// paid returns successes of one call as cases.
func paid(call adaptertest.Call, txID string, responses map[string]moved) map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for name, m := range responses {
		cases[string(call)+" is paid "+name] = adaptertest.PaidCase(call, m.file, txID, m.amount, m.mismatch)
	}
	return cases
}

// sessionWords holds the status words of payins and payouts, without "processed".
var sessionWords = map[string]pirogue.Outcome{
	"processing": pirogue.OutcomePending, "pending": pirogue.OutcomePending,
	"success": pirogue.OutcomePaid, "successful": pirogue.OutcomePaid, "completed": pirogue.OutcomePaid,
	"failed": pirogue.OutcomeDeclined, "declined": pirogue.OutcomeDeclined, "cancelled": pirogue.OutcomeDeclined,
	"expired": pirogue.OutcomeExpired,
}

// transactionWords holds the words of transaction.status.
var transactionWords = map[string]pirogue.Outcome{
	"pending": pirogue.OutcomePending, "completed": pirogue.OutcomePaid, "failed": pirogue.OutcomeDeclined,
}

// cash lists the errors for an insufficient balance: the payer's for a payin, ours
// otherwise.
var cash = map[string]bool{
	"error_client_not_enough_cash": true, "error_wallet_not_enough_cash": true, "error_repeats": true,
}

// errorWords returns every error of Novasend's pages, as the response to every call.
func errorWords() map[string]adaptertest.Case {
	no, gate, maybe, ours := operator.Refused, operator.NotSent, operator.Unknown, operator.Unable
	cases := map[string]adaptertest.Case{}
	for file, e := range map[string]struct {
		status int
		class  pirogue.Code
	}{
		"error_invalid_amount":                   {400, no},
		"message_invalid_amount":                 {400, no},
		"message_unauthorized":                   {401, gate},
		"error_api_token_invalid":                {403, gate},
		"error_transaction_error":                {403, maybe},
		"error_transaction_not_refundable":       {403, no},
		"message_refund_not_allowed":             {403, no},
		"error_transaction_not_processed":        {403, no},
		"error_transaction_otp_required":         {403, no},
		"error_transaction_greater_than_zero":    {403, no},
		"error_client_kyc_not_approved":          {403, no},
		"error_client_not_enough_cash":           {403, no},
		"error_wallet_not_enough_cash":           {403, no},
		"error_wallet_should_be_different":       {403, no},
		"error_api_token_not_found":              {404, gate},
		"error_wallet_not_found":                 {404, no},
		"error_client_not_found":                 {404, no},
		"error_country_not_found":                {404, ours},
		"error_provider_not_found":               {404, ours},
		"error_message_list":                     {404, no},
		"error_transaction_is_already_processed": {409, maybe},
		"error_transaction_already_refunded":     {409, maybe},
		"message_duplicate_refund":               {409, maybe},
		"error_limit_reached":                    {403, maybe}, // on no page
		"error_repeats":                          {403, no},
	} {
		for _, call := range []adaptertest.Call{
			adaptertest.Collect, adaptertest.Disburse, adaptertest.Refund, adaptertest.Status, adaptertest.CashOutStatus,
			adaptertest.RefundStatus, adaptertest.Balance,
		} {
			class, asks := e.class, strings.HasPrefix(string(call), "Status") || call == adaptertest.Balance
			switch {
			case asks && (class == no || class == ours):
				class = maybe
			case cash[file] && call != adaptertest.Collect:
				class = ours
			}
			cases[file+" to "+string(call)] = adaptertest.Case{
				Call: call, Reply: adaptertest.Reply{Status: e.status, File: file + ".json"}, Code: class,
			}
		}
	}
	return cases
}

// collects returns the responses to a request for a session.
func collects() map[string]adaptertest.Case {
	return rows(adaptertest.Collect, map[string]caseRow{
		"opened":                           {201, "session.json", pirogue.OutcomePending, "", payinID},
		"opened with 200":                  {200, "session.json", pirogue.OutcomePending, "", payinID},
		"opened, in the current shape":     {201, "session_current.json", pirogue.OutcomePending, "", currentID},
		"opened, in both shapes at once":   {201, "session_both_shapes.json", pirogue.OutcomePending, "", currentID},
		"opened, not saying under what":    {201, "session_no_id.json", pirogue.OutcomePending, "", ""},
		"paid already":                     {200, "session_paid.json", pirogue.OutcomePaid, "", payinID},
		"about another order":              {201, "session_other_reference.json", "", operator.Unknown, ""},
		"about a payout":                   {201, "session_other_type.json", "", operator.Unknown, ""},
		"about something new":              {201, "session_new_type.json", "", operator.Unknown, ""},
		"a word nobody knows":              {201, "session_new_word.json", "", operator.Unknown, payinID},
		"an amount of letters":             {201, "session_amount_of_letters.json", "", operator.Unknown, ""},
		"an unknown outcome, with a name":  {403, "error_names_payin.json", "", operator.Unknown, payinID},
		"a server's failure, with a name":  {500, "error_names_payin.json", "", operator.Unknown, payinID},
		"a failure that names a payout":    {500, "error_names_payout.json", "", operator.Unknown, ""},
		"refused by a failing server":      {500, "error_wallet_not_enough_cash.json", "", operator.Unknown, ""},
		"timed out at the gateway":         {408, "error_wallet_not_enough_cash.json", "", operator.Unknown, ""},
		"over the quota":                   {429, "error_limit_reached.json", "", operator.NotSent, ""},
		"already processed, by a 404":      {404, "error_transaction_is_already_processed.json", "", operator.Unknown, ""},
		"a conflict with a refusal's code": {409, "error_wallet_not_enough_cash.json", "", operator.Unknown, ""},
		"not to be found":                  {404, "error_transaction_does_not_exist.json", "", operator.Refused, ""},
	})
}

// disburses returns the responses to a payout.
func disburses() map[string]adaptertest.Case {
	cases := map[string]caseRow{
		"a word: processed":                  {201, "payout_processed.json", pirogue.OutcomePaid, "", payoutID},
		"a word nobody knows":                {201, "payout_frozen.json", "", operator.Unknown, payoutID},
		"done with 200, in the seed's shape": {200, "payout_seed.json", pirogue.OutcomePaid, "", "mtr_out"},
		"about another order":                {201, "payout_other_reference.json", "", operator.Unknown, ""},
		"about a payin":                      {201, "payout_other_type.json", "", operator.Unknown, ""},
		"an unknown outcome, with a name":    {403, "error_names_payout.json", "", operator.Unknown, payoutID},
		"out of time, with a name":           {504, "error_names_payout.json", "", operator.Unknown, payoutID},
		"not to be found":                    {404, "error_transaction_does_not_exist.json", "", operator.Refused, ""},
	}
	for word, outcome := range sessionWords {
		cases["a word: "+word] = caseRow{201, "payout_" + word + ".json", outcome, "", payoutID}
	}
	return rows(adaptertest.Disburse, cases)
}

// refunds returns the responses to a request for a refund.
func refunds() map[string]adaptertest.Case {
	return rows(adaptertest.Refund, map[string]caseRow{
		"pending":                         {201, "refund_pending.json", pirogue.OutcomePending, "", refundID},
		"processing":                      {201, "refund_processing.json", pirogue.OutcomePending, "", refundID},
		"completed":                       {200, "refund_completed.json", pirogue.OutcomePaid, "", refundID},
		"failed":                          {201, "refund_failed.json", pirogue.OutcomeDeclined, "", refundID},
		"a word of payins":                {201, "refund_processed.json", "", operator.Unknown, refundID},
		"of another payin":                {201, "refund_of_other_payin.json", "", operator.Unknown, ""},
		"an unknown outcome, with a name": {403, "error_names_refund.json", "", operator.Unknown, refundID},
		"of no payin":                     {404, "message_payment_not_found.json", "", operator.Refused, ""},
	})
}

// undecided returns a payin in the seed's shape, without a transaction.
func undecided(status, confirmation, failure string) string {
	return `{"type":"payin","reference":"` + payinID + `","customerReference":"` + ref + `","status":"` + status +
		`","confirmationStatus":"` + confirmation + `","failure":` + failure + `}`
}

// payins returns the responses to a collection's status call: the truth table.
func payins() map[string]adaptertest.Case {
	pending, declined, expired := pirogue.OutcomePending, pirogue.OutcomeDeclined, pirogue.OutcomeExpired
	responses := map[string]caseRow{
		"processed, not confirmed":        {200, "payin_transaction_null.json", pending, "", payinID},
		"processed, nothing in it":        {200, "payin_transaction_empty.json", pending, "", payinID},
		"processed, without a word in it": {200, "payin_transaction_no_status.json", pending, "", payinID},
		"processed, no transaction shown": {200, "payin_processed.json", pending, "", payinID},
		"processed, in the current shape": {200, "payin_current_processed.json", pending, "", currentID},
		"direct, processed, unconfirmed":  {200, "payin_direct_processed_transaction_null.json", pending, "", currentID},
		"direct, processed, declined":     {200, "payin_direct_processed_declined.json", declined, "", currentID},
		"direct, processed, failed":       {200, "payin_direct_processed_failure.json", declined, "", currentID},
		"processed, failed":               {200, "payin_processed_failure.json", declined, "", payinID},
		"processing, failed":              {200, "payin_processing_failure.json", "", operator.Unknown, payinID},
		"pending, failed": {
			200, undecided("pending", "none", `{"code":"customer_declined"}`), "", operator.Unknown, payinID,
		},
		"processing, failed and declined": {
			200, undecided("processing", "declined", `{"code":"customer_declined"}`), declined, "", payinID,
		},
		"processing, failed with no word": {
			200, undecided("processing", "none", `{"code":"","message":" "}`), pending, "", payinID,
		},
		"processed, failed with no word": {
			200, undecided("processed", "none", `{"code":"","message":null}`), pending, "", payinID,
		},
		"processing, failed by a number": {
			200, undecided("processing", "none", `{"code":7}`), "", operator.Unknown, payinID,
		},
		"a failure of nothing":              {200, "payin_failure_nothing.json", pending, "", payinID},
		"a failure of a form nobody has":    {200, "payin_failure_text.json", "", operator.Unknown, ""},
		"a transaction of a form unknown":   {200, "payin_transaction_list.json", "", operator.Unknown, ""},
		"a success that failed":             {200, "payin_success_failure.json", "", operator.Unknown, payinID},
		"a success that was declined":       {200, "payin_success_declined.json", "", operator.Unknown, payinID},
		"failed inside a success":           {200, "payin_failed_transaction_success_session.json", declined, "", payinID},
		"pending inside an expired session": {200, "payin_pending_transaction_expired_session.json", pending, "", payinID},
		"a transaction's word unknown":      {200, "payin_transaction_held.json", "", operator.Unknown, payinID},
		"a word nobody knows":               {200, "payin_new_word.json", "", operator.Unknown, payinID},
		"a word in capitals":                {200, "payin_capitals.json", "", operator.Unknown, payinID},
		"without a word":                    {200, "payin_no_word.json", "", operator.Unknown, payinID},
		"a confirmation nobody knows":       {200, "payin_confirmation_maybe.json", "", operator.Unknown, payinID},
		"confirmation none":                 {200, "payin_confirmation_none.json", pending, "", payinID},
		"confirmation pending":              {200, "payin_confirmation_pending.json", pending, "", payinID},
		"confirmation accepted":             {200, "payin_confirmation_accepted.json", pending, "", payinID},
		"confirmation declined":             {200, "payin_confirmation_declined.json", declined, "", payinID},
		"confirmation expired":              {200, "payin_confirmation_expired.json", expired, "", payinID},
		"about another order":               {200, "payin_other_reference.json", "", operator.Unknown, ""},
		"about no order":                    {200, "payin_no_reference.json", "", operator.Unknown, ""},
		"about a payout":                    {200, "payin_other_type.json", "", operator.Unknown, ""},
		"paid, not saying how much":         {200, "payin_no_amount.json", "", operator.Unknown, payinID},
		"paid, not saying in what":          {200, "payin_no_currency.json", "", operator.Unknown, payinID},
		"paid, with half a franc":           {200, "payin_cents.json", "", operator.Unknown, payinID},
		"unknown, though named before":      {404, "error_transaction_does_not_exist.json", "", operator.Unknown, ""},
	}
	for word, outcome := range sessionWords {
		responses["a word: "+word] = caseRow{200, "payin_" + word + ".json", outcome, "", payinID}
	}
	for word, outcome := range transactionWords {
		responses["a transaction: "+word] = caseRow{200, "payin_transaction_" + word + ".json", outcome, "", payinID}
	}
	cases := rows(adaptertest.Status, responses)
	half, xaf := pirogue.Money{Minor: 2500, Currency: pirogue.XOF}, pirogue.Money{Minor: 5000, Currency: pirogue.XAF}
	maps.Copy(cases, paid(adaptertest.Status, payinID, map[string]moved{
		"in a session that failed":           {"payin_completed_transaction_failed_session.json", francs, ""},
		"by half":                            {"payin_half.json", half, ""},
		"in full, of half a session":         {"payin_half_of_session.json", half, ""},
		"by half, without a transaction":     {"payin_half_alone.json", half, ""},
		"as much as the session says":        {"payin_no_amount_in_transaction.json", francs, ""},
		"in another currency":                {"payin_other_currency.json", xaf, "currency"},
		"from another wallet":                {"payin_another_payer.json", francs, ""},
		"whatever the payer was charged":     {"payin_charged_less.json", francs, ""},
		"with the number of the transaction": {"payin_transaction_completed.json", francs, ""},
	}))
	maps.Copy(cases, paid(adaptertest.Status, currentID, map[string]moved{
		"directly, processed":             {"payin_direct_processed.json", francs, ""},
		"in the current shape's one word": {"payin_current_success.json", francs, ""},
	}))
	return cases
}

// payouts returns the responses to a disbursement's status call.
func payouts() map[string]adaptertest.Case {
	responses := map[string]caseRow{
		"processed, not confirmed":  {200, "payout_transaction_null.json", pirogue.OutcomePending, "", payoutID},
		"processed, failed":         {200, "payout_failure.json", pirogue.OutcomeDeclined, "", payoutID},
		"a word nobody knows":       {200, "payout_frozen.json", "", operator.Unknown, payoutID},
		"about another order":       {200, "payout_other_reference.json", "", operator.Unknown, ""},
		"about a payin":             {200, "payout_other_type.json", "", operator.Unknown, ""},
		"not known":                 {404, "error_transaction_does_not_exist.json", pirogue.OutcomeAbsent, "", ""},
		"not known, in a message":   {404, "message_payment_not_found.json", pirogue.OutcomeAbsent, "", ""},
		"not known, but not by 404": {403, "error_transaction_does_not_exist.json", "", operator.Unknown, ""},
	}
	for word, outcome := range sessionWords {
		responses["a word: "+word] = caseRow{200, "payout_" + word + ".json", outcome, "", payoutID}
	}
	for word, outcome := range transactionWords {
		responses["a transaction: "+word] = caseRow{200, "payout_transaction_" + word + ".json", outcome, "", payoutID}
	}
	cases := rows(adaptertest.CashOutStatus, responses)
	maps.Copy(cases, paid(adaptertest.CashOutStatus, payoutID, map[string]moved{
		"as processed":                      {"payout_processed.json", francs, ""},
		"by half":                           {"payout_half.json", pirogue.Money{Minor: 2500, Currency: pirogue.XOF}, ""},
		"into another wallet":               {"payout_other_wallet.json", francs, "counterparty"},
		"into another, in the seed's shape": {"payout_other_wallet_seed.json", francs, "counterparty"},
		"into another, by the transaction":  {"payout_other_wallet_in_transaction.json", francs, "counterparty"},
		"into a masked wallet":              {"payout_masked_wallet.json", francs, ""},
		"into the wallet, dialled by 00":    {"payout_wallet_00.json", francs, ""},
		"into a wallet left out":            {"payout_no_wallet.json", francs, ""},
	}))
	return cases
}

// ofCore returns a refund that names its payin by the name in Novasend's core system.
func ofCore(external string) string {
	return `{"type":"refund","reference":"` + refundID +
		`","originalReference":"tr_dkjd5ljficphlqmt","externalReference":"` +
		external + `","status":"pending"}`
}

// refundStatuses returns the responses to a refund's status call.
func refundStatuses() map[string]adaptertest.Case {
	pending := pirogue.OutcomePending
	responses := map[string]caseRow{
		"pending":                      {200, "refund_pending.json", pending, "", refundID},
		"processing":                   {200, "refund_processing.json", pending, "", refundID},
		"completed":                    {200, "refund_completed.json", pirogue.OutcomePaid, "", refundID},
		"failed":                       {200, "refund_failed.json", pirogue.OutcomeDeclined, "", refundID},
		"a word of payins":             {200, "refund_processed.json", "", operator.Unknown, refundID},
		"a transaction's new word":     {200, "refund_transaction_held.json", "", operator.Unknown, refundID},
		"completed, but not inside":    {200, "refund_completed_transaction_pending.json", pending, "", refundID},
		"completed, null inside":       {200, "refund_transaction_null.json", pirogue.OutcomePaid, "", refundID},
		"with our reference":           {200, "refund_repeats_ours.json", pirogue.OutcomePaid, "", refundID},
		"of our reference's payin":     {200, "refund_of_our_reference.json", pirogue.OutcomePaid, "", refundID},
		"with another's reference":     {200, "refund_other_reference.json", "", operator.Unknown, ""},
		"of another payin":             {200, "refund_of_other_payin.json", "", operator.Unknown, ""},
		"of a core's transaction":      {200, ofCore(""), pirogue.OutcomePending, "", refundID},
		"ours, of a core's":            {200, ofCore(refundRef), pirogue.OutcomePending, "", refundID},
		"another's, of a core's":       {200, ofCore("RF0"), "", operator.Unknown, ""},
		"of no payin":                  {200, "refund_of_nothing.json", "", operator.Unknown, ""},
		"of another type":              {200, "refund_other_type.json", "", operator.Unknown, ""},
		"paid, not saying how much":    {200, "refund_no_amount.json", "", operator.Unknown, refundID},
		"not known":                    {404, "error_transaction_does_not_exist.json", pirogue.OutcomeAbsent, "", ""},
		"of a payin that is not known": {404, "message_payment_not_found.json", pirogue.OutcomeAbsent, "", ""},
	}
	for word, outcome := range transactionWords {
		responses["a transaction: "+word] = caseRow{200, "refund_transaction_" + word + ".json", outcome, "", refundID}
	}
	cases := rows(adaptertest.RefundStatus, responses)
	maps.Copy(cases, paid(adaptertest.RefundStatus, refundID, map[string]moved{
		"in part":             {"refund_partial.json", pirogue.Money{Minor: 150, Currency: pirogue.XOF}, ""},
		"in another currency": {"refund_other_currency.json", pirogue.Money{Minor: 5000, Currency: pirogue.XAF}, "currency"},
	}))
	return cases
}

// balances returns the responses to a request for the balance.
func balances() map[string]adaptertest.Case {
	cases := rows(adaptertest.Balance, map[string]caseRow{
		"of no wallet":          {200, "balance_empty.json", "", operator.Unknown, ""},
		"no list":               {200, "balance_one.json", "", operator.Unknown, ""},
		"of two wallets":        {200, "balance_two_wallets.json", "", operator.Unknown, ""},
		"in another currency":   {200, "balance_other_currency.json", "", operator.Unknown, ""},
		"all but what is left":  {200, "balance_nothing_available.json", "", operator.Unknown, ""},
		"with half a franc":     {200, "balance_cents.json", "", operator.Unknown, ""},
		"of an unknown account": {404, "error_wallet_not_found.json", "", operator.Unknown, ""},
	})
	for file, minor := range map[string]int64{
		"balance.json": 1_250_000, "balance_decimals.json": 1_250_000, "balance_two_currencies.json": 1_250_000,
		"balance_by_account.json": 700,
	} {
		cases[file] = adaptertest.Case{
			Call: adaptertest.Balance, Reply: adaptertest.Reply{Status: 200, File: file},
			Amount: pirogue.Money{Minor: minor, Currency: pirogue.XOF},
		}
	}
	return cases
}
