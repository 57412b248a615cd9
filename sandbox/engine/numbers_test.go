package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

// TestMagicNumbers compares the table with the merchant API's page.
func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	for msisdn, want := range map[string]engine.Behaviour{
		"+22376123456":   {Outcome: engine.Pays},
		"+22376111111":   {Outcome: engine.Refuses, Poor: true, After: 2 * time.Second},
		"+22376222222":   {Outcome: engine.Refuses, After: 2 * time.Second},
		"+22376333333":   {Outcome: engine.Silent},
		"+22376444444":   {Outcome: engine.Pays, After: 30 * time.Second},
		"+22376555555":   {Down: true},
		"+22376666666":   {Outcome: engine.Pays, After: 10 * time.Second, ResponseLost: true},
		"+22376777777":   {Outcome: engine.Pays, After: 330 * time.Second},
		"+22376888888":   {Outcome: engine.Pays, Callbacks: 3},
		"+22376999999":   {Outcome: engine.Pays, OtherAmount: true},
		"+2250799999999": {Outcome: engine.Pays, OtherAmount: true},
		"+237699123456":  {Outcome: engine.Pays},
		"76444444":       {Outcome: engine.Pays, After: 30 * time.Second},
		"+22376543210":   {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
		"+22312345676":   {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
		"12":             {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
	} {
		got := engine.BehaviourOf(msisdn)
		require.NotEmpty(t, got.Description, msisdn)
		got.Description = ""
		require.Equal(t, want, got, msisdn)
	}
	require.Len(t, engine.MagicNumbers(), 10)
}

// TestMagicPayouts compares the same table for cash-outs.
func TestMagicPayouts(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]engine.Payout{
		"770123456": {End: engine.PaidOut},
		"770111111": {End: engine.RefusedAtOnce},
		"770222222": {End: engine.RejectedLater, After: 2 * time.Second},
		"770333333": {End: engine.RejectedLater, After: 5 * time.Minute},
		"770444444": {After: 30 * time.Second},
		"770555555": {Down: true},
		"770666666": {ResponseLost: true},
		"770777777": {After: 6 * time.Minute},
		"770888888": {Callbacks: 3},
		"770999999": {OtherAmount: true},
		"770543210": {After: 10 * time.Second},
		"12":        {After: 10 * time.Second},
	} {
		got := engine.PayoutTo(number)
		require.NotEmpty(t, got.Description, number)
		got.Description = ""
		require.Equal(t, want, got, number)
	}
	for digits := range engine.MagicNumbers() {
		require.NotEmpty(t, engine.MagicPayouts()[digits].Description)
	}
}

func TestNumberFormat(t *testing.T) {
	t.Parallel()
	for amount, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1500: "-1 500", -150: "-150",
	} {
		require.Equal(t, want, strings.ReplaceAll(engine.FormatAmount(amount), engine.NoBreak, " "), amount)
	}
	for typed, want := range map[string]string{
		"77 012 34 56": "770123456", "00221-77.012.34.56": "+221770123456", "(+221) 770123456": "+221770123456", "077": "077",
	} {
		require.Equal(t, want, engine.StripNumber(typed), typed)
	}
}

func TestValidNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"+22376123456": true, "+2250799123456": true, "22376123456": false, "+0022376123456": false,
		"+223761": false, "+2237612345678901": false, "+223 76123456": false, "": false,
	} {
		require.Equal(t, want, engine.IsValidNumber(number), number)
	}
}
