package routing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/support"
)

// carrier is an operator that moves any payment within its limits.
type carrier struct{ limits operator.Limits }

func (c carrier) Capability() operator.Capability {
	return operator.Capability{CashIn: c.limits, CashOut: c.limits, FinalityWindow: time.Hour}
}

func (carrier) Collect(context.Context, operator.CollectRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, nil
}

func (carrier) Disburse(context.Context, operator.DisburseRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, nil
}

// giver is a carrier that gives back the cash-ins it collected by a refund call.
type giver struct{ carrier }

func (giver) Refund(context.Context, operator.RefundRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, nil
}

// talker is an operator without any of the optional interfaces.
type talker struct{}

func (talker) Capability() operator.Capability { return operator.Capability{} }

var ivoryCoast = map[pirogue.OperatorCode]operator.Instance{
	"small": {Code: "small", Mode: pirogue.Test, Country: "CI", Operator: carrier{operator.Limits{Min: 100, Max: 1000}}},
	"large": {
		Code: "large", Mode: pirogue.Test, Country: "CI", Operator: carrier{operator.Limits{Min: 500, Max: 5000}},
		CashOut: operator.Limits{Max: 2000},
	},
	"giver": {Code: "giver", Mode: pirogue.Test, Country: "CI", Operator: giver{}},
	"other": {Code: "other", Mode: pirogue.Test, Country: "ML", Operator: carrier{}},
	"mute":  {Code: "mute", Mode: pirogue.Test, Country: "CI", Operator: talker{}},
	"wave":  {Code: "wave", Mode: pirogue.Test, Country: "CI", Network: pirogue.Wave, Operator: carrier{}},
}

func ivorian(n pirogue.Network, k pirogue.PaymentKind, operators ...pirogue.OperatorCode) routing.Route {
	return routing.Route{Mode: pirogue.Test, Country: "CI", Network: n, Kind: k, Operators: operators}
}

// An operator of the service corrects a whole configuration in one go.
func TestNewRouteTable_every_mistake_at_once(t *testing.T) {
	t.Parallel()

	_, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.Orange, pirogue.CashIn, "nobody", "other", "mute", "wave"),
		ivorian(pirogue.MTN, pirogue.CashOut, "mute"), ivorian(pirogue.MTN, pirogue.Refund, "small"),
		ivorian(pirogue.Moov, pirogue.CashIn),
	})
	for _, mistake := range []string{
		`"nobody", which is not configured`, `"other", which serves ML`, `"mute", which cannot collect`,
		`"wave", which serves wave alone`, `"mute", which cannot disburse`, `only cash-ins and cash-outs have routes`,
		`moov CASHIN names no operator`,
	} {
		require.ErrorContains(t, err, mistake)
	}
}

// A restart with another operator could pay twice, so the latest attempt's operator comes first.
// Operators already tried are left out.
func TestRebuild(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.Orange, pirogue.CashOut, "small", "large", "giver"),
	})
	require.NoError(t, err)
	sent := time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC)
	lost := lifecycle.Restart{
		Payment: pirogue.Payment{
			Mode: pirogue.Test, Country: "CI", Network: pirogue.Orange, Kind: pirogue.CashOut, Operator: "small",
			Status: pirogue.StatusFailed, Amount: pirogue.Money{Minor: 600}, UpdatedAt: sent.Add(time.Hour),
		},
		Attempt: pirogue.Attempt{Operator: "large", Number: 3, FirstSent: sent}, // the second there
		Tried:   []pirogue.OperatorCode{"small", "large"}, Case: support.CauseUnknown,
	}
	input, err := table.Rebuild(lost)
	require.NoError(t, err)
	require.EqualValues(t, "large", input.Current.Operator)
	require.Len(t, input.Fallbacks, 1)
	require.EqualValues(t, "giver", input.Fallbacks[0].Operator)
	require.Equal(t, &lifecycle.Resumption{
		Status: pirogue.StatusFailed, Case: support.CauseUnknown, FirstSent: sent, EndedAt: sent.Add(time.Hour), Attempts: 3,
	}, input.Resumes)

	lost.Payment.Status, lost.Attempt.Operator = pirogue.StatusPending, "wave"
	input, err = table.Rebuild(lost)
	require.NoError(t, err, "an operator that no route names any more")
	require.EqualValues(t, "wave", input.Current.Operator)
	require.Zero(t, input.Resumes.EndedAt)
	lost.Attempt.Operator = "nobody"
	_, err = table.Rebuild(lost)
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(err))
	lost.Err = pirogue.Errorf(pirogue.Internal, "sealed with a key that is missing")
	_, err = table.Rebuild(lost)
	require.ErrorContains(t, err, "a key that is missing")
}

// Plan explains exactly the route that PaymentInput takes.
func TestPlan(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.Orange, pirogue.CashIn, "small"), ivorian(pirogue.MTN, pirogue.CashOut, "small", "large"),
	})
	require.NoError(t, err)
	for amount, want := range map[int64]string{
		99: "", 100: "small", 500: "small large", 1000: "small large", 1001: "large", 2000: "large", 2001: "",
	} {
		p := pirogue.Payment{
			Mode: pirogue.Test, Kind: pirogue.CashOut, Country: "CI", MSISDN: "+2250505123456",
			Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF},
		}
		plan, taken := table.Plan(p), ""
		require.Equal(t, pirogue.MTN, plan.Network, "the number's prefix")
		for _, step := range plan.Steps {
			require.NotEmpty(t, step.Why)
			if step.Taken {
				taken += " " + string(step.Operator)
			}
		}
		require.Equal(t, want, strings.TrimSpace(taken), "%d francs", amount)

		p.Network, p.Operator = plan.Network, "small"
		input, err := table.PaymentInput(p)
		require.NoError(t, err)
		require.Equal(t, pirogue.OperatorCode("small"), input.Current.Operator)
		if want == "small large" {
			require.Equal(t, pirogue.OperatorCode("large"), input.Fallbacks[0].Operator)
			require.Equal(t, time.Hour, input.Fallbacks[0].FinalityWindow)
		}
	}
}

// Failover goes forward only: the operator before may still execute its attempt.
func TestPaymentInput_after_failover(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.MTN, pirogue.CashOut, "small", "large"),
	})
	require.NoError(t, err)
	input, err := table.PaymentInput(pirogue.Payment{
		Mode: pirogue.Test, Kind: pirogue.CashOut, Country: "CI", Network: pirogue.MTN, Operator: "large",
		Amount: pirogue.Money{Minor: 600, Currency: pirogue.XOF},
	})
	require.NoError(t, err)
	require.Equal(t, pirogue.OperatorCode("large"), input.Current.Operator)
	require.Empty(t, input.Fallbacks, "nobody goes back to the one before")
}

// Another operator could only pay the refund out, which is not the same call.
func TestPaymentInput_refund(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.MTN, pirogue.CashOut, "giver", "small", "large"),
	})
	require.NoError(t, err)
	p := pirogue.Payment{
		Mode: pirogue.Test, Country: "CI", Network: pirogue.MTN, Amount: pirogue.Money{Minor: 600, Currency: pirogue.XOF},
	}
	// Each row is a state of a payment, with the candidates for failover after it.
	for name, tt := range map[string]struct {
		kind  pirogue.PaymentKind
		first pirogue.OperatorCode
		next  []pirogue.OperatorCode
	}{
		"a refund by who gives cash-ins back": {pirogue.Refund, "giver", nil},
		"a refund that is paid out":           {pirogue.Refund, "small", []pirogue.OperatorCode{"large"}},
		"a cash-out":                          {pirogue.CashOut, "giver", []pirogue.OperatorCode{"small", "large"}},
	} {
		p.Kind, p.Operator = tt.kind, tt.first
		input, err := table.PaymentInput(p)
		require.NoError(t, err)
		require.Equal(t, tt.first, input.Current.Operator, name)
		var next []pirogue.OperatorCode
		for _, c := range input.Fallbacks {
			next = append(next, c.Operator)
		}
		require.Equal(t, tt.next, next, name)
	}
}

// A live payment must never reach a simulator, nor a test payment a live operator.
func TestNewRouteTable_modes_never_mix(t *testing.T) {
	t.Parallel()

	instances := map[pirogue.OperatorCode]operator.Instance{
		"sim": {Code: "sim", Mode: pirogue.Test, Country: "ML", Operator: carrier{}},
	}
	route := routing.Route{
		Mode: pirogue.Live, Country: "ML", Network: pirogue.Orange, Kind: pirogue.CashIn,
		Operators: []pirogue.OperatorCode{"sim"},
	}
	_, err := routing.NewRouteTable(instances, []routing.Route{route})
	require.Error(t, err)

	route.Mode = pirogue.Test
	table, err := routing.NewRouteTable(instances, []routing.Route{route})
	require.NoError(t, err)
	found, err := table.Route(pirogue.Test, "ML", "", pirogue.CashIn)
	require.NoError(t, err)
	require.Equal(t, pirogue.OperatorCode("sim"), found[0].Code)

	_, err = table.Route(pirogue.Test, "ML", pirogue.Wave, pirogue.CashIn)
	require.Equal(t, pirogue.CountryNotSupported, pirogue.CodeOf(err))
	_, err = table.Route(pirogue.Live, "ML", "", pirogue.CashIn)
	require.Equal(t, pirogue.CountryNotSupported, pirogue.CodeOf(err))
}
