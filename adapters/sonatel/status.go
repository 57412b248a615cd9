package sonatel

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The limits of the search for one reference.
const (
	clockSkew   = 120 * time.Second // fromDateTime is strict, and no two clocks agree
	statusSize  = 20                // rows of a page
	statusPages = 5
)

// Status implements pirogue.StatusReader by Orange's search for the reference. A success
// outweighs every other row of the reference. If one of several successes matches the
// order, the others become Extra. If none matches, their amounts are added: money that
// moved twice must not look like an order paid once.
//
// It never returns Refused, because the refusal of a status call tells nothing about the
// money.
func (o *adapter) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	ctx, cancel := o.WithTimeout(ctx)
	defer cancel()
	rows, err := o.search(ctx, question(q), statusSize, statusPages)
	switch {
	case err != nil:
		return operator.OperatorResult{}, err
	case len(rows) > 0:
		return o.judge(rows, q)
	case q.Handle[keyTransactionID] != "":
		return o.statusOf(ctx, q.Handle[keyTransactionID])
	case q.Kind.MoneyOut():
		return operator.OperatorResult{Outcome: pirogue.OutcomeAbsent, Message: "no transaction of this reference"}, nil
	default:
		return operator.OperatorResult{Outcome: pirogue.OutcomePending, Message: "no transaction yet: an unpaid QR is not listed"}, nil
	}
}

// question returns the search for a reference. It names no type: in production that filter
// hides transactions of the very type it names.
func question(q operator.StatusQuery) url.Values {
	query := url.Values{"reference": {string(q.Ref)}}
	if !q.SentAt.IsZero() {
		query.Set("fromDateTime", writeTime(q.SentAt.Add(-clockSkew)))
	}
	return query
}

// judge decides from all rows of a reference: a success first, then any undecided row, then
// a failure. A list without a row of the order is Unknown. It does not answer the query,
// and it proves no absence.
func (o *adapter) judge(rows []transaction, q operator.StatusQuery) (operator.OperatorResult, error) {
	seen := map[pirogue.Outcome][]transaction{}
	var strange error
	for _, row := range rows {
		// A row of another reference or direction is no result of this attempt.
		if row.Reference != string(q.Ref) || kinds[row.Type].MoneyOut() != q.Kind.MoneyOut() || kinds[row.Type] == "" {
			continue
		}
		outcome, err := outcomes.Outcome("status", row.Status)
		if err != nil {
			// An undocumented word may mean success, so no failure beside it counts.
			strange = err
			continue
		}
		seen[outcome] = append(seen[outcome], row)
	}
	switch {
	case len(seen[pirogue.OutcomePaid]) > 0:
		return o.paid(seen[pirogue.OutcomePaid], q)
	case strange != nil:
		return operator.OperatorResult{}, strange
	}
	for _, outcome := range []pirogue.Outcome{pirogue.OutcomePending, pirogue.OutcomeDeclined} {
		if found := seen[outcome]; len(found) > 0 {
			last := found[len(found)-1]
			return operator.OperatorResult{
				Outcome: outcome, ProviderTxID: last.TransactionID, Message: o.Redact(last.words()),
			}, nil
		}
	}
	return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "%d transactions, none of them of %s", len(rows), q.Ref)
}

// success is one transaction that moved money, with its difference from the order.
type success struct {
	transaction

	moved    pirogue.Money
	mismatch string
}

// paid returns the operator result of the successes of one reference. It is that of the
// first success that matches the order, with the others as Extra. If none matches, it is
// that of all together.
func (o *adapter) paid(rows []transaction, q operator.StatusQuery) (operator.OperatorResult, error) {
	all, err := o.successes(rows, q)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	// -1 if no success matches the order exactly.
	is := slices.IndexFunc(all, func(s success) bool { return s.mismatch == "" && s.moved == q.Amount })
	one := all[max(is, 0)]
	receipt := operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, ProviderTxID: one.TransactionID, Message: o.Redact(one.words()),
		Amount: one.moved, Mismatch: one.mismatch,
	}
	for n, other := range all {
		switch {
		case n == max(is, 0):
		case is >= 0 && other.mismatch == outbound.MismatchCounterparty && !q.Kind.MoneyOut():
			// another merchant's money does not concern us
		case is >= 0:
			receipt.Extra, err = sum(receipt.Extra, other.moved)
		default:
			receipt.Mismatch = cmp.Or(receipt.Mismatch, other.mismatch)
			receipt.Amount, err = sum(receipt.Amount, other.moved)
		}
		if err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "successes of %s: %w", q.Ref, err)
		}
	}
	return receipt, nil
}

// sum adds two amounts; some may be the zero value.
func sum(some, more pirogue.Money) (pirogue.Money, error) {
	some.Currency = cmp.Or(some.Currency, more.Currency)
	return some.Add(more)
}

// successes reads the amount of each row. A row that appears on two pages counts once.
func (o *adapter) successes(rows []transaction, q operator.StatusQuery) ([]success, error) {
	var all []success
	counted := map[string]bool{}
	for _, row := range rows {
		// A row counted twice would look like money that moved twice.
		if row.TransactionID != "" && counted[row.TransactionID] {
			continue
		}
		counted[row.TransactionID] = true
		moved, err := row.Amount.money()
		if err != nil {
			return nil, pirogue.Errorf(operator.Unknown, "transaction %s: %w", row.TransactionID, err)
		}
		all = append(all, success{row, moved, o.mismatch(row, moved, q)})
	}
	return all, nil
}

// mismatch returns the part of a success that differs from the order. It is a wallet that
// is not the customer's, or a merchant that is not ours. A field that the row leaves out is
// no difference.
func (o *adapter) mismatch(row transaction, moved pirogue.Money, q operator.StatusQuery) string {
	merchant := string(row.Partner.ID)
	another := merchant != "" && merchant != o.conf.Credentials[credMerchantCode]
	if q.Kind.MoneyOut() {
		another = outbound.IsAnotherNumber(string(row.Customer.ID), q.MSISDN)
	}
	switch {
	case moved.Currency != q.Amount.Currency:
		return outbound.MismatchCurrency
	case another:
		return outbound.MismatchCounterparty
	default:
		return ""
	}
}

// statusOf reads the status word of a transaction that Orange named but does not list. The
// word states no amount, so a success is unclear until the list shows what moved.
func (o *adapter) statusOf(ctx context.Context, id string) (operator.OperatorResult, error) {
	answer, err := o.Ask(ctx, get(transactionsPath+"/"+url.PathEscape(id)+"/status", nil))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	var got struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status: not the JSON of the specification: %w", err)
	}
	receipt, err := o.told(transaction{TransactionID: id, Status: got.Status})
	if err == nil && receipt.Outcome == pirogue.OutcomePaid {
		receipt.Outcome, receipt.Unreadable = pirogue.OutcomePending, true
		receipt.Message = "paid, but not listed yet, so its amount is not known: " + receipt.Message
	}
	return receipt, err
}
