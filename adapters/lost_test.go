package adapters_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters"
	"pirogue/config"
	"pirogue/lifecycle"
	"pirogue/operator"
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
		kind     pirogue.PaymentKind
		password bool
		want     operator.OnLostResponse
	}{
		{"Orange page", "orange-web-ml-test", pirogue.CashIn, false, operator.ResendNewReference},
		{"Sonatel QR", "sonatel-sn-test", pirogue.CashIn, false, operator.ResendSameReference},
		{"Sonatel one step", "sonatel-sn-test", pirogue.CashIn, true, operator.ResendNever},
		{"Sonatel deposit", "sonatel-sn-test", pirogue.CashOut, false, operator.ResendNever},
		{"Novasend payin", "novasend-ci-test", pirogue.CashIn, false, operator.ResendSameReference},
		{"Novasend payin with a password", "novasend-ci-test", pirogue.CashIn, true, operator.ResendSameReference},
		{"Novasend payout", "novasend-ci-test", pirogue.CashOut, false, operator.ResendSameReference},
		{"Digitalpaye collecte", "digitalpaye-ci-test", pirogue.CashIn, false, operator.ResendNever},
		{"Digitalpaye collecte with a password", "digitalpaye-ci-test", pirogue.CashIn, true, operator.ResendNever},
		{"Digitalpaye transfer", "digitalpaye-ci-test", pirogue.CashOut, false, operator.ResendNever},
		{"Taramoney prompt", "taramoney-cm-test", pirogue.CashIn, false, operator.ResendNever},
		{"Taramoney payout", "taramoney-cm-test", pirogue.CashOut, false, operator.ResendNever},
	} {
		t.Run(rail.name, func(t *testing.T) {
			t.Parallel()
			order := lifecycle.NewPaymentInput(pirogue.Payment{Kind: rail.kind}, []operator.Instance{instances[rail.operator]})
			lost := pirogue.Attempt{State: pirogue.AttemptUnknown}
			if rail.password {
				lost.Handle = pirogue.Handle{pirogue.HandleOTP: "123456"}
			}
			require.Equal(t, rail.want, order.Current.AfterLostResponse(lost))
		})
	}
}
