package digitalpaye_test

import (
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/digitalpaye"
	"pirogue/config"
)

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ shape, settings string }{
		"version 2":                  {"", ""},
		"sdk":                        {"sdk", ""},
		"version 1":                  {"v1", ""},
		"version 2, with its quirks": {"", `{"quirks":{"status_by_ref_only":true,"numbers_without_plus":true}}`},
		"version 1, with its quirks": {"v1", `{"quirks":{"status_by_ref_only":true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
				New: digitalpaye.New, Operator: "digitalpaye-ci-test", Change: func(c *config.Operator) { c.Shape = tt.shape },
				Settings: tt.settings, MSISDN: "+2250500000011", Network: pirogue.MTN, Portal: "sandbox-key",
				GatewayTimeout: `"quirks":{"gateway_timeout":true}`,
			})
		})
	}
}
