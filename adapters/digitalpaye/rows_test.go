package digitalpaye_test

import (
	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

// rows returns every form of a transaction, good and bad, as the response to every call
// that reads one.
func (s spelling) rows() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{}
	for call, direction := range directions {
		for name, c := range s.transactions() {
			c.Call = call
			c.Reply.File = s.prefix + direction + c.Reply.File + ".json"
			if c.Reply.Status == 0 {
				c.Reply.Status = 200
			}
			cases[string(call)+" says "+name] = c
		}
	}
	for call, code := range map[adaptertest.Call]pirogue.Code{
		adaptertest.Collect: "", adaptertest.Disburse: "", adaptertest.CashOutStatus: "",
		adaptertest.Status: operator.Unknown,
	} {
		cases[string(call)+" names another transaction"] = s.otherName(call, code)
		cases[string(call)+" names none"] = s.noName(call, code)
	}
	return cases
}

// otherName returns a response under another name than Digitalpaye's first one. Only a
// status call that knows the first name can notice.
func (s spelling) otherName(call adaptertest.Call, code pirogue.Code) adaptertest.Case {
	c := adaptertest.Case{
		Call: call, Reply: adaptertest.Reply{Status: 200, File: s.prefix + directions[call] + "other_name.json"},
		Code: code,
	}
	if code == "" {
		c.Outcome, c.TxID, c.Amount = pirogue.OutcomePaid, "RCI-DIGITALP-0001", francs
	}
	return c
}

// noName returns a response without Digitalpaye's name.
func (s spelling) noName(call adaptertest.Call, code pirogue.Code) adaptertest.Case {
	c := adaptertest.Case{
		Call: call, Reply: adaptertest.Reply{Status: 200, File: s.prefix + directions[call] + "no_name.json"},
		Code: code,
	}
	if code == "" {
		c.Outcome, c.Amount = pirogue.OutcomePaid, francs
	}
	return c
}

// transactions returns the responses that every call reads alike.
func (s spelling) transactions() map[string]adaptertest.Case {
	cases := map[string]adaptertest.Case{
		"not yet, under 200": {
			Reply: adaptertest.Reply{File: "pending_200"}, Outcome: pirogue.OutcomePending, TxID: s.named,
		},
		"of another order":                 unknown(200, "other_order", ""),
		"of no order":                      unknown(200, "no_order", ""),
		"of the other type":                unknown(200, "other_type", ""),
		"of a type unknown":                unknown(200, "new_type", ""),
		"a word unknown":                   unknown(200, "new_word", s.named),
		"a word in lower case":             unknown(200, "lower_case", s.named),
		"no word":                          unknown(200, "no_word", s.named),
		"done under 201":                   unknown(201, "created", s.named),
		"done under 202":                   unknown(202, "success_under_202", s.named),
		"paid, not saying how much":        unknown(200, "no_amount", s.named),
		"paid, with half a franc":          unknown(200, "cents", s.named),
		"paid, in words":                   unknown(200, "amount_word", s.named),
		"paid, not saying in what":         unknown(200, "no_currency", s.named),
		"failed for want of time":          unknown(504, "try_against", s.named),
		"failed for want of time, at 200":  unknown(200, "try_against", s.named),
		"failed, of another order":         unknown(504, "try_against_other", ""),
		"there already, and what it is":    unknown(409, "exists_named", s.named),
		"there already, named under 200":   unknown(200, "exists_named", s.named),
		"paid, by a status that disagrees": unknown(404, "successful", s.named),
	}
	if s == seed {
		cases["paid, and an error"] = unknown(200, "success_called_error", s.named)
		cases["paid, in the envelope of a failure"] = unknown(200, "success_called_failed", s.named)
		cases["failed, in the envelope of a success"] = unknown(200, "failed_called_successful", s.named)
		cases["not yet, in the envelope of a success"] = adaptertest.Case{ // SUCCESSFUL may describe the call
			Reply: adaptertest.Reply{File: "pending_called_successful"}, Outcome: pirogue.OutcomePending, TxID: s.named,
		}
		cases["paid, in the envelope of a misspelt success"] = adaptertest.Case{
			Reply: adaptertest.Reply{File: "success_misspelt_outside"}, Outcome: pirogue.OutcomePaid, TxID: s.named,
			Amount: francs,
		}
	}
	for name, c := range map[string]struct {
		file     string
		minor    int64
		currency pirogue.Currency
		mismatch string
	}{
		"in a number":                        {"number_amount", 5000, pirogue.XOF, ""},
		"in decimals":                        {"decimal_amount", 5000, pirogue.XOF, ""},
		"by half":                            {"half", 2500, pirogue.XOF, ""},
		"without a type":                     {"no_type", 5000, pirogue.XOF, ""},
		"without a plus":                     {"no_plus", 5000, pirogue.XOF, ""},
		"by a local number":                  {"local", 5000, pirogue.XOF, ""},
		"by a number that is one":            {"number_number", 5000, pirogue.XOF, ""},
		"for a fee no float holds":           {"long_fee", 5000, pirogue.XOF, ""},
		"for a fee that is no number":        {"strange_fee", 5000, pirogue.XOF, ""},
		"through a network unknown":          {"new_network", 5000, pirogue.XOF, ""},
		"in another currency":                {"other_currency", 5000, pirogue.XAF, "currency"},
		"by another wallet":                  {"other_wallet", 5000, pirogue.XOF, "counterparty"},
		"by another country's wallet":        {"foreign_wallet", 5000, pirogue.XOF, "counterparty"},
		"by a wallet Digitalpaye leaves out": {"no_wallet", 5000, pirogue.XOF, ""},
		"by a masked wallet":                 {"masked_wallet", 5000, pirogue.XOF, ""},
	} {
		cases["paid "+name] = adaptertest.Case{
			Reply: adaptertest.Reply{File: c.file}, Outcome: pirogue.OutcomePaid, TxID: s.named,
			Amount: pirogue.Money{Minor: c.minor, Currency: c.currency}, Mismatch: c.mismatch,
		}
	}
	return cases
}

// unknown returns a response that decides nothing. txID is the name that it holds all the
// same.
func unknown(status int, file, txID string) adaptertest.Case {
	return adaptertest.Case{
		Reply: adaptertest.Reply{Status: status, File: file}, Code: operator.Unknown, TxID: txID,
	}
}
