package digitalpaye

import (
	"encoding/json"
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

// network is a mobile network that Digitalpaye reaches.
type network string

// The networks.
const (
	orange network = "orange"
	mtn    network = "mtn"
	moov   network = "moov"
	wave   network = "wave"
)

// shape is one vocabulary of the API: the form of its envelopes and its names of the
// networks.
type shape struct {
	name         string
	snake, camel bool // the envelope: code_status and status, or statusCode and reason
	maxID        int  // greatest length of a transaction id, in characters
	networks     map[string]network
	networkWords map[network]string // the same, as responses name them
}

// The shapes. v2 has its page's ORANGE_MONEY besides the word of that page's sample. The
// limit of v2 is documented, and used for sdk as well. That of v1 is the length of the
// UUIDs in its samples [our reading].
var (
	v2  = newShape("v2", 20, map[string]network{"MOOV_MONEY_CI": moov, "WAVE_MONEY_CI": wave, "ORANGE_MONEY": orange})
	sdk = newShape("sdk", 20, map[string]network{"MOOV_MONEY_CI": moov, "WAVE_CI": wave})
	v1  = newShape("v1", 36, map[string]network{"FLOOZ_MONEY_CI": moov, "WAVE_MONEY_CI": wave})
	// either is the shape of responses on a path of two shapes if the call shows neither [our
	// reading].
	either = &shape{name: "either", snake: true, camel: true}
)

// newShape returns a shape with the words that all shapes share and its own.
func newShape(name string, maxID int, own map[string]network) *shape {
	s := &shape{
		name: name, snake: name != "v1", camel: name == "v1", maxID: maxID,
		networks:     map[string]network{"ORANGE_MONEY_CI": orange, "MTN_MONEY_CI": mtn},
		networkWords: map[network]string{orange: "ORANGE_MONEY_CI", mtn: "MTN_MONEY_CI"},
	}
	for word, n := range own {
		s.networks[word] = n
		if n != orange {
			s.networkWords[n] = word
		}
	}
	return s
}

// shapeOf returns the shape in which an order was opened. Its webhook has the same.
func shapeOf(o engine.Order) *shape {
	for _, s := range []*shape{sdk, v1} {
		if s.name == o.Notes[noteShape] {
			return s
		}
	}
	return v2
}

// shapeOfBody returns the shape of a body on a shared path under /v1, by its name of the
// transaction id.
func shapeOfBody(raw []byte) *shape {
	var body struct {
		Camel any `json:"transactionId"`
		Snake any `json:"transaction_id"`
	}
	switch err := json.Unmarshal(raw, &body); {
	case err != nil || body.Camel == nil && body.Snake == nil:
		return either
	case body.Camel != nil:
		return v1
	default:
		return sdk
	}
}

// shapeOfPath returns the shape of a path. A path under /v1 has either.
func shapeOfPath(r *http.Request) *shape {
	if strings.HasPrefix(r.URL.Path, "/v2/") {
		return v2
	}
	return either
}

// envelope surrounds every response. Each shape uses one of the two sets of names.
type envelope struct {
	CodeStatus int    `json:"code_status,omitempty"` // snake
	Status     string `json:"status,omitempty"`      // snake
	StatusCode int    `json:"statusCode,omitempty"`  // camel
	Message    string `json:"message"`
	Reason     string `json:"reason,omitempty"` // camel, in French
	Data       any    `json:"data,omitempty"`
}

// reply is one response in the words of both vocabularies.
type reply struct {
	code   int    // code_status and statusCode
	status string // of the snake envelope
	snake  string // its message
	camel  string // the message of the camel envelope
	reason string
	data   any
}

// wrap returns the envelope of a response in the names of the shape. Where both are used,
// the message is v1's, which the current pages document.
func (s *shape) wrap(a reply) envelope {
	e := envelope{Message: a.snake, Data: a.data}
	if s.snake {
		e.CodeStatus, e.Status = a.code, a.status
	}
	if s.camel {
		e.StatusCode, e.Message, e.Reason = a.code, a.camel, a.reason
	}
	return e
}

// reply sends the requested data. word is the message of v2.
func (s *shape) reply(w http.ResponseWriter, word string, data any) {
	engine.WriteJSON(w, http.StatusOK, s.wrap(reply{
		code: http.StatusOK, status: successful, snake: word, camel: "Successful", data: data,
	}))
}
