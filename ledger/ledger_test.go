package ledger_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/ledger"
	"pirogue/support"
)

// payment returns a payment of 1000 with a fee of 30.
func payment(kind pirogue.PaymentKind, payer pirogue.FeePayer) pirogue.Payment {
	return pirogue.Payment{
		ID: "p", MerchantID: "m", Mode: pirogue.Test, Country: "ML", Operator: "op", Kind: kind, FeePayer: payer,
		Amount: pirogue.Money{Minor: 1000, Currency: pirogue.XOF}, Fee: pirogue.Money{Minor: 30, Currency: pirogue.XOF},
	}
}

// late returns a refund of stray money.
func late() pirogue.Payment {
	p := payment(pirogue.Refund, pirogue.PaidByMerchant)
	p.Late, p.Fee.Minor = true, 0
	return p
}

// lines returns the transfers of journals, such as "release FLOAT>MERCHANT 1000".
func lines(journals ...ledger.Journal) []string {
	all := []string{}
	for _, j := range journals {
		for _, t := range j.Transfers {
			all = append(all, fmt.Sprintf("%s %s>%s %d", j.Phase, t.Debit.Kind, t.Credit.Kind, t.Amount))
		}
	}
	return all
}

// one returns a journal that is booked only where ok is true.
func one(j ledger.Journal, ok bool) []ledger.Journal {
	if !ok {
		return nil
	}
	return []ledger.Journal{j}
}

// ending returns the journal of a payment's end, if it has one.
func ending(p pirogue.Payment, s pirogue.Status) []ledger.Journal {
	j := ledger.Ending(p, s)
	if j == nil {
		return nil
	}
	return []ledger.Journal{*j}
}

// Each row is one step of a payment of 1000 with a fee of 30, and its transfers as "debit>credit".
func TestPostingRules(t *testing.T) {
	t.Parallel()

	const success, failed, expired = pirogue.StatusSuccess, pirogue.StatusFailed, pirogue.StatusExpired
	cashIn, cashOut := payment(pirogue.CashIn, pirogue.PaidByMerchant), payment(pirogue.CashOut, pirogue.PaidByMerchant)
	onTop := payment(pirogue.CashIn, pirogue.PaidByCustomer)
	payout := payment(pirogue.CashOut, pirogue.PaidByCustomer)
	free := cashIn
	free.Fee.Minor = 0
	april := bulk.Bulk{ID: "b", MerchantID: "m", Country: "ML", Cost: 3090, Amount: pirogue.Money{Currency: pirogue.XOF}}
	settlement := support.Settlement{ID: "s", MerchantID: "m", Amount: pirogue.Money{Minor: 700, Currency: pirogue.XOF}}
	resolved := func(p pirogue.Payment, s pirogue.Status, r support.Resolution, amount int64) []ledger.Journal {
		return ledger.Resolving(p, s, ledger.ResolvedCase{ID: "c", Resolution: r, Amount: amount})
	}
	for name, tt := range map[string]struct {
		journals []ledger.Journal
		want     []string
	}{
		"cash-in, fee by the merchant": {ending(cashIn, success), []string{
			"posted FLOAT>MERCHANT 1000", "posted MERCHANT>FEE_INCOME 30",
		}},
		"cash-in, fee by the customer": {ending(onTop, success), []string{
			"posted FLOAT>MERCHANT 1000", "posted FLOAT>FEE_INCOME 30",
		}},
		"cash-in without a fee": {ending(free, success), []string{"posted FLOAT>MERCHANT 1000"}},
		"cash-in failed":        {ending(cashIn, failed), []string{}},
		"cash-in expired":       {ending(cashIn, expired), []string{}},
		"cash-out held": {one(ledger.Hold(cashOut), true), []string{
			"hold MERCHANT>FLOAT 1000", "hold MERCHANT>FEE_INCOME 30",
		}},
		"cash-out, fee by the customer, held": {one(ledger.Hold(payout), true), []string{
			"hold MERCHANT>FLOAT 970", "hold MERCHANT>FEE_INCOME 30",
		}},
		"cash-out paid": {ending(cashOut, success), []string{
			"capture MERCHANT>FLOAT 1000", "capture MERCHANT>FEE_INCOME 30",
		}},
		"cash-out failed": {ending(cashOut, failed), []string{
			"release MERCHANT>FLOAT 1000", "release MERCHANT>FEE_INCOME 30",
		}},
		"late refund held":   {one(ledger.Hold(late()), true), []string{"hold SUSPENSE>FLOAT 1000"}},
		"late refund paid":   {ending(late(), success), []string{"capture SUSPENSE>FLOAT 1000"}},
		"fee of a refund":    {one(ledger.FeeBack(cashIn, "r", 10)), []string{"posted FEE_INCOME>MERCHANT 10"}},
		"no fee of a refund": {one(ledger.FeeBack(cashIn, "r", 0)), []string{}},
		"late money in":      {one(ledger.Late(cashIn, 400), true), []string{"posted FLOAT>SUSPENSE 400"}},
		"late money out":     {one(ledger.Late(cashOut, 400), true), []string{"posted SUSPENSE>FLOAT 400"}},
		"late money in, placed": {one(ledger.Clear(cashIn, "c", 400), true), []string{
			"posted SUSPENSE>ADJUSTMENT 400",
		}},
		"late money out, placed": {one(ledger.Clear(cashOut, "c", 400), true), []string{
			"posted ADJUSTMENT>SUSPENSE 400",
		}},
		"settlement": {one(ledger.Settlement(settlement), true), []string{
			"posted MERCHANT>SETTLEMENT 700",
		}},
		"bulk accepted":                {one(ledger.Bulk(april), true), []string{"posted MERCHANT>BULK 3090"}},
		"bulk cancelled in part":       {one(ledger.Rest(april, 2060)), []string{"posted BULK>MERCHANT 2060"}},
		"bulk cancelled, nothing left": {one(ledger.Rest(april, 0)), []string{}},
		"line of a bulk": {ledger.LineJournals(cashOut), []string{
			"posted BULK>MERCHANT 1030", "hold MERCHANT>FLOAT 1000", "hold MERCHANT>FEE_INCOME 30",
		}},
		"resolved as paid, nothing booked": {resolved(cashOut, success, support.ResolvedPaid, 0), []string{
			"capture MERCHANT>FLOAT 1000", "capture MERCHANT>FEE_INCOME 30",
		}},
		"resolved as paid, money booked late": {resolved(cashOut, success, support.ResolvedPaid, 1000), []string{
			"capture MERCHANT>ADJUSTMENT 1000", "capture MERCHANT>FEE_INCOME 30", "posted ADJUSTMENT>SUSPENSE 1000",
		}},
		"resolved as paid in part": {resolved(cashOut, failed, support.ResolvedInPart, 400), []string{
			"release MERCHANT>FLOAT 1000", "release MERCHANT>FEE_INCOME 30", "posted MERCHANT>SUSPENSE 400",
		}},
		"resolved as unpaid, money booked late": {resolved(cashOut, failed, support.ResolvedUnpaid, 400), []string{
			"release MERCHANT>FLOAT 1000", "release MERCHANT>FEE_INCOME 30", "posted ADJUSTMENT>SUSPENSE 400",
		}},
		"cash-in resolved, nothing booked": {resolved(cashIn, failed, support.ResolvedUnpaid, 0), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, lines(tt.journals...))
			requireBalanced(t, tt.journals)
		})
	}
}

// requireBalanced fails unless the balances of all accounts sum to zero, as whole accounts of one
// currency.
func requireBalanced(t *testing.T, journals []ledger.Journal) {
	t.Helper()
	balances, sum := map[string]int64{}, int64(0)
	for _, j := range journals {
		for _, x := range j.Transfers {
			require.Positive(t, x.Amount)
			require.NotEqual(t, x.Debit.ID(), x.Credit.ID())
			require.Equal(t, x.Debit.Currency, x.Credit.Currency)
			balances[x.Debit.ID()] -= x.Amount
			balances[x.Credit.ID()] += x.Amount
		}
	}
	for _, balance := range balances {
		sum += balance
	}
	require.Zero(t, sum)
}

// The key of a journal makes a repeated booking harmless, and no two steps share one.
func TestJournalID(t *testing.T) {
	t.Parallel()

	p := payment(pirogue.CashOut, pirogue.PaidByMerchant)
	feeBack, _ := ledger.FeeBack(p, "r", 10)
	second := ledger.LateTransfer{Operator: "other", Attempt: 2, Nth: 2, Amount: 10}
	for want, j := range map[string]ledger.Journal{
		"p/hold":    ledger.Hold(p),
		"p/capture": ledger.Capture(p),
		"p/release": ledger.Release(p),
		"p/late":    ledger.LateAt(p, ledger.LateTransfer{Operator: "other", Attempt: 1, Nth: 1, Amount: 10}),
		"p/late-2":  ledger.LateAt(p, second),
		"r/fee":     feeBack,
		"c/clear":   ledger.Clear(p, "c", 10),
		"b/bulk":    ledger.Bulk(bulk.Bulk{ID: "b"}),
		"s/payout":  ledger.Settlement(support.Settlement{ID: "s"}),
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, j.ID())
		})
	}
	moved := ledger.LateAt(p, second).Transfers[0]
	require.EqualValues(t, "other", moved.Credit.Operator, "the float of the operator that moved it")
}

// Only the operators' and our own accounts may fall below zero.
func TestMayOverdraw(t *testing.T) {
	t.Parallel()

	for kind, want := range map[ledger.AccountKind]bool{
		ledger.MerchantAccount: false, ledger.BulkAccount: false, ledger.FloatAccount: true, ledger.FeeAccount: true,
		ledger.SuspenseAccount: true, ledger.AdjustmentAccount: true, ledger.SettlementAccount: true,
	} {
		require.Equal(t, want, ledger.Account{Kind: kind}.MayOverdraw(), kind)
	}
}
