package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters"
	"pirogue/config"
)

// TestLostAnswer lists what each operator allows after a lost response. Where the operator
// reaches the customer itself (a push, a prompt, a one-time password), the status is read.
// Where the customer can act only on a page that we show, the collection is sent again.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	conf, err := config.Load(nil)
	require.NoError(t, err)
	instances, err := adapters.Open(conf.Operators, time.Now)
	require.NoError(t, err)
	for _, rail := range []struct {
		name     string
		operator pirogue.OperatorCode
		kind     pirogue.Kind
		password bool
		want     pirogue.RepeatRule
	}{
		{"Orange page", "orange-web-ml-test", pirogue.CashIn, false, pirogue.RepeatRenewed},
		{"Sonatel QR", "sonatel-sn-test", pirogue.CashIn, false, pirogue.RepeatSame},
		{"Sonatel one step", "sonatel-sn-test", pirogue.CashIn, true, pirogue.RepeatNever},
		{"Sonatel deposit", "sonatel-sn-test", pirogue.CashOut, false, pirogue.RepeatNever},
		{"Novasend payin", "novasend-ci-test", pirogue.CashIn, false, pirogue.RepeatSame},
		{"Novasend payin with a password", "novasend-ci-test", pirogue.CashIn, true, pirogue.RepeatSame},
		{"Novasend payout", "novasend-ci-test", pirogue.CashOut, false, pirogue.RepeatSame},
		{"Digitalpaye collecte", "digitalpaye-ci-test", pirogue.CashIn, false, pirogue.RepeatNever},
		{"Digitalpaye collecte with a password", "digitalpaye-ci-test", pirogue.CashIn, true, pirogue.RepeatNever},
		{"Digitalpaye transfer", "digitalpaye-ci-test", pirogue.CashOut, false, pirogue.RepeatNever},
		{"Taramoney prompt", "taramoney-cm-test", pirogue.CashIn, false, pirogue.RepeatNever},
		{"Taramoney payout", "taramoney-cm-test", pirogue.CashOut, false, pirogue.RepeatNever},
	} {
		t.Run(rail.name, func(t *testing.T) {
			t.Parallel()
			order := pirogue.NewOrder(pirogue.Payment{Kind: rail.kind}, []pirogue.Instance{instances[rail.operator]})
			lost := pirogue.Attempt{State: pirogue.AttemptUnknown}
			if rail.password {
				lost.Handle = pirogue.Handle{pirogue.HandleOTP: "123456"}
			}
			require.Equal(t, rail.want, order.Leg.AfterLoss(lost))
		})
	}
}
