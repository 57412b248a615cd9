package adaptertest

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
)

// constructor is the type of an adapter's constructor.
type constructor = func(config.Operator, pirogue.Clock) (operator.Operator, error)

// OpenAs returns the operator of a configuration as the interface R. It fails the test if
// the operator does not implement R.
func OpenAs[R any](t *testing.T, open constructor, conf config.Operator) R {
	t.Helper()
	operator, err := open(conf, Now)
	require.NoError(t, err)
	able, ok := operator.(R)
	require.True(t, ok, "the operator is no %T", able)
	return able
}

// WithCredentials returns a copy of conf with other credentials, given as pairs of name and value.
func WithCredentials(conf config.Operator, pairs ...string) config.Operator {
	conf.Credentials = maps.Clone(conf.Credentials)
	for i := 0; i < len(pairs); i += 2 {
		conf.Credentials[pairs[i]] = pairs[i+1]
	}
	return conf
}

// Mistake is a change of a configuration that the constructor must reject.
type Mistake struct {
	Change  func(*config.Operator)
	Message string // a part of the error
}

// SetCredential returns a change that sets one credential.
func SetCredential(name, value string) func(*config.Operator) {
	return func(c *config.Operator) { c.Credentials[name] = value }
}

// CheckMistakes checks that the constructor reports each mistake in Conf, and that no report
// contains one of Secrets. It reads no other field of the suite but New.
func (s Suite) CheckMistakes(t *testing.T, mistakes map[string]Mistake) {
	t.Helper()
	for name, tt := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := WithCredentials(s.Conf)
			tt.Change(&changed)
			_, err := s.New(changed, Now)
			require.ErrorContains(t, err, tt.Message)
			for _, secret := range s.Secrets {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
}

// CheckEveryMistake checks that one error reports every mistake in Conf: it must contain all
// words. It reads no other field of the suite but New.
func (s Suite) CheckEveryMistake(t *testing.T, words ...string) {
	t.Helper()
	_, err := s.New(s.Conf, Now)
	require.Error(t, err)
	for _, word := range words {
		require.ErrorContains(t, err, word)
	}
}
