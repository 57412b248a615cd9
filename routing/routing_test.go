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
func TestEveryMistakeOfARouteIsReportedAtOnce(t *testing.T) {
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
func TestALostPaymentStaysWithItsOperator(t *testing.T) {
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
	order, err := table.Rebuild(lost)
	require.NoError(t, err)
	require.EqualValues(t, "large", order.Current.Operator)
	require.Len(t, order.Fallbacks, 1)
	require.EqualValues(t, "giver", order.Fallbacks[0].Operator)
	require.Equal(t, &lifecycle.Resumption{
		Status: pirogue.StatusFailed, Case: support.CauseUnknown, FirstSent: sent, EndedAt: sent.Add(time.Hour), Attempts: 3,
	}, order.Resumes)

	lost.Payment.Status, lost.Attempt.Operator = pirogue.StatusPending, "wave"
	order, err = table.Rebuild(lost)
	require.NoError(t, err, "an operator that no route names any more")
	require.EqualValues(t, "wave", order.Current.Operator)
	require.Zero(t, order.Resumes.EndedAt)
	lost.Attempt.Operator = "nobody"
	_, err = table.Rebuild(lost)
	require.Equal(t, pirogue.Internal, pirogue.CodeOf(err))
	lost.Err = pirogue.Errorf(pirogue.Internal, "sealed with a key that is missing")
	_, err = table.Rebuild(lost)
	require.ErrorContains(t, err, "a key that is missing")
}

// Plan explains exactly the route that Order takes.
func TestRouteKeepsToLimits(t *testing.T) {
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
		order, err := table.PaymentInput(p)
		require.NoError(t, err)
		require.Equal(t, pirogue.OperatorCode("small"), order.Current.Operator)
		if want == "small large" {
			require.Equal(t, pirogue.OperatorCode("large"), order.Fallbacks[0].Operator)
			require.Equal(t, time.Hour, order.Fallbacks[0].FinalityWindow)
		}
	}
}

// Failover goes forward only: the operator before may still execute its attempt.
func TestAPaymentThatMovedOnIsTakenUpWhereItIs(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.MTN, pirogue.CashOut, "small", "large"),
	})
	require.NoError(t, err)
	order, err := table.PaymentInput(pirogue.Payment{
		Mode: pirogue.Test, Kind: pirogue.CashOut, Country: "CI", Network: pirogue.MTN, Operator: "large",
		Amount: pirogue.Money{Minor: 600, Currency: pirogue.XOF},
	})
	require.NoError(t, err)
	require.Equal(t, pirogue.OperatorCode("large"), order.Current.Operator)
	require.Empty(t, order.Fallbacks, "nobody goes back to the one before")
}

// Another operator could only pay the refund out, which is not the same call.
func TestARefundStaysAtTheOperatorThatGivesItBack(t *testing.T) {
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
		order, err := table.PaymentInput(p)
		require.NoError(t, err)
		require.Equal(t, tt.first, order.Current.Operator, name)
		var next []pirogue.OperatorCode
		for _, leg := range order.Fallbacks {
			next = append(next, leg.Operator)
		}
		require.Equal(t, tt.next, next, name)
	}
}

// wholeGiver refunds only whole payments by its refund call; a part is paid out.
type wholeGiver struct{ giver }

func (g wholeGiver) Capability() operator.Capability {
	c := g.giver.Capability()
	c.WholeRefunds = true
	return c
}

// onlyGiver refunds parts too, of 50 minor units or more, and pays nothing out.
type onlyGiver struct{}

func (onlyGiver) Capability() operator.Capability {
	return operator.Capability{Refund: operator.Limits{Min: 50}}
}

func (onlyGiver) Refund(context.Context, operator.RefundRequest) (operator.OperatorResult, error) {
	return operator.OperatorResult{}, nil
}

// A refund call has limits of its own, apart from those of payouts.
func TestARefundHasTheLimitsOfWhoCarriesIt(t *testing.T) {
	t.Parallel()

	narrow := carrier{operator.Limits{Min: 200, Max: 1000}}
	collectors := map[string]operator.Instance{
		"gives back":         {Code: "collector", Operator: giver{narrow}},
		"gives back all":     {Code: "collector", Operator: wholeGiver{giver{narrow}}},
		"gives back from 50": {Code: "collector", Operator: onlyGiver{}},
		"gives nothing back": {Code: "collector", Operator: narrow},
		"is not there":       {},
	}
	payouts := []operator.Instance{
		{Code: "payer", Operator: carrier{operator.Limits{Min: 100, Max: 1500}}}, {Code: "collector", Operator: narrow},
	}
	const collector, payer = pirogue.OperatorCode("collector"), pirogue.OperatorCode("payer")
	for name, tt := range map[string]struct {
		collector     string
		amount, part  int64
		want          []pirogue.OperatorCode
		withoutPayers bool
	}{
		"less than any payout, by the refund call": {"gives back", 150, 150, []pirogue.OperatorCode{collector}, false},
		"more than any payout, by the refund call": {
			"gives back", 1_800_000, 1_800_000, []pirogue.OperatorCode{collector}, false,
		},
		"a part, by the refund call": {"gives back", 5000, 20, []pirogue.OperatorCode{collector}, false},
		"the whole, where only the whole goes back": {
			"gives back all", 150, 150, []pirogue.OperatorCode{collector}, false,
		},
		"a part, where only the whole goes back": {
			"gives back all", 5000, 300, []pirogue.OperatorCode{collector, payer}, false,
		},
		"a small part, where only the whole goes back": {"gives back all", 5000, 150, []pirogue.OperatorCode{payer}, false},
		"a part that nobody pays out":                  {"gives back all", 5000, 20, []pirogue.OperatorCode{}, false},
		"without anybody who pays out":                 {"gives back", 150, 150, []pirogue.OperatorCode{collector}, true},
		"within the limits of the refund call": {
			"gives back from 50", 5000, 50, []pirogue.OperatorCode{collector}, false,
		},
		"below the limits of the refund call": {"gives back from 50", 5000, 49, nil, false},
		"paid out": {
			"gives nothing back", 150, 150, []pirogue.OperatorCode{payer}, false,
		},
		"paid out by both": {
			"gives nothing back", 300, 300, []pirogue.OperatorCode{payer, collector}, false,
		},
		"less than any payout":              {"gives nothing back", 99, 99, []pirogue.OperatorCode{}, false},
		"of who is not configured any more": {"is not there", 150, 150, []pirogue.OperatorCode{payer}, false},
		"more than the maximum": {
			"gives back", pirogue.MaxAmount + 1, pirogue.MaxAmount + 1, nil, false,
		},
	} {
		route := payouts
		if tt.withoutPayers {
			route = nil
		}
		collected := pirogue.Payment{Kind: pirogue.CashIn, Amount: pirogue.Money{Minor: tt.amount, Currency: pirogue.XOF}}
		refund := pirogue.Payment{Kind: pirogue.Refund, Amount: pirogue.Money{Minor: tt.part, Currency: pirogue.XOF}}
		var got []pirogue.OperatorCode
		for _, i := range routing.Refunders(collectors[tt.collector], route, collected, refund) {
			got = append(got, i.Code)
		}
		require.ElementsMatch(t, tt.want, got, name)
		if len(got) > 0 {
			require.Equal(t, tt.want[0], got[0], name)
		}
	}
}

// The number's prefix is a hint, so an explicit network always wins.
func TestNetworkOfAPayment(t *testing.T) {
	t.Parallel()

	table, err := routing.NewRouteTable(ivoryCoast, []routing.Route{
		ivorian(pirogue.Orange, pirogue.CashIn, "small"), ivorian(pirogue.Moov, pirogue.CashIn, "large"),
	})
	require.NoError(t, err)
	for number, want := range map[pirogue.MSISDN]pirogue.Network{
		"+2250707123456": pirogue.Orange, "+2250101123456": pirogue.Moov, "+2250505123456": pirogue.Orange,
	} {
		got, why := table.Network(pirogue.Test, "CI", "", pirogue.CashIn, number)
		require.Equal(t, want, got, number)
		require.NotEmpty(t, why)
	}
	got, _ := table.Network(pirogue.Test, "CI", pirogue.Wave, pirogue.CashIn, "+2250707123456")
	require.Equal(t, pirogue.Wave, got, "what was asked for is not bettered")
}

// A disputed prefix suggests no network.
func TestAPrefixSuggestsANetwork(t *testing.T) {
	t.Parallel()

	for number, want := range map[pirogue.MSISDN]pirogue.Network{
		"+22376123456": pirogue.Orange, "+22366123456": pirogue.Moov, "+22385123456": "",
		"+2250707123456": pirogue.Orange, "+2250505123456": pirogue.MTN, "+2250101123456": pirogue.Moov,
		"+221770123456": pirogue.Orange, "+221761234567": "", "+22674123456": pirogue.Orange,
		"+22899123456": pirogue.Moov, "+237699123456": pirogue.Orange, "+237679123456": pirogue.MTN,
		"+237685123456": "", "+33612345678": "", "": "",
	} {
		require.Equal(t, want, routing.ProbableNetwork(number), number)
	}
}

// A live payment must never reach a simulator, nor a test payment a live operator.
func TestARouteNeverMixesModes(t *testing.T) {
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
