// Package ledger decides which accounts a payment debits and credits. It is pure
// arithmetic: no clock, no database, no network.
//
// A Transfer names both accounts of a movement, so an unbalanced entry cannot be written. A
// Journal holds all transfers of one step of one payment. Its ID is the idempotency key of
// that movement of money.
package ledger

import (
	"cmp"
	"strconv"
	"strings"

	"pirogue"
	"pirogue/support"
)

// AccountKind names the purpose of an account.
type AccountKind string

// The kinds of account. Only MerchantAccount and BulkAccount may not be overdrawn. The
// others mirror money that lies elsewhere, so their balance may fall below zero.
const (
	MerchantAccount AccountKind = "MERCHANT"   // what we owe the merchant
	BulkAccount     AccountKind = "BULK"       // the part of it set aside for lines of bulks that wait for their turn
	FloatAccount    AccountKind = "FLOAT"      // what the operator holds for us
	FeeAccount      AccountKind = "FEE_INCOME" // what we earned
	SuspenseAccount AccountKind = "SUSPENSE"   // money that arrived without a payment that wants it
	// AdjustmentAccount is the counterpart of money that people placed outside Pirogue. It is
	// also that of money which they state moved, beyond the operator's result.
	AdjustmentAccount AccountKind = "ADJUSTMENT"
	SettlementAccount AccountKind = "SETTLEMENT" // paid out to the merchant's bank
)

// Account identifies one account of the books. Every account, system accounts too, belongs
// to one merchant, mode, country and currency. So no row is locked by all payments.
// Operator is empty for the accounts that no operator holds money for.
type Account struct {
	Kind     AccountKind
	Merchant pirogue.MerchantID
	Mode     pirogue.Mode
	Country  pirogue.CountryCode
	Currency pirogue.Currency
	Operator pirogue.OperatorCode
}

// ID returns the account's key, such as "live:ML:XOF:FLOAT:orange-web-ml:<merchant>".
func (a Account) ID() string {
	parts := []string{string(a.Mode), string(a.Country), string(a.Currency), string(a.Kind)}
	if a.Operator != "" {
		parts = append(parts, string(a.Operator))
	}
	return strings.Join(append(parts, string(a.Merchant)), ":")
}

// MayOverdraw reports whether the account's balance may fall below zero.
func (a Account) MayOverdraw() bool { return a.Kind != MerchantAccount && a.Kind != BulkAccount }

// Transfer moves Amount from the account it debits to the account it credits. Amount is in
// minor units of the currency of both accounts.
type Transfer struct {
	Debit, Credit Account
	Amount        int64
}

// Phase tells whether a journal moves money, holds it, captures a hold or releases one.
type Phase string

// The phases. Held money still belongs to the debited account, and no other payment can
// spend it. A hold is captured or released once: the first of the two wins.
const (
	Posted  Phase = "posted"  // it moves
	Held    Phase = "hold"    // it is set aside for one payment
	Taken   Phase = "capture" // the held money moves
	Dropped Phase = "release" // the held money is free again
)

// Step names the event that a journal books. Step and payment, payout, bulk or case
// together make the journal's ID.
type Step string

// The steps that can be booked.
const (
	StepCashIn     Step = "cashin"  // a confirmed cash-in
	StepHold       Step = "hold"    // an accepted cash-out or refund
	StepCapture    Step = "capture" // its success
	StepRelease    Step = "release" // its failure
	StepFee        Step = "fee"     // part of a fee, given back with a refund
	StepLate       Step = "late"    // money that moved after the payment ended, or of another amount
	StepClear      Step = "clear"   // a resolved case: its money leaves suspense
	StepSettlement Step = "payout"  // a payment to a merchant's bank
	StepBulk       Step = "bulk"    // an accepted bulk: all its money is set aside
	StepLine       Step = "line"    // a line of it takes its part when its turn comes
	StepRest       Step = "rest"    // money of its cancelled lines goes back
)

// Journal holds the transfers of one step. The store books all of them or none, and books
// them once, however often a caller sends them.
type Journal struct {
	PaymentID    pirogue.PaymentID // "" for a payout or a whole bulk
	SettlementID string            // of a transfer to a merchant's bank; "" otherwise
	BulkID       pirogue.BulkID    // of a whole bulk; "" otherwise
	CaseID       support.CaseID    // of StepClear: the case, which is cleared once; "" otherwise
	Step         Step
	Nth          int   // of several journals of one step, counted from 1; 0 where a step has one
	Attempt      int   // number of the attempt by which the money moved; 0 for the payment's latest
	Phase        Phase // "" means Posted
	Transfers    []Transfer
}

// ID returns the journal's idempotency key: the payment, payout, bulk or case, the step
// and, from the second on, Nth.
func (j Journal) ID() string {
	id := cmp.Or(j.SettlementID, string(j.BulkID), string(j.CaseID), string(j.PaymentID)) + "/" + string(j.Step)
	if j.Nth > 1 {
		id += "-" + strconv.Itoa(j.Nth)
	}
	return id
}

// CashIn returns the journal of a cash-in that its operator confirmed. The operator holds
// the customer's money, and we owe it to the merchant less our fee.
func CashIn(p pirogue.Payment) Journal {
	float, merchant, fee := account(p, FloatAccount), account(p, MerchantAccount), account(p, FeeAccount)
	transfers := []Transfer{{Debit: float, Credit: merchant, Amount: p.Amount.Minor}}
	if p.Fee.Minor > 0 {
		from := merchant
		// The customer paid the fee on top, so it never was the merchant's.
		if p.FeePayer == pirogue.PaidByCustomer {
			from = float
		}
		transfers = append(transfers, Transfer{Debit: from, Credit: fee, Amount: p.Fee.Minor})
	}
	return Journal{PaymentID: p.ID, Step: StepCashIn, Phase: Posted, Transfers: transfers}
}

// Hold returns the journal that sets aside the cost of a cash-out or refund. That is the
// amount the operator will pay, and our fee. A late refund holds the money that waits in
// suspense.
func Hold(p pirogue.Payment) Journal { return outward(p, StepHold, Held) }

// Capture returns the journal of a cash-out or refund that its operator confirmed. The held
// money leaves the account.
func Capture(p pirogue.Payment) Journal { return outward(p, StepCapture, Taken) }

// Release returns the journal of a cash-out or refund that is proven not to have happened.
// The held money is the merchant's again.
func Release(p pirogue.Payment) Journal { return outward(p, StepRelease, Dropped) }

// outward returns the transfers of a payment that takes money from us, in one phase. They
// are the same in all phases, so that a capture or release matches its hold exactly.
func outward(p pirogue.Payment, step Step, phase Phase) Journal {
	from := account(p, MerchantAccount)
	// A late refund gives back money that the merchant was never credited.
	if p.Late {
		from = account(p, SuspenseAccount)
	}
	transfers := []Transfer{{Debit: from, Credit: account(p, FloatAccount), Amount: p.AtOperator().Minor}}
	if p.Fee.Minor > 0 {
		transfers = append(transfers, Transfer{Debit: from, Credit: account(p, FeeAccount), Amount: p.Fee.Minor})
	}
	return Journal{PaymentID: p.ID, Step: step, Phase: phase, Transfers: transfers}
}

// Ending returns the journal that a payment needs when it ends in status s. It returns nil
// when no money moves.
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

// FeeBack returns the journal that gives part of a cash-in's fee back to the merchant with
// a refund. refund is the refund's ID: each refund gives its own part back. It returns
// false when the part is zero.
func FeeBack(p pirogue.Payment, refund pirogue.PaymentID, amount int64) (Journal, bool) {
	return Journal{PaymentID: refund, Step: StepFee, Phase: Posted, Transfers: []Transfer{{
		Debit: account(p, FeeAccount), Credit: account(p, MerchantAccount), Amount: amount,
	}}}, amount > 0
}

// Late returns the journal of money that moved after the payment ended, or of another
// amount than ordered. The money waits in suspense until a person or the merchant's policy
// decides whose it is. Amount is in minor units of the payment's currency.
func Late(p pirogue.Payment, amount int64) Journal {
	t := Transfer{Debit: account(p, FloatAccount), Credit: account(p, SuspenseAccount), Amount: amount}
	if p.Kind.MoneyOut() {
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	return Journal{PaymentID: p.ID, Step: StepLate, Phase: Posted, Transfers: []Transfer{t}}
}

// LateTransfer is money that moved late at one operator under one attempt.
type LateTransfer struct {
	Operator pirogue.OperatorCode
	Attempt  int
	Nth      int   // the number of its journal among the payment's journals of Late
	Amount   int64 // minor units
}

// LateAt returns the journal of Late for money that moved under an attempt.
func LateAt(p pirogue.Payment, m LateTransfer) Journal {
	p.Operator = m.Operator
	j := Late(p, m.Amount)
	j.Attempt, j.Nth = m.Attempt, m.Nth
	return j
}

// Clear returns the journal that takes a case's money out of suspense, because people
// placed it outside Pirogue. Amount is the sum that the case booked, in minor units.
func Clear(p pirogue.Payment, c support.CaseID, amount int64) Journal {
	t := Transfer{Debit: account(p, SuspenseAccount), Credit: account(p, AdjustmentAccount), Amount: amount}
	if p.Kind.MoneyOut() {
		t.Debit, t.Credit = t.Credit, t.Debit
	}
	return Journal{PaymentID: p.ID, CaseID: c, Step: StepClear, Phase: Posted, Transfers: []Transfer{t}}
}

// ResolvedCase is a case that two people resolved, with the sum that it booked as Late.
type ResolvedCase struct {
	ID         support.CaseID
	Resolution support.Resolution
	Amount     int64 // minor units; 0 for none
}

// Resolving returns the journals of a payment that ends as s because people resolved its case.
//
// The float already shows the money that moved. So a payment that was paid after all is
// captured against the adjustment account, from which the case is cleared. If it was paid
// in part, the hold is released and the merchant gives the part that moved.
func Resolving(p pirogue.Payment, s pirogue.Status, c ResolvedCase) []Journal {
	var journals []Journal
	ending := Ending(p, s)
	if c.Amount == 0 {
		if ending == nil {
			return nil
		}
		return []Journal{*ending}
	}
	cleared := Clear(p, c.ID, c.Amount)
	switch c.Resolution {
	case support.ResolvedPaid:
		// The float was booked as Late already: a second booking would show the money twice.
		ending.Transfers[0].Credit = account(p, AdjustmentAccount)
	case support.ResolvedInPart:
		// The part that moved is the merchant's payment.
		cleared.Transfers[0].Debit = account(p, MerchantAccount)
	case support.ResolvedUnpaid, support.ResolvedReturn, support.ResolvedPlaced:
	}
	if ending != nil {
		journals = append(journals, *ending)
	}
	return append(journals, cleared)
}

// Settlement returns the journal of a payment to a merchant's bank. The payout ends our debt
// for this money.
func Settlement(p support.Settlement) Journal {
	merchant := Account{
		Kind: MerchantAccount, Merchant: p.MerchantID, Mode: p.Mode, Country: p.Country, Currency: p.Amount.Currency,
	}
	bank := merchant
	bank.Kind = SettlementAccount
	return Journal{SettlementID: p.ID, Step: StepSettlement, Phase: Posted, Transfers: []Transfer{{
		Debit: merchant, Credit: bank, Amount: p.Amount.Minor,
	}}}
}

// account returns p's account of one kind. Only the float account belongs to an operator.
func account(p pirogue.Payment, kind AccountKind) Account {
	a := Account{
		Kind: kind, Merchant: p.MerchantID, Mode: p.Mode, Country: p.Country, Currency: p.Amount.Currency,
	}
	if kind == FloatAccount {
		a.Operator = p.Operator
	}
	return a
}
