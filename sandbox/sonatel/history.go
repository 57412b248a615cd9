package sonatel

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"pirogue/sandbox/engine"
)

// The limits of a search, from Sonatel's document.
const (
	defaultPageSize = 20
	maxPageSize     = 500
)

// query holds the filters of a search. An empty one matches everything.
type query struct {
	transactionID, reference, bulkID, status string
	kind                                     string
	// from is exclusive, as in production. A caller whose clock is ahead of Sonatel's must
	// subtract the difference to find a recent transaction.
	from, to   time.Time
	page, size int // page 0 is the first
}

// history serves the transactions.
type history struct {
	engine   *engine.Engine
	settings *settings
}

// search serves transactions, the latest first. An unpaid QR code is no transaction, so a
// search finds nothing of a payment that waits.
func (h history) search(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuery(r)
	if err != nil {
		return err
	}
	candidates, quirks := h.candidates(asked), h.settings.quirks()
	slices.Reverse(candidates)
	replies := []transactionReply{}
	// A type filter finds nothing, even transactions of that type.
	broken := asked.kind != "" && quirks.BrokenTypeFilter
	for _, o := range candidates {
		t := transaction{o}
		if !broken && asked.matches(t) && h.engine.Faults.Read().SearchFinds(t.OpenedAt, h.engine.Now()) {
			reply := t.reply(quirks)
			reply.Status = h.word(t)
			replies = append(replies, reply)
		}
	}
	start := min(asked.page*asked.size, len(replies))
	page := replies[start:min(start+asked.size, len(replies))]
	if quirks.BareArrays {
		engine.WriteJSON(w, http.StatusOK, page)
		return nil
	}
	engine.WriteJSON(w, http.StatusOK, struct {
		Transactions []transactionReply `json:"transactions"`
		Page         int                `json:"page"`
		Size         int                `json:"size"`
		Total        int                `json:"total"`
	}{page, asked.page, asked.size, len(replies)})
	return nil
}

// candidates returns the transactions to search. They are few if the search names a
// transaction or a reference.
func (h history) candidates(q query) []engine.Order {
	switch {
	case q.transactionID != "":
		if found, ok := h.engine.Order(q.transactionID); ok {
			return []engine.Order{found}
		}
		return nil
	case q.reference != "":
		return h.engine.ByReference(q.reference)
	default:
		return h.engine.Orders()
	}
}

// matches reports whether a transaction passes every filter of a search.
func (q query) matches(t transaction) bool {
	for _, one := range []struct{ wanted, got string }{
		{q.transactionID, t.ID},
		{q.reference, t.Reference},
		{q.bulkID, t.Notes[noteBulk]},
		{q.status, string(t.status())},
		{q.kind, t.kind()},
	} {
		if one.wanted != "" && one.wanted != one.got {
			return false
		}
	}
	return (q.from.IsZero() || t.OpenedAt.After(q.from)) && (q.to.IsZero() || t.OpenedAt.Before(q.to))
}

// readQuery reads the parameters of a search. Its error lists everything wrong with
// them.
func readQuery(r *http.Request) (query, error) {
	values := r.URL.Query()
	q := query{
		transactionID: values.Get("transactionId"), reference: values.Get("reference"), bulkID: values.Get("bulkId"),
		status: values.Get("status"), kind: values.Get("type"), size: defaultPageSize,
	}
	var found []violation
	for name, where := range map[string]*time.Time{"fromDateTime": &q.from, "toDateTime": &q.to} {
		if text := values.Get(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			*where = at
			found = append(found, violationsOf([]rule{{name, "be an ISO 8601 instant", err == nil}})...)
		}
	}
	for name, where := range map[string]*int{"page": &q.page, "size": &q.size} {
		if text := values.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			*where = n
			found = append(found, violationsOf([]rule{{name, "be a whole number", err == nil}})...)
		}
	}
	found = append(found, violationsOf([]rule{
		{"page", "be 0 or above", q.page >= 0 && q.page < maxBalance},
		{"size", "be from 1 to 500", q.size >= 1 && q.size <= maxPageSize},
	})...)
	return q, invalid(found)
}

// word returns the status word of a transaction: an undocumented one while UnknownWords is
// on.
func (h history) word(t transaction) Status {
	return Status(h.engine.Faults.Read().StatusWord(string(t.status())))
}

// status serves the status word of one transaction and nothing else. Only a search shows
// the amount.
func (h history) status(w http.ResponseWriter, r *http.Request) error {
	stored, found := h.engine.Order(r.PathValue("id"))
	if !found {
		return notFound
	}
	engine.WriteJSON(w, http.StatusOK, map[string]Status{"status": h.word(transaction{stored})})
	return nil
}
