package operator

import (
	"fmt"
	"time"
)

// Ability is one optional method set of an adapter, such as refunds or status calls.
type Ability struct {
	Name string // as tables print it
	Has  func(Operator) bool
}

// Abilities lists every ability, in the order in which tables print it.
var Abilities = []Ability{
	{"cash-in", hasAbility[Collector]},
	{"cash-out", hasAbility[Disburser]},
	{"refund", func(o Operator) bool { return hasAbility[Refunder](o) || hasAbility[Disburser](o) }},
	{"status", hasAbility[StatusReader]},
	{"balance", hasAbility[BalanceReader]},
	{"callback", hasAbility[CallbackReader]},
	{"bulk", hasAbility[BulkDisburser]},
	{"statement", hasAbility[StatementReader]},
	{"customers", hasAbility[CustomerDirectory]},
	{"resend", hasAbility[CallbackResender]},
}

// hasAbility reports whether an operator has the methods of an ability.
func hasAbility[T any](o Operator) bool {
	_, ok := o.(T)
	return ok
}

// Automation describes in words which steps Pirogue takes by itself with an operator. The
// operator's capability bounds them. Each field is a sentence for people.
type Automation struct {
	LostCashIn  string // after a cash-in's response was lost
	LostCashOut string // after a cash-out's response was lost
	Proves      string // proof that money that was to leave us did not
	Redrive     string // when support's redrive may make another attempt
	Settles     string // the source whose result finalizes a payment
	FirstPoll   string // when the operator is polled first about a payment that it has accepted
}

// firstPoll returns in words when an operator is polled first about a payment that it has accepted.
func (a AtOnce) firstPoll() string {
	const later = "5 s after its acceptance"
	switch {
	case a.CashIn && a.MoneyOut:
		return "at once"
	case a.CashIn:
		return "a cash-in at once, other payments " + later
	case a.OneStep && a.MoneyOut:
		return "money out and a one-step cash-in at once, another cash-in " + later
	case a.OneStep:
		return "a one-step cash-in at once, other payments " + later
	case a.MoneyOut:
		return "money out at once, a cash-in " + later
	default:
		return later
	}
}

// inWords returns a duration as tables show it, such as "5 min" or "48 h".
func inWords(d time.Duration) string {
	switch {
	case d >= 2*time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return d.String()
	}
}

// waitsOnly describes the steps after a lost response of an operator without a status call.
const waitsOnly = "nothing is sent again; it waits for a callback or a person"

// lostResponseTexts describes each rule for a lost response.
var lostResponseTexts = map[OnLostResponse]string{
	ResendNever:         "nothing is sent again; it is asked for by its reference",
	ResendSameReference: "the same reference is sent again, for a minute; then it is asked for",
	ResendNewReference:  "it is sent again under another reference; nobody can pay the lost one",
}
