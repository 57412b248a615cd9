package stagetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
)

// Fields is a JSON object, asked or answered.
type Fields map[string]any

// Over returns the fields with some replaced; nil is JSON's null.
func (f Fields) Over(change ...Fields) Fields {
	changed := maps.Clone(f)
	for _, c := range change {
		maps.Copy(changed, c)
	}
	return changed
}

// With returns the fields with some replaced; nil takes one away.
func (f Fields) With(change ...Fields) Fields {
	changed := f.Over(change...)
	maps.DeleteFunc(changed, func(_ string, value any) bool { return value == nil })
	return changed
}

// value is a field of a field, by a path with dots; nil for null and none.
func (f Fields) value(path string) any {
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		return f[first]
	}
	return f.Object(first).value(rest)
}

// At returns a field of a field, by a path with dots, as text; "<nil>" for null and none.
func (f Fields) At(path string) string { return fmt.Sprint(f.value(path)) }

// Text returns a field that is text, and says so when it is not.
func (f Fields) Text(name string) string {
	if value, isText := f[name].(string); isText {
		return value
	}
	return "(no text)"
}

// Object returns a field that is an object, nil when it is none.
func (f Fields) Object(name string) Fields {
	value, isObject := f[name].(map[string]any)
	if !isObject {
		return nil
	}
	return value
}

// List returns the objects of a field that is a list, nil when it is none.
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

// Inner decodes a field that is a JSON object written as text.
func (f Fields) Inner(t *testing.T, name string) Fields {
	t.Helper()
	var object Fields
	if err := json.Unmarshal([]byte(f.Text(name)), &object); err != nil {
		t.Fatalf("%s is %v: %v", name, f[name], err)
	}
	return object
}

// Has reports every wanted field, by its path, that is not as wanted; nil is null or none.
func (f Fields) Has(t *testing.T, what string, want Fields) {
	t.Helper()
	for path, value := range asJSON(t, want) {
		if got := f.value(path); !reflect.DeepEqual(got, value) {
			t.Errorf("%s: %s is %v, want %v\n%v", what, path, got, value, f)
		}
	}
}

// asJSON is an object as it reads after a journey.
func asJSON(t *testing.T, written Fields) map[string]any {
	t.Helper()
	raw, err := json.Marshal(written)
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(raw, &read); err != nil {
		t.Fatal(err)
	}
	return read
}
