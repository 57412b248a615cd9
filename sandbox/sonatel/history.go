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

// question holds the filters of a search. An empty one matches everything.
type question struct {
	transactionID, reference, bulkID, status string
	kind                                     string
	// from is exclusive, as in production. A caller whose clock is ahead of Sonatel's must
	// subtract the difference to find a recent transaction.
	from, to   time.Time
	page, size int // page 0 is the first
}

// search serves transactions, the latest first. An unpaid QR code is no transaction, so a
// search finds nothing of a payment that waits.
func (s *Simulator) search(w http.ResponseWriter, r *http.Request) error {
	asked, err := readQuestion(r)
	if err != nil {
		return err
	}
	candidates := s.candidates(asked)
	slices.Reverse(candidates)
	replies := []transactionReply{}
	// A type filter finds nothing, even transactions of that type.
	broken := asked.kind != "" && s.board.quirksNow().BrokenTypeFilter
	for _, t := range candidates {
		if !broken && asked.matches(t) && s.Faults.Read().Finds(t.CreatedAt, s.Now()) {
			replies = append(replies, s.found(t))
		}
	}
	start := min(asked.page*asked.size, len(replies))
	page := replies[start:min(start+asked.size, len(replies))]
	if s.board.quirksNow().BareArrays {
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
func (s *Simulator) candidates(q question) []transaction {
	switch {
	case q.transactionID != "":
		if found, ok := s.book.find(q.transactionID); ok {
			return []transaction{found}
		}
		return nil
	case q.reference != "":
		return s.book.referred(q.reference)
	default:
		return s.book.allTransactions()
	}
}

// matches reports whether a transaction passes every filter of a search.
func (q question) matches(t transaction) bool {
	for _, one := range []struct{ wanted, got string }{
		{q.transactionID, t.ID},
		{q.reference, t.Reference},
		{q.bulkID, t.BulkID},
		{q.status, string(t.Status)},
		{q.kind, t.Type},
	} {
		if one.wanted != "" && one.wanted != one.got {
			return false
		}
	}
	return (q.from.IsZero() || t.CreatedAt.After(q.from)) && (q.to.IsZero() || t.CreatedAt.Before(q.to))
}

// readQuestion reads the parameters of a search. Its error lists everything wrong with
// them.
func readQuestion(r *http.Request) (question, error) {
	values := r.URL.Query()
	q := question{
		transactionID: values.Get("transactionId"), reference: values.Get("reference"), bulkID: values.Get("bulkId"),
		status: values.Get("status"), kind: values.Get("type"), size: defaultPageSize,
	}
	var found []violation
	for name, where := range map[string]*time.Time{"fromDateTime": &q.from, "toDateTime": &q.to} {
		if text := values.Get(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			*where = at
			found = append(found, broken([]rule{{name, "be an ISO 8601 instant", err == nil}})...)
		}
	}
	for name, where := range map[string]*int{"page": &q.page, "size": &q.size} {
		if text := values.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			*where = n
			found = append(found, broken([]rule{{name, "be a whole number", err == nil}})...)
		}
	}
	found = append(found, broken([]rule{
		{"page", "be 0 or above", q.page >= 0 && q.page < maxBalance},
		{"size", "be from 1 to 500", q.size >= 1 && q.size <= maxPageSize},
	})...)
	return q, violating(found)
}

// found returns a transaction as the history shows it.
func (s *Simulator) found(t transaction) transactionReply {
	reply := s.reply(t)
	reply.Status = s.word(t.Status)
	return reply
}

// word returns the status word for a status: an undocumented one while UnknownWords is on.
func (s *Simulator) word(status Status) Status {
	if s.Faults.Read().UnknownWords {
		return engine.UnknownWord
	}
	return status
}

// status serves the status word of one transaction and nothing else. Only a search shows
// the amount.
func (s *Simulator) status(w http.ResponseWriter, r *http.Request) error {
	kept, found := s.book.find(r.PathValue("id"))
	if !found {
		return notFound
	}
	engine.WriteJSON(w, http.StatusOK, map[string]Status{"status": s.word(kept.Status)})
	return nil
}
