package digitalpaye

import (
	"context"
	"net/url"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The limits of the search for one reference.
const (
	searchBack  = time.Hour // before the last submission: an earlier one is possible, and clocks differ
	searchPages = 20
)

// Status implements operator.StatusReader. It asks by Digitalpaye's own name of the
// transaction, if known, then by our reference [our reading]. If Digitalpaye knows neither,
// Status searches the list. It never returns Refused, because the refusal of a status call
// tells nothing about the money.
func (o *adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	want := expected{StatusQuery: q, network: o.conf.Network, refusal: operator.Unknown}
	for _, name := range []string{q.Handle[keyRef], string(q.Ref)} {
		if name == "" {
			continue
		}
		resp, err := o.Do(ctx, client.Get(o.shape.statusPath+url.PathEscape(name), nil))
		if err != nil {
			return operator.OperatorResult{}, err
		}
		if reply := readReply(resp); !reply.isNotFound() {
			result, _, err := o.readTransaction(reply, want)
			return result, err
		}
	}
	return o.searchList(ctx, want)
}

// searchList looks for an attempt in the list. A transaction that Digitalpaye named before cannot
// be absent. Two transactions of one reference are Unknown, for people to decide.
func (o *adapter) searchList(ctx context.Context, want expected) (operator.OperatorResult, error) {
	query := url.Values{}
	if !want.SentAt.IsZero() {
		query.Set("from", writeTime(want.SentAt.Add(-searchBack)))
	}
	var found []transaction
	for row, err := range o.transactions(ctx, query, searchPages) {
		if err != nil {
			return operator.OperatorResult{}, err
		}
		if row.id == string(want.Ref) {
			found = append(found, row)
		}
	}
	switch {
	case len(found) > 1:
		// Neither of two transactions can be preferred: one of them may have moved money.
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "%d transactions of %s", len(found), want.Ref)
	case len(found) == 1:
		if err := found[0].checkAttempt(want); err != nil {
			return operator.OperatorResult{}, err
		}
		return o.transactionResult(found[0], want)
	case want.Handle[keyRef] != "":
		// A list that lacks a named transaction is incomplete, so it proves no absence.
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "%s was named, and is listed no more", want.Ref)
	default:
		return operator.OperatorResult{Outcome: pirogue.OutcomeAbsent, Message: "no transaction of this reference"}, nil
	}
}
