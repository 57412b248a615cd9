package outbound

import (
	"strings"

	"pirogue"
	"pirogue/operator"
)

// Limits holds the limits of an operator. An order outside them is Unable and is not sent,
// so another operator may still accept it.
type Limits struct {
	Name            string // of the operator, for people
	Country         pirogue.CountryCode
	Currency        pirogue.Currency
	CashIn, CashOut operator.Limits
	Reference       int             // greatest length, in characters
	Prefix          string          // of every number after its calling code
	Digits          int             // of a number after its calling code; 0 accepts any count
	Network         pirogue.Network // the only one served; "" for several
}

// Submission holds the fields that a collection and a disbursement share.
type Submission struct {
	Kind    pirogue.PaymentKind
	Ref     pirogue.OperatorRef
	Amount  pirogue.Money
	MSISDN  pirogue.MSISDN
	Network pirogue.Network
}

// CollectSubmission returns the Order of a collection.
func CollectSubmission(c operator.CollectRequest) Submission {
	return Submission{pirogue.CashIn, c.Ref, c.Amount, c.MSISDN, c.Network}
}

// DisburseSubmission returns the Order of a disbursement.
func DisburseSubmission(d operator.DisburseRequest) Submission {
	return Submission{pirogue.CashOut, d.Ref, d.Amount, d.MSISDN, d.Network}
}

// Check returns a mistake if the instance has another country or another currency than the
// operator.
func (t Limits) Check(country pirogue.CountryCode, currency pirogue.Currency) Mistakes {
	var m Mistakes
	m.If(country != t.Country, "country %q is not %s, the only one of %s", country, t.Country, t.Name)
	m.If(currency != t.Currency, "currency %q is not %s, the only one of %s", currency, t.Currency, t.Name)
	return m
}

// CheckOrder returns an Unable error for an order that the operator can never accept. It does
// not check the telephone number.
func (t Limits) CheckOrder(o Submission) error {
	limits := t.CashOut
	if o.Kind == pirogue.CashIn {
		limits = t.CashIn
	}
	switch {
	case o.Amount.Currency != t.Currency:
		return pirogue.Errorf(operator.Unable, "not sent: %s where %s moves %s", o.Amount, t.Name, t.Currency)
	case !limits.Allow(o.Amount.Minor):
		return pirogue.Errorf(operator.Unable, "not sent: %s is not within %d and %d (0: no limit)",
			o.Amount, limits.Min, limits.Max)
	case o.Network != "" && t.Network != "" && o.Network != t.Network:
		return pirogue.Errorf(operator.Unable, "not sent: network %q where the instance serves %q", o.Network, t.Network)
	default:
		return t.CheckReference(o.Ref)
	}
}

// CheckReference returns an Unable error for a reference that the operator can never accept.
func (t Limits) CheckReference(ref pirogue.OperatorRef) error {
	if ref == "" || len(ref) > t.Reference {
		return pirogue.Errorf(operator.Unable, "not sent: a reference has 1 to %d characters", t.Reference)
	}
	return nil
}

// LocalNumber returns the order's telephone number without its calling code. It returns an Unable
// error where Accept does, and for a number of another country.
func (t Limits) LocalNumber(o Submission) (string, error) {
	if err := t.CheckOrder(o); err != nil {
		return "", err
	}
	digits, ours := t.LocalOf(o.MSISDN)
	if !ours {
		return "", pirogue.Errorf(operator.Unable, "not sent: the number is not one of %s in %s", t.Name, t.Country)
	}
	return digits, nil
}

// LocalOf returns a telephone number without its calling code. It reports false for a
// number of another country.
func (t Limits) LocalOf(number pirogue.MSISDN) (string, bool) {
	country, known := pirogue.CountryByCode(t.Country)
	digits, ours := strings.CutPrefix(string(number), "+"+country.DialCode)
	return digits, known && ours && t.isLocal(digits)
}

// isLocal reports whether a number without its calling code has the operator's prefix and
// number of digits.
func (t Limits) isLocal(digits string) bool {
	long := digits != "" && (t.Digits == 0 || len(digits) == t.Digits)
	return long && strings.HasPrefix(digits, t.Prefix) && strings.Trim(digits, "0123456789") == ""
}
