package engine

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

// ErrInternal is the key of a table of refusals for errors without a row of their own.
var ErrInternal = errors.New("something went wrong in the sandbox")

// Call is one call of an operator's API. It writes the response, or returns the reason why
// it did not.
type Call func(w http.ResponseWriter, r *http.Request) error

// Admitted returns a call that only some callers may make. admit authenticates the caller
// and returns the value that serve needs.
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

// RefusedWith is a refusal that consists of a status and a JSON body.
type RefusedWith struct {
	Status int
	Body   any
}

// Error implements error.
func (n RefusedWith) Error() string { return fmt.Sprint(n.Status, n.Body) }

// ServeHTTP sends the same refusal to every caller.
func (n RefusedWith) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, n.Status, n.Body)
}

// Refusal is an operator's refusal: an error with the response that reports it.
type Refusal interface {
	error
	http.Handler
}

// AsRefusal returns the operator's refusal for an error. That is the error itself, if it is
// one, or its row of the table. Any other error is logged and becomes ErrInternal's row,
// because the caller must not read it.
func AsRefusal[R error](log *slog.Logger, err error, table map[error]R) R {
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

// Refusals converts a table of one operator's refusals to the type of ServeCall.
func Refusals[R Refusal](table map[error]R) map[error]Refusal {
	answers := map[error]Refusal{}
	for row, says := range table {
		answers[row] = says
	}
	return answers
}

// ServeCall serves a call. It sends the refusal of its error, if it returns one.
func (rt *Runtime) ServeCall(call Call, table map[error]Refusal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := call(w, r); err != nil {
			AsRefusal(rt.Log, err, table).ServeHTTP(w, r)
		}
	})
}

// ReadBody reads the body of a call, up to most bytes. It returns an *http.MaxBytesError
// for a longer one, or the error that broke it off.
func ReadBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	var raw bytes.Buffer
	_, err := raw.ReadFrom(http.MaxBytesReader(w, r.Body, most))
	return raw.Bytes(), err
}

// maxJSON bounds the JSON of a call.
const maxJSON = 1 << 16 // bytes

// ReadJSON decodes the JSON body of a call into v.
func ReadJSON(w http.ResponseWriter, r *http.Request, v any) error {
	return json.NewDecoder(http.MaxBytesReader(w, r.Body, maxJSON)).Decode(v)
}

// IsJSON reports whether the content type of a call is JSON.
func IsJSON(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// BearerToken returns the bearer token of a call, and false if it has none.
func BearerToken(r *http.Request) (token string, brought bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// SameSecret compares secrets in a time that does not depend on the place of a difference.
func SameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
