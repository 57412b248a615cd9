package novasend

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"

	"pirogue/sandbox/engine"
)

const (
	maxBody    = 1 << 16 // bytes; our limit
	maxRefused = 10_000  // refusals stored by key; our limit
)

// uuid matches a valid X-Idempotency-Key.
var uuid = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// orderReader converts the body of a write to its order.
type orderReader func(r *http.Request, a Account, body []byte) (engine.Order, error)

// storedRefusal is the refusal of a key, with the request that it refused.
type storedRefusal struct {
	digest string
	err    error
}

// idempotent serves a write. The same request under the same X-Idempotency-Key gets the first
// response again and executes nothing. Another request under that key is a conflict. A
// malformed request leaves its key unused. All of it is our reading of "prevents
// duplicates".
func (s *Simulator) idempotent(read orderReader) engine.Call {
	return s.authenticated(s.serveWrite(read))
}

// serveWrite serves a write once its caller is authenticated. Only a valid request uses up its
// key.
func (s *Simulator) serveWrite(read orderReader) call {
	return func(w http.ResponseWriter, r *http.Request, a Account) error {
		body, err := readWrite(w, r)
		if err != nil {
			return err
		}
		asked, err := read(r, a, body)
		if err != nil {
			return err
		}
		if s.Down(asked.Direction, asked.MSISDN) {
			return unavailable
		}
		asked.Account, asked.Key = a.ID, a.ID+" "+r.Header.Get("X-Idempotency-Key")
		asked.Notes[noteDigest] = digest(r, body)
		// The order is opened under the lock and answered after it, because a response may hang
		// for a minute.
		opened, first, err := s.openOnce(asked)
		switch {
		case err != nil:
			return err
		case first:
			s.ReplyToOpening(w, r, engine.JSONReply(opened, http.StatusCreated, s.opened(opened)))
		default:
			engine.WriteJSON(w, http.StatusCreated, s.opened(opened))
		}
		return nil
	}
}

// readWrite returns the body of a write. It returns a refusal if the write lacks a
// mandatory header.
func readWrite(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	switch {
	case !engine.IsJSON(r):
		return nil, invalidRequest.because("Content-Type must be application/json.")
	case !uuid.MatchString(r.Header.Get("X-Idempotency-Key")):
		return nil, invalidRequest.because("X-Idempotency-Key must be a UUID.")
	}
	body, err := engine.ReadBody(w, r, maxBody)
	if err != nil {
		return nil, invalidRequest.because("The body could not be read to its end.")
	}
	return body, nil
}

// digest identifies a request by its path and body.
func digest(r *http.Request, body []byte) string {
	sum := sha256.Sum256(append([]byte(r.URL.Path+"\n"), body...))
	return hex.EncodeToString(sum[:])
}

// openOnce returns the order of a request, and true for the first request of its key.
func (s *Simulator) openOnce(asked engine.Order) (o engine.Order, first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A key is decided once: by an order, or by a refusal.
	stored, found := s.ByKey(asked.Key)
	before, refused := s.refused[asked.Key]
	switch {
	case found && stored.Notes[noteDigest] != asked.Notes[noteDigest],
		refused && before.digest != asked.Notes[noteDigest]:
		return o, false, keyTaken
	case found:
		return asOpened(stored), false, nil
	case refused:
		return o, false, before.err
	}
	o, err = s.openOrder(asked)
	// A failure of the server is no decision: the same request may succeed later.
	if err == nil {
		return o, true, nil
	}
	decided := engine.AsRefusal(s.Log, err, engineRefusals)
	if decided.StatusCode < http.StatusInternalServerError {
		s.storeRefusal(asked, decided)
	}
	return o, true, decided
}

// storeRefusal stores a refusal for repetitions of the request. A restart drops it, and so does
// a full store: nothing was executed.
func (s *Simulator) storeRefusal(asked engine.Order, decided refusal) {
	if len(s.refused) >= maxRefused {
		clear(s.refused)
	}
	s.refused[asked.Key] = storedRefusal{asked.Notes[noteDigest], decided}
}

// openOrder opens the order. A reference belongs to one order of its kind and account; our
// reading of "unique".
func (s *Simulator) openOrder(asked engine.Order) (o engine.Order, err error) {
	for _, other := range s.ByReference(asked.Reference) {
		switch {
		case other.Account != asked.Account || other.Direction != asked.Direction,
			(other.Parent == "") != (asked.Parent == ""):
		case asked.Parent != "":
			return o, duplicateRefund
		default:
			return o, alreadyProcessed
		}
	}
	if asked.Parent != "" {
		return s.openRefund(asked)
	}
	return s.Open(asked)
}

// openRefund refunds all of a successful payin, once.
func (s *Simulator) openRefund(asked engine.Order) (engine.Order, error) {
	payin, found := s.Order(asked.Parent)
	switch {
	case !found:
		return engine.Order{}, doesNotExist
	case payin.Open():
		return engine.Order{}, notProcessed
	case payin.State != engine.Executed:
		return engine.Order{}, notRefundable
	}
	o, err := s.Refund(payin.ID, asked)
	if err == nil {
		s.refunds[payin.ID] = o.ID
	}
	return o, err
}

// asOpened returns an order in the state at its opening. An order that ended later was
// pending then.
func asOpened(o engine.Order) engine.Order {
	if o.ChangedAt.After(o.OpenedAt) {
		o.State, o.Reason = engine.Pending, ""
	}
	return o
}
