package admin

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// readBody reads the request's JSON object into a struct. It refuses text that two parsers could
// read differently. It also refuses a field that the struct lacks, because a misspelt and ignored
// option would change the action's meaning.
func readBody(c *gin.Context, into any) error {
	kind, params, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" || !strings.EqualFold(cmp.Or(params["charset"], "utf-8"), "utf-8") {
		return pirogue.Errorf(pirogue.UnsupportedMediaType, "content type %q", c.GetHeader("Content-Type"))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return pirogue.Errorf(pirogue.PayloadTooLarge, "more than %d bytes", maxBody)
	case err != nil:
		return pirogue.Errorf(pirogue.InvalidJSON, "read the body: %w", err)
	}
	return decode(raw, into)
}

// readReason reads the body of an action whose only field is its reason.
func readReason(c *gin.Context) (string, error) {
	var body why
	if err := readBody(c, &body); err != nil {
		return "", err
	}
	return body.Reason, demand(body.rule())
}

// decode reads one flat JSON object. Its names must equal the struct's json tags, in upper and
// lower case, and occur at most once.
func decode(raw []byte, into any) error {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return pirogue.Errorf(pirogue.InvalidJSON, "not one JSON value in UTF-8")
	}
	given, err := names(raw)
	if err != nil {
		return err
	}
	known := fields(reflect.TypeOf(into).Elem())
	for i, name := range given {
		switch {
		case !slices.Contains(known, name):
			return pirogue.FieldError(pirogue.UnknownField, name)
		case slices.Contains(given[:i], name):
			return pirogue.Errorf(pirogue.InvalidJSON, "%q is there twice", name)
		}
	}
	var wrong *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, into); errors.As(err, &wrong) {
		return pirogue.FieldError(pirogue.InvalidParameter, wrong.Field[strings.LastIndex(wrong.Field, ".")+1:])
	} else if err != nil {
		return pirogue.Errorf(pirogue.InvalidParameter, "%w", err)
	}
	return nil
}

// names returns the names in a valid JSON object, in the order of the text.
func names(raw []byte) ([]string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if brace, err := decoder.Token(); err != nil || brace != json.Delim('{') {
		return nil, pirogue.Errorf(pirogue.InvalidJSON, "not an object")
	}
	var found []string
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		var value json.RawMessage
		if err = errors.Join(err, decoder.Decode(&value)); err != nil || !ok {
			return nil, pirogue.Errorf(pirogue.InvalidJSON, "read a field: %w", err)
		}
		found = append(found, name)
	}
	return found, nil
}

// fields returns the names from a struct's json tags, with those of embedded structs.
func fields(t reflect.Type) []string {
	var known []string
	for field := range t.Fields() {
		if field.Anonymous {
			known = append(known, fields(field.Type)...)
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		known = append(known, name)
	}
	return known
}

// rule is a condition on one field of a body.
type rule struct {
	field   string
	missing bool
	good    bool
}

// demand names every field that breaks its rule, in one error.
func demand(rules ...rule) error {
	var wrongs []pirogue.Param
	for _, r := range rules {
		switch {
		case r.missing:
			wrongs = append(wrongs, pirogue.Param{Field: r.field, Code: pirogue.MissingField})
		case !r.good:
			wrongs = append(wrongs, pirogue.Param{Field: r.field, Code: pirogue.InvalidParameter})
		}
	}
	if len(wrongs) == 0 {
		return nil
	}
	return &pirogue.Error{Code: wrongs[0].Code, Params: wrongs}
}

// needed requires a text of one line with at most limit characters.
func needed(field, text string, limit int) rule {
	return rule{field: field, missing: strings.TrimSpace(text) == "", good: isLine(text, limit)}
}

// isLine reports whether text is one line of at most limit characters.
func isLine(text string, limit int) bool {
	return utf8.RuneCountInString(text) <= limit && !strings.ContainsFunc(text, unicode.IsControl)
}
