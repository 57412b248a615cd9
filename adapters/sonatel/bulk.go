package sonatel

import (
	"context"
	"encoding/json"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
)

// bulkPath takes many deposits at once.
const bulkPath = "/api/eWallet/v1/bulkcashins"

// maxBulk is how many disbursements one bulk holds. It is our limit: Orange states
// none, and the request stays well under a megabyte.
const maxBulk = 500

// MaxBulk implements pirogue.BulkDisburser.
func (o *operator) MaxBulk() int { return maxBulk }

// bulkAnswer is the body of an answer to bulkcashins.
type bulkAnswer struct {
	BulkID outbound.Text `json:"bulkId"`
	Status string        `json:"status"`
}

// BulkDisburse implements pirogue.BulkDisburser. It hands Orange up to maxBulk
// disbursements at once and returns Orange's identifier of the bulk, with which BulkLines
// shows what became of each. What Orange posts to callbackURL when it is done is not
// documented. As long as Orange has not accepted the PIN the balance is asked first, so
// that a wrong PIN costs one of its tries and not one for every line.
//
// It fails as Disburse does, for all lines together. After Unknown every line has to
// be looked for by its reference.
func (o *operator) BulkDisburse(ctx context.Context, all []pirogue.Disbursement, callbackURL string) (string, error) {
	numbers, err := o.payables(all)
	if err != nil {
		return "", err
	}
	if !o.pin.accepted() {
		if _, err := o.Balance(ctx); err != nil {
			return "", pirogue.Errorf(pirogue.NotSent, "the PIN was not tried on a bulk: %w", err)
		}
	}
	answer, err := o.sendPIN(ctx, func(key publicKey, pin string) (outbound.Request, error) {
		return o.bulk(all, numbers, callbackURL, func() (string, error) { return key.seal(pin) })
	})
	if err != nil {
		return "", err
	}
	if !answer.Good() {
		return "", o.Turned(answer, pirogue.CashOut)
	}
	return bulkOf(answer.Body)
}

// payables returns the local numbers of a bulk that Orange could accept.
func (o *operator) payables(all []pirogue.Disbursement) ([]string, error) {
	if len(all) == 0 || len(all) > maxBulk {
		return nil, pirogue.Errorf(pirogue.Unable, "not sent: a bulk has 1 to %d lines", maxBulk)
	}
	seen := make(map[pirogue.OperatorRef]bool, len(all))
	numbers := make([]string, 0, len(all))
	for _, d := range all {
		number, err := o.Terms.Local(outbound.Disbursing(d))
		if err != nil {
			return nil, err
		}
		if seen[d.Ref] {
			return nil, pirogue.Errorf(pirogue.Unable, "not sent: %s is in the bulk twice", d.Ref)
		}
		seen[d.Ref] = true
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// bulk returns the request: an array of deposits, each with the PIN sealed anew.
func (o *operator) bulk(
	all []pirogue.Disbursement, numbers []string, callbackURL string, seal func() (string, error),
) (outbound.Request, error) {
	lines := make([]cashInRequest, 0, len(all))
	for i, d := range all {
		sealed, err := seal()
		if err != nil {
			return outbound.Request{}, err
		}
		lines = append(lines, o.cashIn(d, numbers[i], sealed))
	}
	req, err := outbound.PostJSON(bulkPath, lines)
	if err == nil && callbackURL != "" {
		req.Header.Set(headerCallbackURL, callbackURL)
	}
	return req, err
}

// bulkOf reads the answer. A bulk that is called failed as a whole is Unknown: some
// of its lines may have been executed.
func bulkOf(body []byte) (string, error) {
	var got bulkAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return "", pirogue.Errorf(pirogue.Unknown, "bulk: not the JSON of the specification: %w", err)
	}
	if got.BulkID == "" {
		return "", pirogue.Errorf(pirogue.Unknown, "bulk without bulkId")
	}
	if outcome, err := outcomes.Outcome("status", got.Status); err != nil || outcome == pirogue.OutcomeDeclined {
		return string(got.BulkID), pirogue.Errorf(pirogue.Unknown, "bulk %s is %q", got.BulkID, outbound.Words(got.Status))
	}
	return string(got.BulkID), nil
}

// BulkLines returns what Orange lists of a bulk. A line it does not list yet is
// absent. It fails with NotSent or Unknown, never with a part of the list.
func (o *operator) BulkLines(ctx context.Context, bulkID string) ([]pirogue.StatementLine, error) {
	return o.lines(ctx, url.Values{"bulkId": {bulkID}})
}
