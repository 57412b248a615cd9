package adaptertest

import (
	"maps"
	"strings"
	"testing"

	"pirogue"
	"pirogue/config"
)

// New is an adapter's constructor.
type New = func(config.Operator, pirogue.Clock) (pirogue.Operator, error)

// Opened returns the operator of a configuration as the interface R.
func Opened[R any](t *testing.T, open New, conf config.Operator) R {
	t.Helper()
	operator, err := open(conf, Now)
	if err != nil {
		t.Fatal(err)
	}
	able, ok := operator.(R)
	if !ok {
		t.Fatalf("the operator is no %T", able)
	}
	return able
}

// With returns a copy of conf with other credentials, given as name, value, ….
func With(conf config.Operator, pairs ...string) config.Operator {
	conf.Credentials = maps.Clone(conf.Credentials)
	for i := 0; i < len(pairs); i += 2 {
		conf.Credentials[pairs[i]] = pairs[i+1]
	}
	return conf
}

// Mistake is what spoils a configuration, and what the error says then.
type Mistake struct {
	spoil func(*config.Operator)
	says  string
}

// Wrong returns a mistake.
func Wrong(spoil func(*config.Operator), says string) Mistake { return Mistake{spoil, says} }

// Set returns what sets a credential.
func Set(name, value string) func(*config.Operator) {
	return func(c *config.Operator) { c.Credentials[name] = value }
}

// CannotWork checks that each mistake is reported, and that no report repeats a secret.
func CannotWork(t *testing.T, open New, conf config.Operator, mistakes map[string]Mistake, secrets ...string) {
	t.Helper()
	for name, tt := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spoilt := With(conf)
			tt.spoil(&spoilt)
			_, err := open(spoilt, Now)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("error %v, want one about %s", err, tt.says)
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a credential is repeated: %v", err)
				}
			}
		})
	}
}

// ReportsAll checks that a configuration of which nothing is right is refused in all of
// these words at once.
func ReportsAll(t *testing.T, open New, conf config.Operator, words ...string) {
	t.Helper()
	_, err := open(conf, Now)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%s is missing in:\n%v", word, err)
		}
	}
}
