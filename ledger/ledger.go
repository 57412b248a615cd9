// Package ledger says which accounts a payment touches. It is pure arithmetic: no
// clock, no database, no network.
//
// A Transfer names both ends of a movement, so an unbalanced entry has no spelling.
// A Journal is all the transfers of one step of one payment; its ID is the
// idempotency key of that movement of money.
package ledger

import (
	"strings"

	"pirogue"
)

// AccountKind says what an account is for.
type AccountKind string

// The kinds of account. All but MerchantAccount may be overdrawn: they mirror money
// that lies elsewhere.
const (
	MerchantAccount AccountKind = "MERCHANT"   // what we owe the merchant
	FloatAccount    AccountKind = "FLOAT"      // what the operator holds for us
	FeeAccount      AccountKind = "FEE_INCOME" // what we earned
	SuspenseAccount AccountKind = "SUSPENSE"   // money that arrived and belongs to nobody yet
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
func (a Account) MayOverdraw() bool { return a.Kind != MerchantAccount }

// Transfer moves Amount, in minor units of both accounts' currency, from the
// account it debits to the account it credits.
type Transfer struct {
	Debit, Credit Account
	Amount        int64
}

// Step names what a journal books. With the payment it makes the journal's ID.
type Step string

// The steps that can be booked.
const (
	StepCashIn Step = "cashin" // a confirmed cash-in
	StepLate   Step = "late"   // money that arrived after the payment ended, or of another amount
)

// Journal is the transfers of one step of one payment, booked together or not at
// all, and once however often they are sent.
type Journal struct {
	PaymentID pirogue.PaymentID
	Step      Step
	Transfers []Transfer
}

// ID returns the journal's idempotency key.
func (j Journal) ID() string { return string(j.PaymentID) + "/" + string(j.Step) }

// CashIn returns the journal of a cash-in that its operator confirmed: the operator
// holds the amount, and we owe it to the merchant less our fee.
func CashIn(p pirogue.Payment) Journal {
	merchant := account(p, MerchantAccount)
	transfers := []Transfer{{Debit: account(p, FloatAccount), Credit: merchant, Amount: p.Amount.Minor}}
	if p.Fee.Minor > 0 {
		transfers = append(transfers, Transfer{Debit: merchant, Credit: account(p, FeeAccount), Amount: p.Fee.Minor})
	}
	return Journal{PaymentID: p.ID, Step: StepCashIn, Transfers: transfers}
}

// Late returns the journal of money that reached the operator when the payment no
// longer expected it, or that differs from the order: it waits in suspense until a
// person or the merchant's policy says whose it is. Amount is in minor units of the
// payment's currency.
func Late(p pirogue.Payment, amount int64) Journal {
	return Journal{PaymentID: p.ID, Step: StepLate, Transfers: []Transfer{{
		Debit: account(p, FloatAccount), Credit: account(p, SuspenseAccount), Amount: amount,
	}}}
}

// account returns p's account of one kind. Only float and suspense stand behind an
// operator.
func account(p pirogue.Payment, kind AccountKind) Account {
	a := Account{
		Kind: kind, Merchant: p.MerchantID, Mode: p.Mode, Country: p.Country, Currency: p.Amount.Currency,
	}
	if kind == FloatAccount || kind == SuspenseAccount {
		a.Operator = p.Operator
	}
	return a
}
