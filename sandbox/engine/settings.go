package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Settings reads and changes everything that can be set of a simulator.
type Settings struct {
	// Read returns the current settings for JSON: one object, which may hold objects.
	Read func() any
	// Healthy returns the settings without any fault.
	Healthy func() any
	// Change decodes a body over the current settings: all of it or nothing.
	Change func(decode func(any) error) error
	// Own holds the effect of each setting that only some simulators have, by its name; see
	// Values.
	Own map[string]string
	// Figures names the settings that are account figures. None of their values is a fault.
	Figures []string
}

// ServeHTTP returns the settings on GET. POST changes those that the body names, and returns
// them. The caller gets the error of Change.
func (s Settings) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if err := fromHere.Check(r); err != nil {
			WriteJSON(w, http.StatusForbidden, map[string]string{"error": err.Error()})
			return
		}
		// The body is read before Change takes its lock, so that a slow caller delays nobody.
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSettings))
		if err == nil {
			err = s.Change(func(settings any) error { return decodeSettings(raw, settings) })
		}
		if err != nil {
			WriteJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		WriteJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "use GET or POST"})
		return
	}
	WriteJSON(w, http.StatusOK, s.Read())
}

// Set changes the settings that a JSON object names: all of them or none.
func (s Settings) Set(object []byte) error {
	return s.Change(func(settings any) error { return decodeSettings(object, settings) })
}

// Heal removes every fault.
func (s Settings) Heal() error {
	object, err := json.Marshal(s.Healthy())
	if err != nil {
		return err
	}
	return s.Set(object)
}

// Values returns the current settings by their names. A setting inside an object has both
// names with a dot between: quirks.forgets.
func (s Settings) Values() (map[string]any, error) { return flatten(s.Read()) }

// Broken lists the settings that differ from Healthy, as name=value, in order of names.
func (s Settings) Broken() ([]string, error) {
	now, err := s.Values()
	if err != nil {
		return nil, err
	}
	healthy, err := flatten(s.Healthy())
	if err != nil {
		return nil, err
	}
	broken := []string{}
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if now[name] != healthy[name] && !slices.Contains(s.Figures, name) {
			broken = append(broken, fmt.Sprintf("%s=%v", name, now[name]))
		}
	}
	return broken, nil
}

// flatten returns the values of an object and of the objects in it, in JSON's types: text,
// bool and json.Number.
func flatten(settings any) (map[string]any, error) {
	raw, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	flat := map[string]any{}
	for name, value := range object {
		inner, isObject := value.(map[string]any)
		if !isObject {
			flat[name] = value
			continue
		}
		for innerName, value := range inner {
			flat[name+"."+innerName] = value
		}
	}
	return flat, nil
}

// wholeNumber matches the whole numbers that people may type for a setting.
var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,18}$`)

// Patch returns the JSON object that gives settings other values. wanted holds the values
// as people type them, by the names of Values. The types in now decide how they are read.
func Patch(now map[string]any, wanted map[string]string) ([]byte, error) {
	object := map[string]any{}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		value, err := typed(name, now, wanted[name])
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			object[name] = value
			continue
		}
		group, isObject := object[outer].(map[string]any)
		if !isObject {
			group = map[string]any{}
			object[outer] = group
		}
		group[inner] = value
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// typed converts a text to the type of the setting.
func typed(name string, now map[string]any, text string) (any, error) {
	current, known := now[name]
	if !known {
		return nil, fmt.Errorf("there is no setting %q", name)
	}
	switch current.(type) {
	case bool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%s must be true or false, not %q", name, text)
		}
		return text == "true", nil
	case json.Number:
		if !wholeNumber.MatchString(text) {
			return nil, fmt.Errorf("%s must be a whole number, not %q", name, text)
		}
		return json.Number(text), nil
	default:
		return text, nil
	}
}
