package taramoney_test

import (
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
)

// answer is one response.
type response = adaptertest.Response

var respond = adaptertest.Respond

// newTara starts a server that gives the answers in their order.
func newTara(t *testing.T, responses ...response) *adaptertest.Server {
	t.Helper()
	return adaptertest.NewServer(t, map[string][]response{"": responses}, nil)
}

// at returns a configuration that reaches a server.
func at(s *adaptertest.Server, conf config.Operator) config.Operator {
	conf.BaseURL = s.URL + "/api/tara"
	return conf
}

// mobile returns the configuration in the shape of mobilepay.
func mobile() config.Operator {
	conf := cameroon
	conf.Shape = "mobilepay"
	return conf
}

// mute returns the configuration of an account that may not read a status.
func mute() config.Operator {
	conf := cameroon
	conf.NoStatus = true
	return conf
}

// reading returns the operator as the interface R.
func reading[R any](t *testing.T, conf config.Operator) R {
	t.Helper()
	return adaptertest.OpenAs[R](t, taramoney.New, conf)
}
