package sonatel

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The limits of the search for one reference.
const (
	clockSkew   = 120 * time.Second // fromDateTime is strict, and no two clocks agree
	statusSize  = 20                // rows of a page
	statusPages = 5
)

// Status implements operator.StatusReader by Orange's search for the reference. A success
// outweighs every other row of the reference. If one of several successes matches the
// order, the others become Extra. If none matches, their amounts are added: money that
// moved twice must not look like an order paid once.
//
// It never returns Refused, because the refusal of a status call tells nothing about the
// money.
func (h *history) Status(ctx context.Context, q operator.StatusQuery) (operator.OperatorResult, error) {
	ctx, cancel := h.WithTimeout(ctx)
	defer cancel()
	rows, err := h.searchTransactions(ctx, statusSearch(q), statusSize, statusPages)
	switch {
	case err != nil:
		return operator.OperatorResult{}, err
	case len(rows) > 0:
		return h.combineRows(rows, q)
	case q.Handle[keyTransactionID] != "":
		return h.readStatusByID(ctx, q.Handle[keyTransactionID])
	case q.Kind.MoneyOut():
		return operator.OperatorResult{Outcome: pirogue.OutcomeAbsent, Message: "no transaction of this reference"}, nil
	default:
		return operator.OperatorResult{
			Outcome: pirogue.OutcomePending, Message: "no transaction yet: an unpaid QR is not listed",
		}, nil
	}
}

// statusSearch returns the search for a reference. It names no type: in production that filter
// hides transactions of the very type it names.
func statusSearch(q operator.StatusQuery) url.Values {
	query := url.Values{"reference": {string(q.Ref)}}
	if !q.SentAt.IsZero() {
		query.Set("fromDateTime", writeTime(q.SentAt.Add(-clockSkew)))
	}
	return query
}

// combineRows decides from all rows of a reference: a success first, then any undecided row, then
// a failure. A list without a row of the order is Unknown. It does not answer the query,
// and it proves no absence.
func (h *history) combineRows(rows []transaction, q operator.StatusQuery) (operator.OperatorResult, error) {
	byOutcome := map[pirogue.Outcome][]transaction{}
	var unknownWord error
	for _, row := range rows {
		// A row of another reference or direction is no result of this attempt.
		if row.Reference != string(q.Ref) || kinds[row.Type].MoneyOut() != q.Kind.MoneyOut() || kinds[row.Type] == "" {
			continue
		}
		outcome, err := statusTable.Outcome("status", row.Status)
		if err != nil {
			// An undocumented word may mean success, so no failure beside it counts.
			unknownWord = err
			continue
		}
		byOutcome[outcome] = append(byOutcome[outcome], row)
	}
	switch {
	case len(byOutcome[pirogue.OutcomePaid]) > 0:
		return h.paidResult(byOutcome[pirogue.OutcomePaid], q)
	case unknownWord != nil:
		return operator.OperatorResult{}, unknownWord
	}
	for _, outcome := range []pirogue.Outcome{pirogue.OutcomePending, pirogue.OutcomeDeclined} {
		if found := byOutcome[outcome]; len(found) > 0 {
			last := found[len(found)-1]
			return operator.OperatorResult{
				Outcome: outcome, ProviderTxID: last.TransactionID, Message: h.Redact(last.text()),
			}, nil
		}
	}
	return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown,
		"%d transactions, none of them of %s", len(rows), q.Ref)
}

// success is one transaction that moved money, with its difference from the order.
type success struct {
	transaction

	moved    pirogue.Money
	mismatch string
}

// paidResult returns the operator result of the successes of one reference. It is that of the
// first success that matches the order, with the others as Extra. If none matches, it is
// that of all together.
func (h *history) paidResult(rows []transaction, q operator.StatusQuery) (operator.OperatorResult, error) {
	all, err := h.successes(rows, q)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	// -1 if no success matches the order exactly.
	match := slices.IndexFunc(all, func(s success) bool { return s.mismatch == "" && s.moved == q.Amount })
	one := all[max(match, 0)]
	result := operator.OperatorResult{
		Outcome: pirogue.OutcomePaid, ProviderTxID: one.TransactionID, Message: h.Redact(one.text()),
		Amount: one.moved, Mismatch: one.mismatch,
	}
	for n, other := range all {
		switch {
		case n == max(match, 0):
		case match >= 0 && other.mismatch == client.MismatchCounterparty && !q.Kind.MoneyOut():
			// another merchant's money does not concern us
		case match >= 0:
			result.Extra, err = addAmounts(result.Extra, other.moved)
		default:
			result.Mismatch = cmp.Or(result.Mismatch, other.mismatch)
			result.Amount, err = addAmounts(result.Amount, other.moved)
		}
		if err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "successes of %s: %w", q.Ref, err)
		}
	}
	return result, nil
}

// addAmounts adds two amounts; some may be the zero value.
func addAmounts(some, more pirogue.Money) (pirogue.Money, error) {
	some.Currency = cmp.Or(some.Currency, more.Currency)
	return some.Add(more)
}

// successes reads the amount of each row. A row that appears on two pages counts once.
func (h *history) successes(rows []transaction, q operator.StatusQuery) ([]success, error) {
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
		all = append(all, success{row, moved, h.mismatch(row, moved, q)})
	}
	return all, nil
}

// mismatch returns the part of a success that differs from the order. It is a wallet that
// is not the customer's, or a merchant that is not ours. A field that the row leaves out is
// no difference.
func (h *history) mismatch(row transaction, moved pirogue.Money, q operator.StatusQuery) string {
	merchant := string(row.Partner.ID)
	another := merchant != "" && merchant != h.conf.Credentials[credMerchantCode]
	if q.Kind.MoneyOut() {
		another = client.IsAnotherNumber(string(row.Customer.ID), q.MSISDN)
	}
	switch {
	case moved.Currency != q.Amount.Currency:
		return client.MismatchCurrency
	case another:
		return client.MismatchCounterparty
	default:
		return ""
	}
}

// readStatusByID reads the status word of a transaction that Orange named but does not list. The
// word states no amount, so a success is unclear until the list shows what moved.
func (h *history) readStatusByID(ctx context.Context, id string) (operator.OperatorResult, error) {
	resp, err := h.Query(ctx, h.get(transactionsPath+"/"+url.PathEscape(id)+"/status", nil))
	if err != nil {
		return operator.OperatorResult{}, err
	}
	var got struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(resp.Body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown,
			"status: not the JSON of the specification: %w", err)
	}
	result, err := h.transactionResult(transaction{TransactionID: id, Status: got.Status})
	if err == nil && result.Outcome == pirogue.OutcomePaid {
		result.Outcome, result.Unreadable = pirogue.OutcomePending, true
		result.Message = "paid, but not listed yet, so its amount is not known: " + result.Message
	}
	return result, err
}
