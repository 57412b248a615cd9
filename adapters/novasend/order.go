package novasend

import (
	"cmp"
	"context"
	"strings"

	"pirogue"
)

// maxReference is how long a reference may be, in characters, by Novasend's SDK.
const maxReference = 128

// nameless stands for a customer whose name nobody gave us: some of Novasend's pages
// want one.
const nameless = "Client"

// nameOf returns what Novasend is told to call a customer.
func nameOf(customer string) string { return cmp.Or(customer, nameless) }

// acceptable fails with Unable for an order that Novasend could never accept.
// Nothing is sent then.
func (o *operator) acceptable(ref pirogue.OperatorRef, amount pirogue.Money, kind pirogue.Kind) error {
	limits := limitsOf(o.conf.Country)[kind]
	switch {
	case amount.Currency != o.conf.Currency:
		return pirogue.Errorf(pirogue.Unable, "not sent: %s where Novasend moves %s", amount, o.conf.Currency)
	case !limits.Allow(amount.Minor):
		return pirogue.Errorf(pirogue.Unable, "not sent: %s is not between %d and %d", amount, limits.Min, limits.Max)
	}
	return referable(ref)
}

// referable fails with Unable for a reference that Novasend could never accept.
func referable(ref pirogue.OperatorRef) error {
	if ref == "" || len(ref) > maxReference {
		return pirogue.Errorf(pirogue.Unable, "not sent: reference must have 1 to %d characters", maxReference)
	}
	return nil
}

// reachable fails with Unable for a wallet that the instance does not serve: one of
// another country, or of another network than its only one.
func (o *operator) reachable(number pirogue.MSISDN, network pirogue.Network) error {
	country, _ := pirogue.CountryByCode(o.conf.Country)
	digits, ours := strings.CutPrefix(string(number), "+"+country.DialCode)
	switch {
	case !ours || digits == "" || strings.Trim(digits, "0123456789") != "":
		return pirogue.Errorf(pirogue.Unable, "not sent: the number is not one of %s", country.Code)
	case network != "" && o.conf.Network != "" && network != o.conf.Network:
		return pirogue.Errorf(pirogue.Unable, "not sent: network %q where this account serves %s",
			network, o.conf.Network)
	}
	return nil
}

// submit makes a call that may move money and reads what it says about an order. An
// answer that is Unknown may name the order all the same.
func (o *operator) submit(ctx context.Context, w write, want order) (record, pirogue.Receipt, error) {
	answer, err := o.post(ctx, w)
	if err == nil {
		return o.understood(answer.Body, want)
	}
	if pirogue.CodeOf(err) != pirogue.Unknown {
		return record{}, pirogue.Receipt{}, err
	}
	got, unread := decode(answer.Body)
	if unread != nil || !got.about(want) {
		return record{}, pirogue.Receipt{}, err
	}
	return record{}, named(got), err
}
