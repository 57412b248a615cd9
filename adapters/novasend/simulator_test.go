package novasend_test

import (
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/novasend"
	"pirogue/config"
)

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		shape, settings string
		network         pirogue.Network
		otp             string
	}{
		"seed":                  {"", "", pirogue.MTN, ""},
		"current":               {"current", "", pirogue.MTN, ""},
		"direct":                {"direct", "", pirogue.MTN, ""},
		"direct, by a password": {"direct", "", pirogue.Orange, "123456"},
		"seed, with its quirks": {
			"", `{"quirks":{"escaped_slashes":true,"signs_reserialised":true,"processed_but_failed":true}}`, pirogue.MTN, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
				New: novasend.New, Operator: "novasend-ci-test", Change: func(c *config.Operator) { c.Shape = tt.shape },
				Settings: tt.settings, MSISDN: "+2250500000011", Network: tt.network, OTP: tt.otp,
				Portal:     "sandbox-key-ci",
				NoCallback: []adaptertest.Call{adaptertest.Refund},
			})
		})
	}
}
