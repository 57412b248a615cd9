package digitalpaye

import (
	"context"
	"net/url"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
)

// The limits of the search for one reference.
const (
	searchBack  = time.Hour // before the order left us last: it may have left before, and clocks differ
	searchPages = 20
)

// Status implements pirogue.StatusReader. Digitalpaye is asked by its own name for the
// transaction where that is known, then by our reference [our reading], and a
// transaction it does not know by either is looked for in the list. It never returns
// Refused: a question it will not answer says nothing about the money.
func (o *operator) Status(ctx context.Context, q pirogue.StatusQuery) (pirogue.Receipt, error) {
	ctx, cancel := o.Within(ctx)
	defer cancel()
	asked := question{StatusQuery: q, network: o.conf.Network}
	for _, name := range []string{q.Handle[keyRef], string(q.Ref)} {
		if name == "" {
			continue
		}
		answer, err := o.Sender.Send(ctx, outbound.Get(o.shape.statusPath+url.PathEscape(name), nil))
		if err != nil {
			return pirogue.Receipt{}, err
		}
		if said := readReply(answer); !said.unheardOf() {
			receipt, _, err := o.judge(said, asked, pirogue.Unknown)
			return receipt, err
		}
	}
	return o.search(ctx, asked)
}

// search looks for an order in the list. What Digitalpaye has named before cannot be
// absent, and two transactions of one reference are for people to look at.
func (o *operator) search(ctx context.Context, q question) (pirogue.Receipt, error) {
	query := url.Values{}
	if !q.SentAt.IsZero() {
		query.Set("from", writeTime(q.SentAt.Add(-searchBack)))
	}
	var found []transaction
	for row, err := range o.transactions(ctx, query, searchPages) {
		if err != nil {
			return pirogue.Receipt{}, err
		}
		if row.id == string(q.Ref) {
			found = append(found, row)
		}
	}
	switch {
	case len(found) > 1:
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "%d transactions of %s", len(found), q.Ref)
	case len(found) == 1:
		if err := found[0].about(q); err != nil {
			return pirogue.Receipt{}, err
		}
		return o.receipt(found[0], q)
	case q.Handle[keyRef] != "":
		return pirogue.Receipt{}, pirogue.Errorf(pirogue.Unknown, "%s was named, and is listed no more", q.Ref)
	default:
		return pirogue.Receipt{Outcome: pirogue.OutcomeAbsent, Words: "no transaction of this reference"}, nil
	}
}
