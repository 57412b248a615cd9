package adaptertest

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// New is the type of an adapter's constructor.
type New = func(config.Operator, pirogue.Clock) (operator.Operator, error)

// Opened returns the operator of a configuration as the interface R. It fails the test if
// the operator does not implement R.
func Opened[R any](t *testing.T, open New, conf config.Operator) R {
	t.Helper()
	operator, err := open(conf, Now)
	require.NoError(t, err)
	able, ok := operator.(R)
	require.True(t, ok, "the operator is no %T", able)
	return able
}

// With returns a copy of conf with other credentials, given as pairs of name and value.
func With(conf config.Operator, pairs ...string) config.Operator {
	conf.Credentials = maps.Clone(conf.Credentials)
	for i := 0; i < len(pairs); i += 2 {
		conf.Credentials[pairs[i]] = pairs[i+1]
	}
	return conf
}

// Mistake changes a configuration and holds a part of the error that the change must cause.
type Mistake struct {
	spoil func(*config.Operator)
	says  string
}

// Wrong returns a Mistake.
func Wrong(spoil func(*config.Operator), says string) Mistake { return Mistake{spoil, says} }

// Set returns a change that sets one credential.
func Set(name, value string) func(*config.Operator) {
	return func(c *config.Operator) { c.Credentials[name] = value }
}

// CannotWork checks that the constructor reports each mistake, and that no report contains
// a secret.
func CannotWork(t *testing.T, open New, conf config.Operator, mistakes map[string]Mistake, secrets ...string) {
	t.Helper()
	for name, tt := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spoilt := With(conf)
			tt.spoil(&spoilt)
			_, err := open(spoilt, Now)
			require.ErrorContains(t, err, tt.says)
			for _, secret := range secrets {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// ReportsAll checks that one error reports every mistake: it must contain all words.
func ReportsAll(t *testing.T, open New, conf config.Operator, words ...string) {
	t.Helper()
	_, err := open(conf, Now)
	require.Error(t, err)
	for _, word := range words {
		require.ErrorContains(t, err, word)
	}
}
