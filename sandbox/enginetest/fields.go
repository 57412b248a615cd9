package enginetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Fields is a JSON object of a request or response.
type Fields map[string]any

// Over returns the fields with some replaced. nil becomes JSON's null.
func (f Fields) Over(change ...Fields) Fields {
	changed := maps.Clone(f)
	for _, c := range change {
		maps.Copy(changed, c)
	}
	return changed
}

// With returns the fields with some replaced. nil removes a field.
func (f Fields) With(change ...Fields) Fields {
	changed := f.Over(change...)
	maps.DeleteFunc(changed, func(_ string, value any) bool { return value == nil })
	return changed
}

// value returns a nested field by a path with dots; nil for null or none.
func (f Fields) value(path string) any {
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return f[first]
	}
	return f.Object(first).value(rest)
}

// At returns a nested field by a path with dots, as text; "<nil>" for null or none.
func (f Fields) At(path string) string { return fmt.Sprint(f.value(path)) }

// Text returns a text field, or "(no text)" for any other type.
func (f Fields) Text(name string) string {
	if value, isText := f[name].(string); isText {
		return value
	}
	return "(no text)"
}

// Object returns a field that is an object, or nil for any other.
func (f Fields) Object(name string) Fields {
	value, isObject := f[name].(map[string]any)
	if !isObject {
		return nil
	}
	return value
}

// List returns the objects of a field that is a list, or nil for any other.
func (f Fields) List(name string) []Fields {
	all, isList := f[name].([]any)
	if !isList {
		return nil
	}
	objects := make([]Fields, len(all))
	for i := range all {
		objects[i], _ = all[i].(map[string]any) //nolint:errcheck // what is no object is nil
	}
	return objects
}

// Inner decodes a field whose text is a JSON object.
func (f Fields) Inner(t *testing.T, name string) Fields {
	t.Helper()
	var object Fields
	require.NoError(t, json.Unmarshal([]byte(f.Text(name)), &object))
	return object
}

// Expect reports every field, by its path, that differs from want; nil stands for null or
// none.
func (f Fields) Expect(t *testing.T, what string, want Fields) {
	t.Helper()
	for path, value := range asJSON(t, want) {
		require.Equal(t, value, f.value(path), path)
	}
}

// asJSON returns an object after encoding and decoding, as a receiver sees it.
func asJSON(t *testing.T, written Fields) map[string]any {
	t.Helper()
	raw, err := json.Marshal(written)
	require.NoError(t, err)
	var read map[string]any
	err = json.Unmarshal(raw, &read)
	require.NoError(t, err)
	return read
}
