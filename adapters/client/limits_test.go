package client

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// niger is a Terms value with every kind of limit.
var niger = SubmissionLimits{
	Name: "Kora", Country: "NE", Currency: pirogue.XOF, Network: pirogue.Moov, Reference: 20, Prefix: "9", Digits: 8,
	CashIn: operator.Limits{Min: 100, Max: 500}, CashOut: operator.Limits{Min: 200, Max: 400},
}

func TestCheckLimits(t *testing.T) {
	t.Parallel()
	mistakes := niger.Check("NE", pirogue.XOF)
	require.Nil(t, mistakes)
	said := errors.Join(niger.Check("ML", pirogue.XAF)...)
	for _, wrong := range []string{`country "ML"`, `currency "XAF"`} {
		require.ErrorContains(t, said, wrong)
	}
}

func TestLocalNumber(t *testing.T) {
	t.Parallel()
	in := Submission{
		Kind: pirogue.CashIn, Ref: "R", Amount: pirogue.Money{Minor: 100, Currency: pirogue.XOF}, MSISDN: "+22790123456",
	}
	for name, tt := range map[string]struct {
		spoil func(*Submission)
		taken bool
	}{
		"in by the least":         {func(*Submission) {}, true},
		"out by the least":        {func(o *Submission) { o.Kind, o.Amount.Minor = pirogue.CashOut, 200 }, true},
		"by the network":          {func(o *Submission) { o.Network = pirogue.Moov }, true},
		"another currency":        {func(o *Submission) { o.Amount.Currency = pirogue.XAF }, false},
		"too little":              {func(o *Submission) { o.Amount.Minor = 99 }, false},
		"too little to send":      {func(o *Submission) { o.Kind, o.Amount.Minor = pirogue.CashOut, 199 }, false},
		"too much":                {func(o *Submission) { o.Amount.Minor = 501 }, false},
		"too much to give back":   {func(o *Submission) { o.Kind, o.Amount.Minor = pirogue.Refund, 401 }, false},
		"no reference":            {func(o *Submission) { o.Ref = "" }, false},
		"a reference too long":    {func(o *Submission) { o.Ref = "123456789012345678901" }, false},
		"a number too short":      {func(o *Submission) { o.MSISDN = "+2279012345" }, false},
		"a number too long":       {func(o *Submission) { o.MSISDN = "+227901234567" }, false},
		"a number begun wrong":    {func(o *Submission) { o.MSISDN = "+22780123456" }, false},
		"a number of another":     {func(o *Submission) { o.MSISDN = "+22390123456" }, false},
		"a number with a letter":  {func(o *Submission) { o.MSISDN = "+2279012345a" }, false},
		"no number":               {func(o *Submission) { o.MSISDN = "" }, false},
		"a network not served":    {func(o *Submission) { o.Network = pirogue.Orange }, false},
		"a number without a plus": {func(o *Submission) { o.MSISDN = "22790123456" }, false},
	} {
		order := in
		tt.spoil(&order)
		digits, err := niger.LocalNumber(order)
		require.False(t, tt.taken && (digits != "90123456" || err != nil), "%s: %q, %v; want it taken", name, digits, err)
		require.False(t, !tt.taken && (digits != "" || pirogue.CodeOf(err) != operator.Unable), "%s: %q, %v; want UNABLE",
			name, digits, err)
	}
}

func TestUnknownCountry(t *testing.T) {
	t.Parallel()
	for _, terms := range []SubmissionLimits{{Country: "XX"}, {}} {
		digits, ours := terms.LocalOf("+22790123456")
		require.False(t, ours, "%s of %q", digits, terms.Country)
	}
}
