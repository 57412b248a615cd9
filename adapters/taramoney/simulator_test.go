package taramoney_test

import (
	"testing"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/adapters/taramoney"
	"pirogue/config"
)

func TestAgainstSimulator(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change   func(*config.Operator)
		settings string
	}{
		"cmmobile":      {change: func(*config.Operator) {}},
		"mobilepay":     {change: func(c *config.Operator) { c.Shape = "mobilepay" }},
		"poor webhooks": {change: func(*config.Operator) {}, settings: `{"quirks":{"poor_webhooks":true}}`},
		"no status": {
			change:   func(c *config.Operator) { c.NoStatus, c.AbsenceProves = true, false },
			settings: `{"quirks":{"no_status":true}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			adaptertest.VerifyAgainstSimulator(t, adaptertest.Setup{
				New: taramoney.New, Operator: "taramoney-cm-test", Change: tt.change, Settings: tt.settings,
				MSISDN: "+237690000011", Network: pirogue.Orange,
				NoCallback:    []adaptertest.Call{adaptertest.Disburse},
				ExecutedTwice: []adaptertest.Call{adaptertest.Collect, adaptertest.Disburse},
			})
		})
	}
}
