package taramoney

import (
	"context"
	"encoding/json"
	"regexp"

	"pirogue"
)

// The limits of an order. Our reading: Taramoney states none.
const (
	maxReference = 20 // characters, as long as ours are
	maxName      = 100
)

// country is the one that Taramoney's collections and payouts are served in.
const country = pirogue.CountryCode("CM")

// dialCode is Cameroon's.
const dialCode = "237"

// number is a mobile number of Cameroon in E.164.
var number = regexp.MustCompile(`^\+237(6\d{8})$`)

// local returns the nine digits of a number, and whether it is one of Cameroon.
func local(n pirogue.MSISDN) (string, bool) {
	found := number.FindStringSubmatch(string(n))
	if found == nil {
		return "", false
	}
	return found[1], true
}

// acceptable returns the local number of an order that Taramoney could accept. It
// fails with Unable for every other; nothing is sent then.
func (o *operator) acceptable(
	ref pirogue.OperatorRef, amount pirogue.Money, to pirogue.MSISDN, network pirogue.Network,
) (string, error) {
	digits, ours := local(to)
	switch {
	case amount.Currency != o.conf.Currency:
		return "", pirogue.Errorf(pirogue.Unable, "not sent: %s where Taramoney moves %s", amount, o.conf.Currency)
	case !limits.Allow(amount.Minor):
		return "", pirogue.Errorf(pirogue.Unable, "not sent: %s is not within %d and %d", amount, limits.Min, limits.Max)
	case ref == "" || len(ref) > maxReference:
		return "", pirogue.Errorf(pirogue.Unable, "not sent: a reference has 1 to %d characters", maxReference)
	case !ours:
		return "", pirogue.Errorf(pirogue.Unable, "not sent: the number is not a mobile one of Cameroon")
	case o.conf.Network != "" && network != o.conf.Network:
		return "", pirogue.Errorf(pirogue.Unable, "not sent: network %q where the instance serves %q",
			network, o.conf.Network)
	default:
		return digits, nil
	}
}

// orderAnswer is the body of an answer to cmmobile, mobilepay and payout/create.
type orderAnswer struct {
	verdict

	TransactionID text            `json:"transactionId"` // of a collection: seen, not documented, not always there
	USSDCode      text            `json:"ussdCode"`
	Vendor        text            `json:"vendor"`
	AuthURL       json.RawMessage `json:"authUrl"` // of Wave
	PayoutID      text            `json:"payoutId"`
}

// order makes a call that a good answer accepts and Taramoney may refuse. With Unknown
// it returns what the answer named: the order may have been executed under it.
func (o *operator) order(ctx context.Context, path string, body any) (orderAnswer, error) {
	answer, err := o.post(ctx, path, body)
	if err != nil {
		return orderAnswer{}, err
	}
	var got orderAnswer
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		got = orderAnswer{}
	}
	switch class := classOf(answer.Status, got.Status, got.Message); class {
	case "":
		return got, nil
	case pirogue.Unknown:
		return got, o.no(class, answer, got.verdict)
	default:
		return orderAnswer{}, o.no(class, answer, got.verdict)
	}
}
