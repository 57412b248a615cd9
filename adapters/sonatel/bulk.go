package sonatel

import (
	"context"
	"encoding/json"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// bulkPath is the path that takes many deposits at once.
const bulkPath = "/api/eWallet/v1/bulkcashins"

// maxBulk is the number of disbursements in one bulk. It is our limit: Orange states none,
// and with it the request stays well under a megabyte.
const maxBulk = 500

// bulkResponse is the body of a response to bulkcashins.
type bulkResponse struct {
	BulkID client.Text `json:"bulkId"`
	Status string      `json:"status"`
}

// MaxBulk implements operator.BulkDisburser.
func (o *adapter) MaxBulk() int { return maxBulk }

// BulkDisburse implements operator.BulkDisburser. It sends up to maxBulk disbursements at once and
// returns Orange's identifier of the bulk. The message that Orange posts to callbackURL at the end
// is not documented. BulkDisburse reads the balance first: there a wrong PIN costs one of its
// tries, and not one for every line. An invalid key is noticed there too, before the bulk leaves.
//
// An error holds for all lines together, and a bulk leaves once, whatever Orange responds.
// After Unknown every line must be searched by its reference.
func (o *adapter) BulkDisburse(
	ctx context.Context, all []operator.DisburseRequest, callbackURL string,
) (string, error) {
	lines, err := o.checkBulk(all)
	if err != nil {
		return "", err
	}
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	// No byte of the bulk has left at this point, whatever the balance call returned.
	if _, err := o.Balance(ctx); err != nil {
		return "", pirogue.Errorf(operator.NotSent, "the PIN was not tried on a bulk: %w", err)
	}
	resp, err := o.withPIN(ctx, o.sendSealedOnce, func(key publicKey, pin string) (client.Request, error) {
		return o.bulkRequest(lines, callbackURL, func() (string, error) { return key.encryptPIN(pin) })
	})
	if err != nil {
		return "", err
	}
	if !resp.OK() {
		return "", o.bulkError(resp)
	}
	return readBulk(resp.Body)
}

// wholeBulkErrors lists the codes that reject a bulk as a whole. Orange did not read it, or our
// PIN or our right to deposit was not valid. Any other code may concern one line, and no
// document states that the lines before it were not executed.
var wholeBulkErrors = map[string]bool{
	"20": true, "21": true, "22": true, "23": true, "24": true, "25": true, "2010": true, codeWrongPINTwoLeft: true,
	codeWrongPINOneLeft: true, codePINBlocked: true, "2042": true,
}

// bulkError returns the error of a response that is not good. The code for an unreadable
// key does not prove that no line was executed. Each line has its own seal, and Orange may
// have renewed the key between two lines.
func (o *adapter) bulkError(r client.Response) error {
	word, _ := readError(r)
	code := spec.ErrorCode(r.Status, word, pirogue.CashOut)
	refused := code == operator.Refused || code == operator.Unable
	if refused && !wholeBulkErrors[word] || word == codeBadKey {
		code = operator.Unknown
	}
	return o.CodedError(code, r)
}

// bulkLine is one disbursement of a bulk, with the local number of its customer.
type bulkLine struct {
	operator.DisburseRequest

	number string
}

// checkBulk returns the lines of a bulk. It returns Unable for a bulk that Orange
// can never accept.
func (o *adapter) checkBulk(all []operator.DisburseRequest) ([]bulkLine, error) {
	if len(all) == 0 || len(all) > maxBulk {
		return nil, pirogue.Errorf(operator.Unable, "not sent: a bulk has 1 to %d lines", maxBulk)
	}
	seen := make(map[pirogue.OperatorRef]bool, len(all))
	lines := make([]bulkLine, 0, len(all))
	for _, d := range all {
		number, err := o.Limits.LocalNumber(client.DisburseSubmission(d))
		if err != nil {
			return nil, err
		}
		// Two lines with one reference could not be told apart afterwards.
		if seen[d.Ref] {
			return nil, pirogue.Errorf(operator.Unable, "not sent: %s is in the bulk twice", d.Ref)
		}
		seen[d.Ref] = true
		lines = append(lines, bulkLine{d, number})
	}
	return lines, nil
}

// bulkRequest returns the request: an array of deposits. Each holds the PIN, sealed separately.
func (o *adapter) bulkRequest(
	lines []bulkLine, callbackURL string, encryptPIN func() (string, error),
) (client.Request, error) {
	deposits := make([]cashInRequest, 0, len(lines))
	for _, line := range lines {
		sealed, err := encryptPIN()
		if err != nil {
			return client.Request{}, err
		}
		deposits = append(deposits, o.cashInRequest(line.DisburseRequest, line.number, sealed))
	}
	req, err := o.post(bulkPath, deposits)
	if err == nil && callbackURL != "" {
		req.Header.Set(headerCallbackURL, callbackURL)
	}
	return req, err
}

// readBulk reads the response. A bulk reported as failed is Unknown, because some of its
// lines may have been executed.
func readBulk(body []byte) (string, error) {
	var got bulkResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return "", pirogue.Errorf(operator.Unknown, "bulk: not the JSON of the specification: %w", err)
	}
	if got.BulkID == "" {
		return "", pirogue.Errorf(operator.Unknown, "bulk without bulkId")
	}
	if outcome, err := statusTable.Outcome("status", got.Status); err != nil || outcome == pirogue.OutcomeDeclined {
		return string(got.BulkID), pirogue.Errorf(operator.Unknown, "bulk %s is %q", got.BulkID, client.Redact(got.Status))
	}
	return string(got.BulkID), nil
}
