package taramoney_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
	"pirogue/operator"
)

func TestTaramoneysPromises(t *testing.T) {
	t.Parallel()
	limits := operator.Limits{Min: 100, Max: 500_000}
	plain := operator.Capability{
		Reference: operator.StatusByReference, OnLostResponse: operator.ResendNever,
		Window: 5 * time.Minute, FinalityWindow: 24 * time.Hour, Proof: operator.ProofToken, RefusalSpan: time.Hour,
		CallTimeout: 10 * time.Second,
		CashIn:      limits, CashOut: limits,
	}
	unproven, unasked, long := plain, plain, plain
	unproven.Proof = operator.ProofNone
	unasked.Reference = operator.NeitherByReference
	long.Window = 15 * time.Minute
	patient := cameroon
	patient.Window = config.Duration(15 * time.Minute)
	tests := map[string]struct {
		conf config.Operator
		want operator.Capability
	}{
		"with all it has":                 {cameroon, plain},
		"by mobilepay":                    {mobile(), plain},
		"without a webhook secret":        {adaptertest.WithCredentials(cameroon, "webhook_secret", ""), unproven},
		"without a status call":           {mute(), unasked},
		"with an instance's own patience": {patient, long},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, reading[operator.Operator](t, tt.conf).Capability())
		})
	}
}

func TestAbilities(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]config.Operator{"asking": cameroon, "mute": mute()} {
		o := reading[operator.Operator](t, conf)
		_, collects := o.(operator.Collector)
		_, disburses := o.(operator.Disburser)
		_, lists := o.(operator.StatementReader)
		_, hears := o.(operator.CallbackReader)
		_, resends := o.(operator.CallbackResender)
		require.True(t, collects, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name,
			collects, disburses, lists, hears, resends)
		require.True(t, disburses, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name,
			collects, disburses, lists, hears, resends)
		require.True(t, lists, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects,
			disburses, lists, hears, resends)
		require.True(t, hears, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects,
			disburses, lists, hears, resends)
		require.True(t, resends, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects,
			disburses, lists, hears, resends)
		_, refunds := o.(operator.Refunder)
		_, counts := o.(operator.BalanceReader)
		_, registers := o.(operator.CallbackRegistrar)
		require.False(t, refunds, "%s: refunds %v, counts %v, registers %v; want none", name, refunds, counts, registers)
		require.False(t, counts, "%s: refunds %v, counts %v, registers %v; want none", name, refunds, counts, registers)
		require.False(t, registers, "%s: refunds %v, counts %v, registers %v; want none", name, refunds, counts, registers)
		_, asks := o.(operator.StatusReader)
		require.Equal(t, (name == "asking"), asks)
	}
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	set := adaptertest.SetCredential
	suite := adaptertest.Suite{New: taramoney.New, Conf: cameroon, Secrets: []string{apiKey}}
	suite.CheckMistakes(t, map[string]adaptertest.Mistake{
		"no api_key":      {Change: set("api_key", ""), Message: "api_key is missing"},
		"a blank api_key": {Change: set("api_key", " "), Message: "api_key must be not empty"},
		"no business_id":  {Change: set("business_id", ""), Message: "business_id is missing"},
		"a webhook_secret of two": {
			Change:  set("webhook_secret", "uk-0123456789abcdef\nb"),
			Message: "webhook_secret must be",
		},
		"a misspelt credential": {Change: set("webhook_secrets", "a"), Message: `"webhook_secrets" is none`},
		"a shape nobody knows": {
			Change: func(c *config.Operator) { c.Shape = "cmmobile" }, Message: `shape "cmmobile" is none of`,
		},
		"another country":  {Change: func(c *config.Operator) { c.Country = "SN" }, Message: "country"},
		"another currency": {Change: func(c *config.Operator) { c.Currency = pirogue.XOF }, Message: "currency"},
		"a network Cameroon has not": {
			Change: func(c *config.Operator) { c.Network = pirogue.Moov }, Message: `network "moov" is none`,
		},
		"no address":                 {Change: func(c *config.Operator) { c.BaseURL = "" }, Message: "base URL"},
		"http to the real Taramoney": {Change: func(c *config.Operator) { c.Simulator = false }, Message: "https"},
		"play money at the real one": {
			Change: func(c *config.Operator) { c.Simulator = false }, Message: "mode test needs a simulator",
		},
		"the real one without its API": {Change: func(c *config.Operator) {
			c.Simulator, c.BaseURL = false, "https://www.dklo.co/api"
		}, Message: "must end in /api/tara"},
		"nobody to tell an end": {Change: func(c *config.Operator) {
			c.NoStatus = true
			c.Credentials["webhook_secret"] = ""
		}, Message: "webhook_secret is missing"},
	})
}

func TestLiveConfiguration(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://www.dklo.co/api/tara", "https://www.dklo.co/api/tara/"} {
		conf := cameroon
		conf.Mode, conf.Simulator, conf.BaseURL = pirogue.Live, false, base
		_, err := taramoney.New(conf, adaptertest.Now)
		require.NoError(t, err, base)
	}
}

func TestEveryConfigurationMistake(t *testing.T) {
	t.Parallel()
	nothing := config.Operator{Mode: pirogue.Test, Shape: "x", Network: "x", NoStatus: true}
	adaptertest.Suite{New: taramoney.New, Conf: nothing}.CheckEveryMistake(t,
		"api_key", "business_id", "webhook_secret", "shape", "country", "currency", "network", "mode", "base URL")
}
