// Package ledger says which accounts a payment touches. It is pure arithmetic: no
// clock, no database, no network.
//
// A Transfer names both ends of a movement, so an unbalanced entry has no spelling.
// A Journal is all the transfers of one step of one payment; its ID is the
// idempotency key of that movement of money.
package ledger

import (
	"cmp"
	"strconv"
	"strings"

	"pirogue"
)

// AccountKind says what an account is for.
type AccountKind string

// The kinds of account. All but MerchantAccount and BulkAccount may be overdrawn: they
// mirror money that lies elsewhere.
const (
	MerchantAccount AccountKind = "MERCHANT"   // what we owe the merchant
	BulkAccount     AccountKind = "BULK"       // of it, what is set aside for lines of bulks that wait for their turn
	FloatAccount    AccountKind = "FLOAT"      // what the operator holds for us
	FeeAccount      AccountKind = "FEE_INCOME" // what we earned
	SuspenseAccount AccountKind = "SUSPENSE"   // money that arrived and belongs to nobody yet
	// AdjustmentAccount is the other side of money that people placed outside Pirogue, and of
	// what they say moved beyond the operator's word.
	AdjustmentAccount AccountKind = "ADJUSTMENT"
	BankAccount       AccountKind = "SETTLEMENT" // what was paid out to the merchant's bank
)

// Account is one account of the books. Every account, system accounts too, belongs
// to one merchant, mode, country and currency, so that no row is hot for all.
// Operator is empty for the accounts that no operator stands behind.
type Account struct {
	Kind     AccountKind
	Merchant pirogue.MerchantID
	Mode     pirogue.Mode
	Country  pirogue.CountryCode
	Currency pirogue.Currency
	Operator pirogue.OperatorCode
}

// ID returns the account's key, which says what it is, such as
// "live:ML:XOF:FLOAT:orange-web-ml:<merchant>".
func (a Account) ID() string {
	parts := []string{string(a.Mode), string(a.Country), string(a.Currency), string(a.Kind)}
	if a.Operator != "" {
		parts = append(parts, string(a.Operator))
	}
	return strings.Join(append(parts, string(a.Merchant)), ":")
}

// MayOverdraw reports whether the account may fall below zero.
func (a Account) MayOverdraw() bool { return a.Kind != MerchantAccount && a.Kind != BulkAccount }

// Transfer moves Amount, in minor units of both accounts' currency, from the
// account it debits to the account it credits.
type Transfer struct {
	Debit, Credit Account
	Amount        int64
}

// Phase says what a journal does to money.
type Phase string

// The phases. Money that is held is still the debited account's and can be spent by
// nothing else; it is taken or freed once, whoever comes first.
const (
	Posted  Phase = "posted"  // it moves
	Held    Phase = "hold"    // it is set aside
	Taken   Phase = "capture" // what was set aside moves
	Dropped Phase = "release" // what was set aside is free again
)

// Step names what a journal books. With its payment or payout it makes the journal's
// ID.
type Step string

// The steps that can be booked.
const (
	StepCashIn  Step = "cashin"  // a confirmed cash-in
	StepHold    Step = "hold"    // a cash-out or refund that was accepted
	StepCapture Step = "capture" // its success
	StepRelease Step = "release" // its failure
	StepFee     Step = "fee"     // a fee given back with a refund
	StepLate    Step = "late"    // money that moved after the payment ended, or of another amount
	StepClear   Step = "clear"   // a case that people settled: its money leaves suspense
	StepPayout  Step = "payout"  // a merchant paid at its bank
	StepBulk    Step = "bulk"    // a bulk that was accepted: all its money is set aside
	StepLine    Step = "line"    // a line of it whose turn has come takes its part
	StepRest    Step = "rest"    // what its cancelled lines leave goes back
)

// Journal is the transfers of one step, booked together or not at all, and once
// however often they are sent.
type Journal struct {
	PaymentID pirogue.PaymentID // "" for a payout or a whole bulk
	PayoutID  string            // of a payout to a merchant's bank; "" otherwise
	BulkID    pirogue.BulkID    // of a whole bulk; "" otherwise
	CaseID    pirogue.CaseID    // of StepClear: the case, which is cleared once; "" otherwise
	Step      Step
	Nth       int   // of several journals of one step, counted from 1; 0 where a step has one
	Attempt   int   // number of the attempt by which the money moved; 0 for the payment's latest
	Phase     Phase // "" means Posted
	Transfers []Transfer
}

// ID returns the journal's idempotency key.
func (j Journal) ID() string {
	id := cmp.Or(j.PayoutID, string(j.BulkID), string(j.CaseID), string(j.PaymentID)) + "/" + string(j.Step)
	if j.Nth > 1 {
		id += "-" + strconv.Itoa(j.Nth)
	}
	return id
}

// CashIn returns the journal of a cash-in that its operator confirmed: the operator
// holds what the customer paid, and we owe it to the merchant less our fee.
func CashIn(p pirogue.Payment) Journal {
	float, merchant, fee := account(p, FloatAccount), account(p, MerchantAccount), account(p, FeeAccount)
	transfers := []Transfer{{Debit: float, Credit: merchant, Amount: p.Amount.Minor}}
	if p.Fee.Minor > 0 {
		from := merchant
		if p.FeePayer == pirogue.PaidByCustomer {
			from = float
		}
		transfers = append(transfers, Transfer{Debit: from, Credit: fee, Amount: p.Fee.Minor})
	}
	return Journal{PaymentID: p.ID, Step: StepCashIn, Phase: Posted, Transfers: transfers}
}

// Hold returns the journal that sets aside what a cash-out or refund costs: what the
// operator will pay, and our fee. A late refund gives back what waits in suspense.
func Hold(p pirogue.Payment) Journal { return outward(p, StepHold, Held) }

// Capture returns the journal of a cash-out or refund that its operator confirmed.
func Capture(p pirogue.Payment) Journal { return outward(p, StepCapture, Taken) }

// Release returns the journal of a cash-out or refund that is proven not to have
// happened.
func Release(p pirogue.Payment) Journal { return outward(p, StepRelease, Dropped) }

// outward returns the transfers of a payment that takes money from us, in one phase.
// They are the same in all phases, so that what was held is what is taken or freed.
func outward(p pirogue.Payment, step Step, phase Phase) Journal {
	from := account(p, MerchantAccount)
	if p.Late {
		from = account(p, SuspenseAccount)
	}
	transfers := []Transfer{{Debit: from, Credit: account(p, FloatAccount), Amount: p.AtOperator().Minor}}
	if p.Fee.Minor > 0 {
		transfers = append(transfers, Transfer{Debit: from, Credit: account(p, FeeAccount), Amount: p.Fee.Minor})
	}
	return Journal{PaymentID: p.ID, Step: step, Phase: phase, Transfers: transfers}
}

// Ending returns the journal that a payment of this status needs; nil when nothing
// moves.
func Ending(p pirogue.Payment, s pirogue.Status) *Journal {
	var j Journal
	switch {
	case p.Kind == pirogue.CashIn && s == pirogue.StatusSuccess:
		j = CashIn(p)
	case p.Kind == pirogue.CashIn:
		return nil
	case s == pirogue.StatusSuccess:
		j = Capture(p)
	default:
		j = Release(p)
	}
	return &j
}

// FeeBack returns the journal of the part of a cash-in's fee that a refund gives back
// to the merchant, and false when it gives back none. refund is the refund's ID: each
// refund gives its own part back.
func FeeBack(p pirogue.Payment, refund pirogue.PaymentID, amount int64) (Journal, bool) {
	return Journal{PaymentID: refund, Step: StepFee, Phase: Posted, Transfers: []Transfer{{
		Debit: account(p, FeeAccount), Credit: account(p, MerchantAccount), Amount: amount,
	}}}, amount > 0
}

// Late returns the journal of money that moved at the operator when the payment no
// longer expected it, or that differs from the order: it waits in suspense until a
// person or the merchant's policy says whose it is. Amount is in minor units of the
// payment's currency.
func Late(p pirogue.Payment, amount int64) Journal {
	t := Transfer{Debit: account(p, FloatAccount), Credit: account(p, SuspenseAccount), Amount: amount}
	if p.Kind.MoneyOut() {
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	return Journal{PaymentID: p.ID, Step: StepLate, Phase: Posted, Transfers: []Transfer{t}}
}

// LateAt returns the nth journal of Late, of money that moved at an operator under the
// attempt of a number.
func LateAt(p pirogue.Payment, at pirogue.OperatorCode, attempt, nth int, amount int64) Journal {
	p.Operator = at
	j := Late(p, amount)
	j.Attempt, j.Nth = attempt, nth
	return j
}

// Clear returns the journal that takes the money of a case out of suspense, because people placed
// it outside Pirogue. Amount is what the case booked, in minor units.
func Clear(p pirogue.Payment, c pirogue.CaseID, amount int64) Journal {
	t := Transfer{Debit: account(p, SuspenseAccount), Credit: account(p, AdjustmentAccount), Amount: amount}
	if p.Kind.MoneyOut() {
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	return Journal{PaymentID: p.ID, CaseID: c, Step: StepClear, Phase: Posted, Transfers: []Transfer{t}}
}

// Resolving returns the journals of a payment that ends as s because two people settled its case.
// Amount holds what the case booked as Late; 0 when it booked nothing.
//
// What moved stands at the float already. So a payment that was paid after all is captured against
// the adjustment account, from which the case is cleared; of one that was paid in part, the merchant
// gives what moved, and the hold is free.
func Resolving(p pirogue.Payment, s pirogue.Status, r pirogue.Resolution, c pirogue.CaseID, amount int64) []Journal {
	var journals []Journal
	ending := Ending(p, s)
	if amount == 0 {
		if ending == nil {
			return nil
		}
		return []Journal{*ending}
	}
	cleared := Clear(p, c, amount)
	switch r {
	case pirogue.ResolvedPaid:
		ending.Transfers[0].Credit = account(p, AdjustmentAccount)
	case pirogue.ResolvedInPart:
		cleared.Transfers[0].Debit = account(p, MerchantAccount)
	case pirogue.ResolvedUnpaid, pirogue.ResolvedReturn, pirogue.ResolvedPlaced:
	}
	if ending != nil {
		journals = append(journals, *ending)
	}
	return append(journals, cleared)
}

// Payout returns the journal of a payment to a merchant's bank: we owe it no more.
func Payout(p pirogue.Payout) Journal {
	merchant := Account{
		Kind: MerchantAccount, Merchant: p.MerchantID, Mode: p.Mode, Country: p.Country, Currency: p.Amount.Currency,
	}
	bank := merchant
	bank.Kind = BankAccount
	return Journal{PayoutID: p.ID, Step: StepPayout, Phase: Posted, Transfers: []Transfer{{
		Debit: merchant, Credit: bank, Amount: p.Amount.Minor,
	}}}
}

// account returns p's account of one kind. Only the float stands behind an operator.
func account(p pirogue.Payment, kind AccountKind) Account {
	a := Account{
		Kind: kind, Merchant: p.MerchantID, Mode: p.Mode, Country: p.Country, Currency: p.Amount.Currency,
	}
	if kind == FloatAccount {
		a.Operator = p.Operator
	}
	return a
}
