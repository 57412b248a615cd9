package routing_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
	"pirogue/routing"
)

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
func TestRefundRoute(t *testing.T) {
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
		found, err := routing.NewRefundRoute(payoutRoute(route), collected, collectors[tt.collector])
		require.NoError(t, err, name)
		for _, i := range found.Operators(refund) {
			got = append(got, i.Code)
		}
		require.ElementsMatch(t, tt.want, got, name)
		if len(got) > 0 {
			require.Equal(t, tt.want[0], got[0], name)
		}
	}
}

// payoutRoute is the cash-out route of every country.
type payoutRoute []operator.Instance

func (r payoutRoute) Route(
	pirogue.Mode, pirogue.CountryCode, pirogue.Network, pirogue.PaymentKind,
) ([]operator.Instance, error) {
	if len(r) == 0 {
		return nil, pirogue.Errorf(pirogue.CountryNotSupported, "no route")
	}
	return r, nil
}

// A refund is refused before it is accepted when no operator can give the cash-in back.
func TestNewRefundRoute_refund_not_allowed(t *testing.T) {
	t.Parallel()

	payer := operator.Instance{Code: "payer", Operator: carrier{}}
	refunder := operator.Instance{Code: "collector", Operator: giver{}}
	for name, tt := range map[string]struct {
		payouts   payoutRoute
		collector operator.Instance
		want      pirogue.Code
	}{
		"by its refund call":             {nil, refunder, ""},
		"paid out":                       {payoutRoute{payer}, operator.Instance{}, ""},
		"no refund call and no payouts":  {nil, payer, pirogue.RefundNotAllowed},
		"not configured, and no payouts": {nil, operator.Instance{}, pirogue.RefundNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := routing.NewRefundRoute(tt.payouts, pirogue.Payment{}, tt.collector)
			require.Equal(t, tt.want, pirogue.CodeOf(err))
		})
	}
}
