package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"pirogue"
)

// object is a JSON object as it was written: its names in their order, and under
// each a string, a json.Number, a bool, nil, an object or a []any.
type object struct {
	names  []string
	values map[string]any
}

// decodeObject reads one JSON object and refuses whatever two readers could read
// differently: a name given twice (Go keeps the last), text after the object (Go
// ignores it), bytes that are no UTF-8 and halves of surrogate pairs (Go replaces
// them, so that two order numbers become one), and nesting beyond maxDepth. Names
// are compared letter for letter. It fails with InvalidJSON, and with InvalidParameter for
// the field in which it finds more values than any route takes: a few bytes of text are a
// hundred in memory.
func decodeObject(body []byte) (object, error) {
	switch {
	case !utf8.Valid(body):
		return object{}, pirogue.Errorf(pirogue.InvalidJSON, "not UTF-8")
	case !json.Valid(body):
		return object{}, pirogue.Errorf(pirogue.InvalidJSON, "not one JSON value")
	case hasLoneSurrogate(body):
		return object{}, pirogue.Errorf(pirogue.InvalidJSON, "half a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	r := reader{Decoder: decoder, left: maxValues}
	value, err := r.value(1)
	if pirogue.CodeOf(err) == pirogue.InvalidParameter {
		return object{}, err
	}
	if err != nil {
		return object{}, pirogue.Errorf(pirogue.InvalidJSON, "%w", err)
	}
	o, ok := value.(object)
	if !ok {
		return object{}, pirogue.Errorf(pirogue.InvalidJSON, "not an object")
	}
	return o, nil
}

// reader reads the values of a text that is known to be valid JSON.
type reader struct {
	*json.Decoder
	left int // values it may still read
}

// errTooMany is the error of a body with more than maxValues values.
var errTooMany = errors.New("more values than any route takes")

// value reads the next value.
func (r *reader) value(depth int) (any, error) {
	if r.left--; r.left < 0 {
		return nil, errTooMany
	}
	token, err := r.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch token {
	case json.Delim('{'):
		return r.object(depth)
	case json.Delim('['):
		return r.array(depth)
	default:
		return token, nil
	}
}

// object reads the rest of an object whose brace has been read.
func (r *reader) object(depth int) (object, error) {
	o := object{values: map[string]any{}}
	for r.More() {
		token, err := r.Token()
		if err != nil {
			return object{}, err
		}
		name, ok := token.(string)
		if !ok {
			return object{}, fmt.Errorf("%v is not a name", token)
		}
		if _, twice := o.values[name]; twice {
			return object{}, fmt.Errorf("%q is there twice", name)
		}
		value, err := r.value(depth + 1)
		if depth == 1 && errors.Is(err, errTooMany) {
			err = pirogue.FieldError(pirogue.InvalidParameter, name)
		}
		if err != nil {
			return object{}, err
		}
		o.names = append(o.names, name)
		o.values[name] = value
	}
	_, err := r.Token()
	return o, err
}

// array reads the rest of an array whose bracket has been read.
func (r *reader) array(depth int) ([]any, error) {
	values := []any{}
	for r.More() {
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, err := r.Token()
	return values, err
}

// escapeLength is the length of an escape such as \u00e9.
const escapeLength = len(`\u0000`)

// hasLoneSurrogate reports whether valid JSON text holds a \u escape of half a
// character. A backslash is only ever the beginning of an escape in a string.
func hasLoneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		first, ok := escaped(text[i:])
		if !ok {
			i++ // the escaped character may be another backslash
			continue
		}
		i += escapeLength - 1
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := escaped(text[i+1:])
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return true
		}
		i += escapeLength
	}
	return false
}

// escaped returns the code unit of the \u escape that text begins with.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLength]), 16, 16)
	return rune(unit), err == nil
}
