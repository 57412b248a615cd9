package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters"
	"pirogue/config"
	"pirogue/operator"
)

// orange returns a valid configuration of Orange Web Payment in Mali.
func orange(code pirogue.OperatorCode) config.Operator {
	return config.Operator{
		Code: code, Adapter: "orangeweb", Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange,
		Currency: pirogue.XOF, BaseURL: "https://api.orange.com", Environment: "ml", CallsPerSecond: 5,
		Credentials: map[string]string{"client_id": "i", "client_secret": "s", "merchant_key": "k"},
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	got, err := adapters.Open([]config.Operator{orange("orange-web-ml"), orange("orange-web-ml-2")}, time.Now)
	require.NoError(t, err, len(got))
	require.Len(t, got, 2)
	one := got["orange-web-ml"]
	_, ok := one.Operator.(operator.Collector)
	require.True(t, ok, "the operator cannot collect")
	one.Operator = nil
	want := operator.Instance{
		Code: "orange-web-ml", Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange,
		CallsPerSecond: 5, Window: 5 * time.Minute, CallTimeout: 10 * time.Second,
	}
	require.Equal(t, want, one)
}

func TestCallTimeout(t *testing.T) {
	t.Parallel()
	web, nova := orange("orange-web-ml"), config.Operator{
		Code: "novasend-ci", Adapter: "novasend", Mode: pirogue.Live, Country: "CI", Currency: pirogue.XOF,
		BaseURL:     "https://business.novasend.app",
		Credentials: map[string]string{"api_key": "k", "api_client": "c", "account_id": "a", "webhook_secret": "s"},
	}
	hurried := nova
	hurried.Code, hurried.Timeout = "hurried", config.Duration(4*time.Second)
	got, err := adapters.Open([]config.Operator{web, nova, hurried}, time.Now)
	require.NoError(t, err)
	for code, want := range map[pirogue.OperatorCode]time.Duration{
		"orange-web-ml": 10 * time.Second, "novasend-ci": 30 * time.Second, "hurried": 4 * time.Second,
	} {
		one := got[code]
		require.Equal(t, want, one.CallTimeout, "%v %v", code, one.Operator.Capability().CallTimeout)
		require.Equal(t, want, one.Operator.Capability().CallTimeout, code)
	}
}

func TestOpenReportsEveryMistake(t *testing.T) {
	t.Parallel()
	strange, bare, nameless := orange("strange"), orange("bare"), orange("")
	strange.Adapter = "carrier-pigeon"
	bare.Credentials = nil
	got, err := adapters.Open([]config.Operator{orange("twice"), orange("twice"), strange, bare, nameless}, time.Now)
	require.Error(t, err, len(got))
	require.Nil(t, got, "%v %v", len(got), err)
	for _, mistake := range []string{
		"operator twice: its code is used twice",
		`operator strange: adapter "carrier-pigeon" is none of: `,
		"operator bare: credential client_id is missing",
		"credential merchant_key is missing",
		"operator 5: code is missing",
	} {
		require.ErrorContains(t, err, mistake)
	}
}

func TestAbsenceProvesWithoutStatus(t *testing.T) {
	t.Parallel()
	mute := config.Operator{
		Code: "taramoney-cm", Adapter: "taramoney", Mode: pirogue.Live, Country: "CM", Currency: pirogue.XAF,
		BaseURL: "https://www.dklo.co/api/tara", NoStatus: true,
		Credentials: map[string]string{"api_key": "k", "business_id": "b", "webhook_secret": "s"},
	}
	_, err := adapters.Open([]config.Operator{mute}, time.Now)
	require.NoError(t, err)
	mute.AbsenceProves = true
	_, err = adapters.Open([]config.Operator{mute}, time.Now)
	require.ErrorContains(t, err, "absence_proves")
}

func TestContractLimits(t *testing.T) {
	t.Parallel()
	contract := config.Operator{
		Code: "taramoney-cm", Adapter: "taramoney", Mode: pirogue.Live, Country: "CM", Currency: pirogue.XAF,
		BaseURL:     "https://www.dklo.co/api/tara",
		Credentials: map[string]string{"api_key": "k", "business_id": "b", "webhook_secret": "s"},
	}
	for _, limits := range []operator.Limits{{Max: pirogue.MaxAmount + 1}, {Min: 2, Max: 1}, {Min: -1}} {
		contract.CashOut = limits
		_, err := adapters.Open([]config.Operator{contract}, time.Now)
		require.ErrorContains(t, err, "cash_out", limits)
	}
}

func TestExampleIsOpenedFromTheTable(t *testing.T) {
	t.Parallel()
	conf := config.Operator{
		Code: "example-bf", Adapter: "example", Mode: pirogue.Test, Country: "BF", Currency: pirogue.XOF,
		BaseURL: "https://api.example", Credentials: map[string]string{"api_key": "k", "callback_secret": "s"},
	}
	got, err := adapters.Open([]config.Operator{conf}, time.Now)
	require.NoError(t, err)
	require.Implements(t, (*operator.Disburser)(nil), got["example-bf"].Operator)
}
