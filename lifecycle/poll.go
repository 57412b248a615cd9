package lifecycle

import (
	"time"

	"pirogue"
)

// Poll is one status question to an operator and its result. Sendings and Polls fence it. The store
// ignores a result that is older than the latest sending. It also ignores one that arrives after a
// later poll's result.
type Poll struct {
	AttemptID pirogue.AttemptID
	Sendings  int             // of the attempt when the question was put
	Polls     int             // likewise
	Outcome   pirogue.Outcome // "" when the operator gave none
	Message   string          // the operator's message, redacted
	At        time.Time
	Next      time.Time // about when the next poll follows; the zero value keeps the stored time
}
