package sonatel

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The limits of the search for one reference.
const (
	clockSkew   = 120 * time.Second // fromDateTime is strict, and no two clocks agree
	statusSize  = 20                // rows of a page
	statusPages = 5
)

// Status implements pirogue.StatusReader by Orange's search for the reference. A
// success outweighs every other row of the reference, and several are added up:
// money that moved twice must not look like an order paid once. It never returns
// Refused: a question Orange will not answer says nothing about the money.
func (o *operator) Status(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	ctx, cancel := o.Within(ctx)
	defer cancel()
	rows, err := o.search(ctx, question(q), statusSize, statusPages)
	switch {
	case err != nil:
		return pirogue.Receipt{}, err
	case len(rows) > 0:
		return o.judge(rows, q)
	case q.Handle[keyTransactionID] != "":
		return o.statusOf(ctx, q.Handle[keyTransactionID])
	case q.Kind.MoneyOut():
		return pirogue.Receipt{Outcome: pirogue.OutcomeAbsent, Words: "no transaction of this reference"}, nil
	default:
		return pirogue.Receipt{Outcome: pirogue.OutcomePending, Words: "no transaction yet: an unpaid QR is not listed"}, nil
	}
}

// question asks for a reference. It names no type: in production that filter hides
// transactions of the very type it names.
func question(q pirogue.StatusQuery) url.Values {
	query := url.Values{"reference": {string(q.Ref)}}
	if !q.SentAt.IsZero() {
		query.Set("fromDateTime", writeTime(q.SentAt.Add(-clockSkew)))
	}
	return query
}

// judge decides from all rows of a reference: a success, else anything undecided,
// else a failure. A list without a row of the order is no answer to the question,
// and least of all an absence.
func (o *operator) judge(rows []transaction, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	seen := map[pirogue.Outcome][]transaction{}
	var strange error
	for _, row := range rows {
		if row.Reference != string(q.Ref) || kinds[row.Type].MoneyOut() != q.Kind.MoneyOut() || kinds[row.Type] == "" {
			continue
		}
		outcome, err := outcomes.Outcome("status", row.Status)
		if err != nil {
			strange = err
			continue
		}
		seen[outcome] = append(seen[outcome], row)
	}
	switch {
	case len(seen[pirogue.OutcomePaid]) > 0:
		return o.paid(seen[pirogue.OutcomePaid], q)
	case strange != nil:
		return pirogue.Receipt{}, strange
	}
	for _, outcome := range []pirogue.Outcome{pirogue.OutcomePending, pirogue.OutcomeDeclined} {
		if found := seen[outcome]; len(found) > 0 {
			last := found[len(found)-1]
			return pirogue.Receipt{
				Outcome: outcome, ProviderTxID: last.TransactionID, Words: o.Words(last.words()),
			}, nil
		}
	}
	return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "%d transactions, none of them of %s", len(rows), q.Ref)
}

// paid returns the receipt of the successes of one reference. A row that came on
// two pages counts once.
func (o *operator) paid(rows []transaction, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	receipt := pirogue.Receipt{
		Outcome: pirogue.OutcomePaid, ProviderTxID: rows[0].TransactionID, Words: o.Words(rows[0].words()),
	}
	counted := map[string]bool{}
	for _, row := range rows {
		if row.TransactionID != "" && counted[row.TransactionID] {
			continue
		}
		counted[row.TransactionID] = true
		moved, err := row.Amount.money()
		if err != nil {
			return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "transaction %s: %w", row.TransactionID, err)
		}
		receipt.Mismatch = cmp.Or(receipt.Mismatch, o.mismatch(row, moved, q))
		receipt.Amount.Currency = cmp.Or(receipt.Amount.Currency, moved.Currency)
		if receipt.Amount, err = receipt.Amount.Add(moved); err != nil {
			return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "successes of %s: %w", q.Ref, err)
		}
	}
	return receipt, nil
}

// mismatch returns what of a success is not the order's: a wallet that is not the
// customer's was paid, or a merchant who is not ours. What a row leaves out is no difference.
func (o *operator) mismatch(row transaction, moved pirogue.Money, q pirogue.StatusQuery) string {
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

// statusOf asks for the one word Orange keeps of a transaction that it named to us
// but does not list. It says nothing of amount and counterparty, which were ours
// when Orange answered with its name.
func (o *operator) statusOf(ctx context.Context, id string) (pirogue.Receipt, error) {
	answer, err := o.Ask(ctx, get(transactionsPath+"/"+url.PathEscape(id)+"/status", nil))
	if err != nil {
		return pirogue.Receipt{}, err
	}
	var got struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(answer.Body, &got); err != nil {
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "status: not the JSON of the specification: %w", err)
	}
	return o.told(transaction{TransactionID: id, Status: got.Status})
}
