package sonatel_test

import (
	"testing"

	"pirogue/adapters/adaptertest"
	"pirogue/adapters/sonatel"
)

func TestWitnessOfOneStep(t *testing.T) {
	t.Parallel()
	adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
		New: sonatel.New, Operator: "sonatel-sn-test", MSISDN: "+221770000011", OTP: "123456",
		GatewayTimeout: `"executes_then_times_out":true`,
		NoCallback:     []adaptertest.Call{adaptertest.Collect, adaptertest.Disburse},
		ExecutedTwice:  []adaptertest.Call{adaptertest.Collect, adaptertest.Disburse},
	})
}

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"as in production": "",
		"as documented": `{"float_amounts":false,"bare_arrays":false,"broken_type_filter":false,"empty_registration":false,
			"content_type_required_on_get":false,"two_signatures":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
				New: sonatel.New, Operator: "sonatel-sn-test", Settings: settings, MSISDN: "+221770000011",
				GatewayTimeout: `"executes_then_times_out":true`,
				NoCallback:     []adaptertest.Call{adaptertest.Disburse}, ExecutedTwice: []adaptertest.Call{adaptertest.Disburse},
			})
		})
	}
}
