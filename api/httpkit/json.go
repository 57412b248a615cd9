package httpkit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"pirogue"
)

// Object is a JSON object in the order of its text. A value is a string, a json.Number, a bool,
// nil, an Object or a []any.
type Object struct {
	Names  []string
	Values map[string]any
}

// DecodeObject reads one JSON object and refuses every text that two parsers could read
// differently. That is a name given twice (Go keeps the last) or text after the object (Go ignores
// it). It is also bytes that are no UTF-8 and halves of surrogate pairs. Go replaces those, so that
// two order IDs become one. It also refuses nesting beyond maxDepth. Upper and lower case of a name
// differ.
//
// It fails with InvalidJSON. It fails with InvalidParameter for the field in which the values
// exceed maxValues. A few bytes of text take a hundred in memory.
func DecodeObject(body []byte, maxValues int) (Object, error) {
	switch {
	case !utf8.Valid(body):
		return Object{}, pirogue.Errorf(pirogue.InvalidJSON, "not UTF-8")
	case !json.Valid(body):
		return Object{}, pirogue.Errorf(pirogue.InvalidJSON, "not one JSON value")
	case hasLoneSurrogate(body):
		return Object{}, pirogue.Errorf(pirogue.InvalidJSON, "half a surrogate pair")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	r := reader{Decoder: decoder, left: maxValues}
	value, err := r.value(1)
	if pirogue.CodeOf(err) == pirogue.InvalidParameter {
		return Object{}, err
	}
	if err != nil {
		return Object{}, pirogue.Errorf(pirogue.InvalidJSON, "%w", err)
	}
	o, ok := value.(Object)
	if !ok {
		return Object{}, pirogue.Errorf(pirogue.InvalidJSON, "not an object")
	}
	return o, nil
}

// DecodeStruct reads one JSON object into a struct, as strictly as DecodeObject. The names must equal
// the struct's json tags, in upper and lower case. It fails with UnknownField for another name, and
// with InvalidParameter for a value of the wrong type.
func DecodeStruct(body []byte, into any) error {
	o, err := DecodeObject(body, math.MaxInt)
	if err != nil {
		return err
	}
	known := jsonNames(reflect.TypeOf(into).Elem())
	for _, name := range o.Names {
		if !slices.Contains(known, name) {
			return pirogue.FieldError(pirogue.UnknownField, name)
		}
	}
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(body, into); errors.As(err, &wrong) {
		return pirogue.FieldError(pirogue.InvalidParameter, wrong.Field[strings.LastIndex(wrong.Field, ".")+1:])
	} else if err != nil {
		return pirogue.Errorf(pirogue.InvalidParameter, "%w", err)
	}
	return nil
}

// jsonNames returns the names from a struct's json tags, with those of embedded structs.
func jsonNames(t reflect.Type) []string {
	var known []string
	for field := range t.Fields() {
		if field.Anonymous {
			known = append(known, jsonNames(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known = append(known, name)
	}
	return known
}

// reader reads the values of a text that is valid JSON.
type reader struct {
	*json.Decoder
	left int // number of values that it may still read
}

// maxDepth limits the nesting of JSON objects and arrays.
const maxDepth = 16

// errTooMany is the error for a body with more values than allowed.
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

// object reads an object after its opening brace.
func (r *reader) object(depth int) (Object, error) {
	o := Object{Values: map[string]any{}}
	for r.More() {
		token, err := r.Token()
		if err != nil {
			return Object{}, err
		}
		name, ok := token.(string)
		if !ok {
			return Object{}, fmt.Errorf("%v is not a name", token)
		}
		if _, twice := o.Values[name]; twice {
			return Object{}, fmt.Errorf("%q is there twice", name)
		}
		value, err := r.value(depth + 1)
		if depth == 1 && errors.Is(err, errTooMany) {
			err = pirogue.FieldError(pirogue.InvalidParameter, name)
		}
		if err != nil {
			return Object{}, err
		}
		o.Names = append(o.Names, name)
		o.Values[name] = value
	}
	_, err := r.Token()
	return o, err
}

// array reads an array after its opening bracket.
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

// hasLoneSurrogate reports whether valid JSON text holds a \u escape of half a character. In valid
// JSON a backslash only begins an escape in a string.
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

// escaped returns the code unit of the \u escape at the beginning of text.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLength]), 16, 16)
	return rune(unit), err == nil
}
