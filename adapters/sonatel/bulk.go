package sonatel

import (
	"context"
	"encoding/json"
	"net/url"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// bulkPath is the path that takes many deposits at once.
const bulkPath = "/api/eWallet/v1/bulkcashins"

// maxBulk is the number of disbursements in one bulk. It is our limit: Orange states none,
// and with it the request stays well under a megabyte.
const maxBulk = 500

// MaxBulk implements pirogue.BulkDisburser.
func (o *adapter) MaxBulk() int { return maxBulk }

// bulkAnswer is the body of an answer to bulkcashins.
type bulkAnswer struct {
	BulkID outbound.Text `json:"bulkId"`
	Status string        `json:"status"`
}

// BulkDisburse implements pirogue.BulkDisburser. It sends up to maxBulk disbursements at
// once and returns Orange's identifier of the bulk. BulkLines reads the result of each line
// with it. The message that Orange posts to callbackURL at the end is not documented.
// BulkDisburse reads the balance first: there a wrong PIN costs one of its tries, and not
// one for every line. An invalid key is noticed there too, before the bulk leaves.
//
// An error holds for all lines together, and a bulk leaves once, whatever Orange responds.
// After Unknown every line must be searched by its reference.
func (o *adapter) BulkDisburse(ctx context.Context, all []operator.DisburseRequest, callbackURL string) (string, error) {
	numbers, err := o.payables(all)
	if err != nil {
		return "", err
	}
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	// No byte of the bulk has left at this point, whatever the balance call returned.
	if _, err := o.Balance(ctx); err != nil {
		return "", pirogue.Errorf(operator.NotSent, "the PIN was not tried on a bulk: %w", err)
	}
	answer, err := o.withPIN(ctx, o.sealedOnce, func(key publicKey, pin string) (outbound.Request, error) {
		return o.bulk(all, numbers, callbackURL, func() (string, error) { return key.seal(pin) })
	})
	if err != nil {
		return "", err
	}
	if !answer.OK() {
		return "", o.turnedBulk(answer)
	}
	return bulkOf(answer.Body)
}

// ofWholeBulk lists the codes that reject a bulk as a whole. Orange did not read it, or our
// PIN or our right to deposit was not valid. Any other code may concern one line, and no
// document states that the lines before it were not executed.
var ofWholeBulk = map[string]bool{
	"20": true, "21": true, "22": true, "23": true, "24": true, "25": true, "2010": true, codeWrongPINTwoLeft: true,
	codeWrongPINOneLeft: true, codePINBlocked: true, "2042": true,
}

// turnedBulk returns the error of a response that is not good. The code for an unreadable
// key does not prove that no line was executed. Each line has its own seal, and Orange may
// have renewed the key between two lines.
func (o *adapter) turnedBulk(a outbound.Response) error {
	code, _ := said(a)
	class := o.ErrorCode(a.Status, code, pirogue.CashOut)
	refused := class == operator.Refused || class == operator.Unable
	if refused && !ofWholeBulk[code] || code == codeBadKey {
		class = operator.Unknown
	}
	return o.Errorf(class, a)
}

// payables returns the local numbers of a bulk. It returns Unable for a bulk that Orange
// can never accept.
func (o *adapter) payables(all []operator.DisburseRequest) ([]string, error) {
	if len(all) == 0 || len(all) > maxBulk {
		return nil, pirogue.Errorf(operator.Unable, "not sent: a bulk has 1 to %d lines", maxBulk)
	}
	seen := make(map[pirogue.OperatorRef]bool, len(all))
	numbers := make([]string, 0, len(all))
	for _, d := range all {
		number, err := o.Limits.LocalNumber(outbound.DisburseSubmission(d))
		if err != nil {
			return nil, err
		}
		// Two lines with one reference could not be told apart afterwards.
		if seen[d.Ref] {
			return nil, pirogue.Errorf(operator.Unable, "not sent: %s is in the bulk twice", d.Ref)
		}
		seen[d.Ref] = true
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// bulk returns the request: an array of deposits. Each holds the PIN, sealed separately.
func (o *adapter) bulk(
	all []operator.DisburseRequest, numbers []string, callbackURL string, seal func() (string, error),
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

// bulkOf reads the response. A bulk reported as failed is Unknown, because some of its
// lines may have been executed.
func bulkOf(body []byte) (string, error) {
	var got bulkAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return "", pirogue.Errorf(operator.Unknown, "bulk: not the JSON of the specification: %w", err)
	}
	if got.BulkID == "" {
		return "", pirogue.Errorf(operator.Unknown, "bulk without bulkId")
	}
	if outcome, err := outcomes.Outcome("status", got.Status); err != nil || outcome == pirogue.OutcomeDeclined {
		return string(got.BulkID), pirogue.Errorf(operator.Unknown, "bulk %s is %q", got.BulkID, outbound.Redact(got.Status))
	}
	return string(got.BulkID), nil
}

// BulkLines returns the lines that Orange lists of a bulk. A line that it does not list yet
// is absent. Its errors are NotSent and Unknown; it never returns a part of the list.
func (o *adapter) BulkLines(ctx context.Context, bulkID string) ([]operator.StatementLine, error) {
	return o.lines(ctx, url.Values{"bulkId": {bulkID}})
}
