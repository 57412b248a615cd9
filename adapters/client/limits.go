package client

import (
	"strings"

	"pirogue"
	"pirogue/operator"
)

// SubmissionLimits holds the limits of an operator. A submission outside them is Unable and is
// not sent, so another operator may still accept it.
type SubmissionLimits struct {
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

// CollectSubmission returns the Submission of a collection.
func CollectSubmission(c operator.CollectRequest) Submission {
	return Submission{pirogue.CashIn, c.Ref, c.Amount, c.MSISDN, c.Network}
}

// DisburseSubmission returns the Submission of a disbursement.
func DisburseSubmission(d operator.DisburseRequest) Submission {
	return Submission{pirogue.CashOut, d.Ref, d.Amount, d.MSISDN, d.Network}
}

// Check returns a mistake if the instance has another country or another currency than the
// operator.
func (l SubmissionLimits) Check(country pirogue.CountryCode, currency pirogue.Currency) Mistakes {
	var m Mistakes
	m.AddIf(country != l.Country, "country %q is not %s, the only one of %s", country, l.Country, l.Name)
	m.AddIf(currency != l.Currency, "currency %q is not %s, the only one of %s", currency, l.Currency, l.Name)
	return m
}

// CheckSubmission returns an Unable error for a submission that the operator can never accept.
// It does not check the telephone number.
func (l SubmissionLimits) CheckSubmission(s Submission) error {
	limits := l.CashOut
	if s.Kind == pirogue.CashIn {
		limits = l.CashIn
	}
	switch {
	case s.Amount.Currency != l.Currency:
		return pirogue.Errorf(operator.Unable, "not sent: %s where %s moves %s", s.Amount, l.Name, l.Currency)
	case !limits.Allow(s.Amount.Minor):
		return pirogue.Errorf(operator.Unable, "not sent: %s is not within %d and %d (0: no limit)",
			s.Amount, limits.Min, limits.Max)
	case s.Network != "" && l.Network != "" && s.Network != l.Network:
		return pirogue.Errorf(operator.Unable, "not sent: network %q where the instance serves %q", s.Network, l.Network)
	default:
		return l.CheckReference(s.Ref)
	}
}

// CheckReference returns an Unable error for a reference that the operator can never accept.
func (l SubmissionLimits) CheckReference(ref pirogue.OperatorRef) error {
	if ref == "" || len(ref) > l.Reference {
		return pirogue.Errorf(operator.Unable, "not sent: a reference has 1 to %d characters", l.Reference)
	}
	return nil
}

// LocalNumber returns the submission's telephone number without its calling code. It returns an Unable
// error where CheckSubmission does, and for a number of another country.
func (l SubmissionLimits) LocalNumber(s Submission) (string, error) {
	if err := l.CheckSubmission(s); err != nil {
		return "", err
	}
	digits, ours := l.LocalOf(s.MSISDN)
	if !ours {
		return "", pirogue.Errorf(operator.Unable, "not sent: the number is not one of %s in %s", l.Name, l.Country)
	}
	return digits, nil
}

// LocalOf returns a telephone number without its calling code. It reports false for a
// number of another country.
func (l SubmissionLimits) LocalOf(number pirogue.MSISDN) (string, bool) {
	country, known := pirogue.CountryByCode(l.Country)
	digits, ours := strings.CutPrefix(string(number), "+"+country.DialCode)
	return digits, known && ours && l.isLocal(digits)
}

// isLocal reports whether a number without its calling code has the operator's prefix and
// number of digits.
func (l SubmissionLimits) isLocal(digits string) bool {
	long := digits != "" && (l.Digits == 0 || len(digits) == l.Digits)
	return long && strings.HasPrefix(digits, l.Prefix) && strings.Trim(digits, "0123456789") == ""
}
