package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/routing"
)

// The number's prefix is a hint, so an explicit network always wins.
func TestNetwork(t *testing.T) {
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
func TestProbableNetwork(t *testing.T) {
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
