package stage

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"
)

// ErrInternal stands in a table of refusals for whatever has no row of its own.
var ErrInternal = errors.New("something went wrong in the sandbox")

// Call is one call of an operator's. It answers, or returns why it did not.
type Call func(w http.ResponseWriter, r *http.Request) error

// Admitted is a call for those who may make it. admit returns what serve wants of them: who
// they are, or what they brought.
func Admitted[C any](
	admit func(w http.ResponseWriter, r *http.Request) (C, error),
	serve func(w http.ResponseWriter, r *http.Request, caller C) error,
) Call {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := admit(w, r)
		if err != nil {
			return err
		}
		return serve(w, r, caller)
	}
}

// No is a refusal that is nothing but a status and a body of JSON.
type No struct {
	Status int
	Body   any
}

// Error implements error.
func (n No) Error() string { return fmt.Sprint(n.Status, n.Body) }

// ServeHTTP serves the same refusal to everybody.
func (n No) ServeHTTP(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, n.Status, n.Body) }

// Refusal is a no in an operator's words: an error, and the answer that says it.
type Refusal interface {
	error
	http.Handler
}

// InWords is what an error is in an operator's words: itself, when it is one of its
// refusals, or else the row of the table. What has neither is ours to log, not the
// caller's to read.
func InWords[R error](log *slog.Logger, err error, table map[error]R) R {
	var known R
	if errors.As(err, &known) {
		return known
	}
	for row, says := range table {
		if errors.Is(err, row) {
			return says
		}
	}
	log.Error("call failed", "error", err)
	return table[ErrInternal]
}

// Refusals is a table of one operator's refusals as Answer wants it.
func Refusals[R Refusal](table map[error]R) map[error]Refusal {
	answers := map[error]Refusal{}
	for row, says := range table {
		answers[row] = says
	}
	return answers
}

// Answer serves a call, or says why it was not answered.
func (c *Crew) Answer(call Call, table map[error]Refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := call(w, r); err != nil {
			InWords(c.Log, err, table).ServeHTTP(w, r)
		}
	})
}

// ReadBody reads the body of a call up to so many bytes. It fails with an
// *http.MaxBytesError, or with what broke the body off.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	var raw bytes.Buffer
	_, err := raw.ReadFrom(http.MaxBytesReader(w, r.Body, most))
	return raw.Bytes(), err
}

// maxJSON bounds the JSON of a call.
const maxJSON = 1 << 16 // bytes

// ReadJSON reads the JSON of a call into v.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON)).Decode(v)
}

// SaysJSON reports whether a call says that its body is JSON.
func SaysJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// Bearer returns the token that a call brings, and whether it brings one.
func Bearer(r *http.Request) (token string, brought bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// Same compares secrets in a time that does not depend on where they differ.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
