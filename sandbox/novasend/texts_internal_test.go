package novasend

import (
	"reflect"
	"testing"
)

func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	for code, w := range languages {
		said := reflect.ValueOf(w)
		for i := range said.NumField() {
			if said.Field(i).String() == "" {
				t.Errorf("%s has no words for %s", code, said.Type().Field(i).Name)
			}
		}
		if _, known := languages[w.OtherLang]; w.Lang != code || !known {
			t.Errorf("%s calls itself %q and leads to %q", code, w.Lang, w.OtherLang)
		}
	}
}
