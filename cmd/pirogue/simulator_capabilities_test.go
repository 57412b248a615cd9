package main

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters"
	"pirogue/config"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/sandbox"
)

// TestPromisesFollowTheSimulator proves that a payment starts with no more than its simulator
// promises at that moment. If the sandbox has never answered, it starts with nothing.
func TestPromisesFollowTheSimulator(t *testing.T) {
	t.Parallel()

	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	simulators, err := sandbox.New(sandbox.Options{PublicURL: url})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, simulators.Close(context.Background())) })
	server.Config.Handler = simulators.Handler()

	conf, err := config.Load([]string{"PIROGUE_SANDBOX_URL=" + url})
	require.NoError(t, err)
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	instances, err := adapters.Open(conf.Operators, clock)
	require.NoError(t, err)
	proves := func(code pirogue.OperatorCode) bool {
		now = now.Add(promisesLife)
		in := lifecycle.NewPaymentInput(pirogue.Payment{Kind: pirogue.CashOut}, []operator.Instance{instances[code]})
		return in.Current.AbsenceProves
	}

	require.True(t, proves("sonatel-sn-test"), "what the configuration grants")
	newSimulatorCapabilities("http://127.0.0.1:1", clock).bind(instances, conf.Operators)
	require.True(t, proves("sonatel-sn-test"), "another sandbox's")
	newSimulatorCapabilities(url, clock).bind(instances, conf.Operators)
	server.Start()
	t.Cleanup(server.Close)
	require.True(t, proves("sonatel-sn-test"), "a generous simulator")

	set := simulators.Simulator("sonatel").Settings()
	require.NoError(t, set.Set([]byte(`{"promises": "live"}`)))
	require.False(t, proves("sonatel-sn-test"), "promises no more than live")
	require.False(t, proves("sonatel-ml-test"), "the same simulator")
	require.True(t, proves("taramoney-cm-test"), "another simulator")
	require.NoError(t, set.Heal())
	require.True(t, proves("sonatel-sn-test"), "mended")

	server.CloseClientConnections()
	server.Close()
	require.True(t, proves("sonatel-sn-test"), "the last answer stands")
	unheard := newSimulatorCapabilities(url, clock)
	unheard.bind(instances, conf.Operators)
	require.False(t, proves("sonatel-sn-test"), "nobody ever answered")
}
