package pirogue

import (
	"errors"
	"fmt"
)

// Error is the only error type of the domain. Callers branch on its Code.
type Error struct {
	Code   Code
	Params []Param // the fields at fault, when the caller can correct them
	Err    error   // the cause, for logs only; never shown to a merchant
}

// Param names one field of a request and the fault in it.
type Param struct {
	Field   string `json:"field"`
	Code    Code   `json:"code"`
	Message string `json:"message,omitempty"`
	Line    int    `json:"line,omitempty"` // of a bulk, from 1; of a file, as an editor counts
}

// Error returns the code and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Code)
	}
	return fmt.Sprintf("%s: %v", e.Code, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrOutcomeUnknown is in the chain of a ServiceUnavailable when the database's response to COMMIT
// was lost. The transaction may have committed or not. Without this error nothing was written.
var ErrOutcomeUnknown = errors.New("the outcome of the commit is unknown")

// Errorf returns an error with a code. A %w verb keeps its operand as a cause.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// FieldError returns an error about one field of a request.
func FieldError(code Code, field string) error {
	return &Error{Code: code, Params: []Param{{Field: field, Code: code}}, Err: errors.New(field)}
}

// CodeOf returns the code of err: "" for nil, Internal for an error without one.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}
