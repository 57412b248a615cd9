package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pirogue"
	"pirogue/api/httpkit"
)

// form reads the fields of a body and collects the mistakes, so that one response names them all.
// null is a wrong type like any other: a merchant leaves out a field without a value.
type form struct {
	httpkit.Object

	mistakes []pirogue.Param
}

// reject adds a mistake in a field.
func (f *form) reject(field string, code pirogue.Code) {
	f.mistakes = append(f.mistakes, pirogue.Param{Field: field, Code: code})
}

// err returns the first mistake's code with all mistakes, or nil.
func (f *form) err() error {
	if len(f.mistakes) == 0 {
		return nil
	}
	return &pirogue.Error{Code: f.mistakes[0].Code, Params: f.mistakes}
}

// allowOnly adds a mistake for every field outside the given names. Upper and lower case differ.
func (f *form) allowOnly(fields ...string) {
	for _, name := range f.Names {
		if !slices.Contains(fields, name) {
			f.reject(name, pirogue.UnknownField)
		}
	}
}

// has reports whether the body has a field.
func (f *form) has(field string) bool {
	_, ok := f.Values[field]
	return ok
}

// require adds a mistake for each of the given fields that is missing.
func (f *form) require(fields ...string) {
	for _, field := range fields {
		if !f.has(field) {
			f.reject(field, pirogue.MissingField)
		}
	}
}

// text returns a string field, "" when it is absent. It adds a mistake with code when the field is
// no string or good rejects it.
func (f *form) text(field string, code pirogue.Code, good func(string) bool) string {
	if !f.has(field) {
		return ""
	}
	text, ok := f.Values[field].(string)
	if !ok || !good(text) {
		f.reject(field, code)
		return ""
	}
	return text
}

// amount returns a whole number of minor units from 1 to pirogue.MaxAmount. It rejects 500.0, 1e3
// and "500": a shop that writes them computes with floats or strings. Sooner or later its amounts
// would be wrong by a franc.
func (f *form) amount(field string) int64 {
	if !f.has(field) {
		return 0
	}
	number, ok := f.Values[field].(json.Number)
	minor, err := strconv.ParseInt(number.String(), 10, 64)
	if !ok || err != nil || !pirogue.IsAmount(minor) {
		f.reject(field, pirogue.InvalidAmount)
		return 0
	}
	return minor
}

// time returns an RFC 3339 time, or the zero time when the field is absent.
func (f *form) time(field string) time.Time {
	var at time.Time
	f.text(field, pirogue.InvalidParameter, func(text string) bool {
		var err error
		at, err = time.Parse(time.RFC3339, text)
		return err == nil
	})
	return at.UTC()
}

// metadata returns the merchant's metadata: pairs of strings.
func (f *form) metadata(field string) map[string]string {
	pairs := map[string]string{}
	if !f.has(field) {
		return pairs
	}
	given, ok := f.Values[field].(httpkit.Object)
	if !ok || len(given.Names) > maxPairs {
		f.reject(field, pirogue.InvalidParameter)
		return pairs
	}
	for _, key := range given.Names {
		value, ok := given.Values[key].(string)
		if !ok || !isPair(key, value) {
			f.reject(field, pirogue.InvalidParameter)
			return pairs
		}
		pairs[key] = value
	}
	return pairs
}

// isPair reports whether a key and its value can be stored. PostgreSQL stores no NUL.
func isPair(key, value string) bool {
	return key != "" && utf8.RuneCountInString(key) <= maxPairKey && utf8.RuneCountInString(value) <= maxPairValue &&
		!strings.ContainsRune(key, 0) && !strings.ContainsRune(value, 0)
}

// line returns a rule that accepts a text of one line with at most n characters.
func line(n int) func(string) bool {
	return func(text string) bool {
		return utf8.RuneCountInString(text) <= n && !strings.ContainsFunc(text, unicode.IsControl)
	}
}

// oneOf returns a rule that accepts the given words only.
func oneOf[T ~string](words ...T) func(string) bool {
	return func(text string) bool { return slices.Contains(words, T(text)) }
}

// readForm reads a body whose fields must be among the given names. It fails with InvalidJSON or
// UnknownField.
func readForm(body []byte, fields ...string) (*form, error) {
	o, err := httpkit.DecodeObject(body, maxValues)
	if err != nil {
		return nil, err
	}
	f := &form{Object: o}
	f.allowOnly(fields...)
	return f, f.err()
}
