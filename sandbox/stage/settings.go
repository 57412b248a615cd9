package stage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Settings is how everything that can be set of a simulator is read and changed.
type Settings struct {
	// Read returns the settings as they stand, for JSON: one object, in which an object
	// may stand.
	Read func() any
	// Healthy returns them as they are with nothing broken.
	Healthy func() any
	// Change decodes a body over the settings as they stand, all of it or nothing.
	Change func(decode func(any) error) error
	// Own says what each setting does that not every simulator has, by its name; see Values.
	Own map[string]string
	// Figures names the settings that are accounts: no value of theirs is a fault.
	Figures []string
}

// ServeHTTP shows the settings on GET, and on POST changes those that the body names.
func (s Settings) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ServeSettings(w, r, s.Read, s.Change)
}

// Set changes the settings that a JSON object names, all of them or none.
func (s Settings) Set(object []byte) error {
	return s.Change(func(settings any) error { return decodeSettings(object, settings) })
}

// Heal mends everything.
func (s Settings) Heal() error {
	object, err := json.Marshal(s.Healthy())
	if err != nil {
		return err
	}
	return s.Set(object)
}

// Values returns the settings as they stand by their names. The name of one inside an
// object is both names with a dot between: quirks.forgets.
func (s Settings) Values() (map[string]any, error) { return flatten(s.Read()) }

// Broken lists what is not as it is in good health, as name=value, in order of names.
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

// flatten returns the values of an object, and of those in it, as JSON has them: text,
// true or false, and json.Number.
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

var wholeNumber = regexp.MustCompile(`^-?[0-9]{1,18}$`)

// Patch writes the JSON object that gives settings other values. wanted are their values
// as people write them, by the names of Values; now says of which type each one is.
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

// typed returns a value as the type of the setting wants it.
func typed(name string, now map[string]any, text string) (any, error) {
	kept, known := now[name]
	if !known {
		return nil, fmt.Errorf("there is no setting %q", name)
	}
	switch kept.(type) {
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
