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
		"without a webhook secret":        {adaptertest.With(cameroon, "webhook_secret", ""), unproven},
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

func TestWhatAnAccountCan(t *testing.T) {
	t.Parallel()
	for name, conf := range map[string]config.Operator{"asking": cameroon, "mute": mute()} {
		o := reading[operator.Operator](t, conf)
		_, collects := o.(operator.Collector)
		_, disburses := o.(operator.Disburser)
		_, lists := o.(operator.StatementReader)
		_, hears := o.(operator.CallbackReader)
		_, resends := o.(operator.CallbackResender)
		require.True(t, collects, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects, disburses, lists, hears, resends)
		require.True(t, disburses, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects, disburses, lists, hears, resends)
		require.True(t, lists, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects, disburses, lists, hears, resends)
		require.True(t, hears, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects, disburses, lists, hears, resends)
		require.True(t, resends, "%s: collects %v, disburses %v, lists %v, hears %v, resends %v; want all", name, collects, disburses, lists, hears, resends)
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

func TestConfigurationsThatCannotWork(t *testing.T) {
	t.Parallel()
	wrong, set := adaptertest.Wrong, adaptertest.Set
	adaptertest.CannotWork(t, taramoney.New, cameroon, map[string]adaptertest.Mistake{
		"no api_key":                 wrong(set("api_key", ""), "api_key is missing"),
		"a blank api_key":            wrong(set("api_key", " "), "api_key must be not empty"),
		"no business_id":             wrong(set("business_id", ""), "business_id is missing"),
		"a webhook_secret of two":    wrong(set("webhook_secret", "uk-0123456789abcdef\nb"), "webhook_secret must be"),
		"a misspelt credential":      wrong(set("webhook_secrets", "a"), `"webhook_secrets" is none`),
		"a shape nobody knows":       wrong(func(c *config.Operator) { c.Shape = "cmmobile" }, `shape "cmmobile" is none of`),
		"another country":            wrong(func(c *config.Operator) { c.Country = "SN" }, "country"),
		"another currency":           wrong(func(c *config.Operator) { c.Currency = pirogue.XOF }, "currency"),
		"a network Cameroon has not": wrong(func(c *config.Operator) { c.Network = pirogue.Moov }, `network "moov" is none`),
		"no address":                 wrong(func(c *config.Operator) { c.BaseURL = "" }, "base URL"),
		"http to the real Taramoney": wrong(func(c *config.Operator) { c.Simulator = false }, "https"),
		"play money at the real one": wrong(func(c *config.Operator) { c.Simulator = false }, "mode test needs a simulator"),
		"the real one without its API": wrong(func(c *config.Operator) {
			c.Simulator, c.BaseURL = false, "https://www.dklo.co/api"
		}, "must end in /api/tara"),
		"nobody to tell an end": wrong(func(c *config.Operator) {
			c.NoStatus = true
			c.Credentials["webhook_secret"] = ""
		}, "webhook_secret is missing"),
	}, apiKey)
}

func TestTheRealTaramoneyIsConfiguredByItsAddress(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"https://www.dklo.co/api/tara", "https://www.dklo.co/api/tara/"} {
		conf := cameroon
		conf.Mode, conf.Simulator, conf.BaseURL = pirogue.Live, false, base
		_, err := taramoney.New(conf, adaptertest.Now)
		require.NoError(t, err, base)
	}
}

func TestEveryMistakeOfAConfigurationIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	nothing := config.Operator{Mode: pirogue.Test, Shape: "x", Network: "x", NoStatus: true}
	adaptertest.ReportsAll(t, taramoney.New, nothing,
		"api_key", "business_id", "webhook_secret", "shape", "country", "currency", "network", "mode", "base URL")
}
