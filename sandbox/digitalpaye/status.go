package digitalpaye

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"pirogue/sandbox/engine"
)

// status serves the status of one transaction by Digitalpaye's ref. If no order has that
// ref, our transaction id finds it [our reading of two documents, one for each].
//
// An order that is found answers HTTP 200. data.status holds its result, and so does the
// envelope of v2 and sdk. statusCode is that of v1's page, always 200.
func (s *Simulator) status(w http.ResponseWriter, r *http.Request, a admittedCall) error {
	o, _ := s.find(r.PathValue("id"))
	return s.Reply(w, o, func(o engine.Order) any {
		answer := s.stateReply(o)
		if a.in.camel {
			answer.code = http.StatusOK
		}
		answer.status = s.Faults.Read().StatusWord(answer.status)
		answer.data = s.transactionView(o, a.in)
		return a.in.wrap(answer)
	})
}

// find returns an order by Digitalpaye's ref, or by our transaction id unless the quirk
// forbids it.
func (s *Simulator) find(id string) (engine.Order, bool) {
	if o, found := s.Order(id); found {
		return o, true
	}
	ours := s.Search(id)
	if len(ours) == 0 || s.Quirk(quirkStatusByRef) {
		return engine.Order{}, false
	}
	return ours[0], true
}

// transactionView returns a transaction as status and list show it.
func (s *Simulator) transactionView(o engine.Order, in *shape) transaction {
	t := s.transaction(o, in)
	if s.Faults.Read().UnknownWords {
		t.setStatus(engine.UnknownWord)
	}
	return t
}

const maxPage = 100 // transactions of a list, unless size asks for fewer

// list serves all transactions, newest first [our reading, as is the query]. from and to
// are RFC 3339, the first included and the second not. page counts from 1, and size is at
// most 100.
func (s *Simulator) list(w http.ResponseWriter, r *http.Request, a admittedCall) error {
	wanted, err := readRange(r.URL.Query())
	if err != nil {
		return err
	}
	page := []transaction{}
	for _, o := range wanted.page(s.Orders()) {
		page = append(page, s.transactionView(o, a.in))
	}
	a.in.reply(w, "TRANSACTIONS_FOUND", page)
	return nil
}

// listRange is the part of the list that a caller asks for.
type listRange struct {
	from, to         time.Time // zero for no limit
	pageNumber, size int
}

// readRange reads the query of a list. It returns a refusal for the first invalid
// parameter.
func readRange(query url.Values) (wanted listRange, err error) {
	for name, limit := range map[string]*time.Time{"from": &wanted.from, "to": &wanted.to} {
		if text := query.Get(name); text != "" {
			if *limit, err = time.Parse(time.RFC3339, text); err != nil {
				return wanted, invalid(name)
			}
		}
	}
	wanted.pageNumber, wanted.size = 1, maxPage
	for name, number := range map[string]*int{"page": &wanted.pageNumber, "size": &wanted.size} {
		if text := query.Get(name); text != "" {
			if *number, err = strconv.Atoi(text); err != nil || *number < 1 {
				return wanted, invalid(name)
			}
		}
	}
	if wanted.size > maxPage {
		return wanted, invalid("size")
	}
	return wanted, nil
}

// page returns the page of the range, from all orders, oldest first.
func (l listRange) page(all []engine.Order) []engine.Order {
	within := slices.DeleteFunc(all, func(o engine.Order) bool {
		return !l.from.IsZero() && o.OpenedAt.Before(l.from) || !l.to.IsZero() && !o.OpenedAt.Before(l.to)
	})
	slices.Reverse(within)
	if l.pageNumber-1 > len(within)/l.size {
		return nil
	}
	rest := within[(l.pageNumber-1)*l.size:]
	return rest[:min(l.size, len(rest))]
}

// balance serves the money left for transfers. The field is data.balance in v2 and in the
// SDK's older text, data.amount in its newer one. /v1 serves both [our reading].
func (s *Simulator) balance(w http.ResponseWriter, _ *http.Request, a admittedCall) error {
	left := map[string]string{"balance": strconv.FormatInt(s.Float(), 10), "currency": currency}
	if a.in.camel {
		left["amount"] = left["balance"]
	}
	a.in.reply(w, "BALANCE_FOUND", left)
	return nil
}
