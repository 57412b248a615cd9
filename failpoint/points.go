// Package failpoint names the moments at which the loss of a process hurts most. They lie
// between two writes that belong together, or between an action and its record.
//
// In the product a Hit does nothing and costs nothing. A binary built with the tag "chaos"
// can be armed with one name. It then dies there as by kill -9. A test sweeps all names:
// see docs/chaos.md.
package failpoint

// Point describes one moment at which a process can be made to die.
type Point struct {
	Name      string
	Part      Part       // the process that passes it
	Scenarios []Scenario // the kinds of payment that pass it
	State     string     // the state of the payment at that moment
}

// Part names a process of Pirogue.
type Part string

// The processes that can be armed.
const (
	API    Part = "api"
	Worker Part = "worker"
)

// Scenario names one kind of payment that the sweep makes.
type Scenario string

// The kinds of payment. Together they pass every failpoint.
const (
	CashIn       Scenario = "cash-in"       // paid by its customer
	Lost         Scenario = "lost cash-in"  // the operator's response is lost
	Late         Scenario = "late cash-in"  // paid after it expired, and refunded
	Left         Scenario = "left cash-in"  // accepted by an API that died, and started by the sweep
	CashOut      Scenario = "cash-out"      // paid out
	ResponseLost Scenario = "lost cash-out" // paid out, and the operator's response is lost
	Rejected     Scenario = "rejected cash-out"
	Refund       Scenario = "refund"          // all of a cash-in goes back
	Refused      Scenario = "refused webhook" // of a cash-in; its second delivery succeeds
	Bulk         Scenario = "bulk"            // many cash-outs of one request
	Stopped      Scenario = "stopped bulk"
	Orphan       Scenario = "left bulk" // accepted by an API that died, and started by the sweep
)

var (
	requested = []Scenario{CashIn, CashOut, Refund}
	moneyOut  = []Scenario{CashOut, Refund}
	submitted = []Scenario{CashIn, CashOut, ResponseLost, Refund}
	settled   = []Scenario{CashIn, CashOut, Rejected, Refund}
)

// Points lists every failpoint, in the order in which a payment passes them.
var Points = []Point{
	{"api.accept.checked", API, requested, "the request is valid, and nothing of it is written"},
	{"store.accept.payment", API, requested, "the payment is written and not committed, and has no attempt"},
	{"store.accept.attempt", API, requested, "payment and attempt are written and not committed, and nothing is held"},
	{"store.accept.held", API, moneyOut, "all of the payment is written, its hold too, and not committed"},
	{"api.accept.committed", API, requested, "the payment is committed, and no workflow was started"},
	{"api.accept.started", API, requested, "the operator's first response is known, and the merchant has none"},

	{"submit.ready", Worker, submitted, "the call is prepared, and its attempt is not marked as sent"},
	{"store.send.marked", Worker, submitted, "the attempt is marked as sent and the mark not committed"},
	{"submit.sent", Worker, submitted, "the attempt is marked as sent, and no byte has left"},
	{"submit.called", Worker, submitted, "the operator has executed and answered, and no row says so"},
	{"store.result.accepted", Worker, requested, "the payment is accepted, its attempt is not, and nothing is committed"},
	{"store.result.attempt", Worker, []Scenario{Lost}, "the result is on the attempt, and not committed"},
	{"submit.recorded", Worker, submitted, "the answer is noted, and the workflow does not know"},
	{"store.renew.written", Worker, []Scenario{Lost}, "another attempt is written and not committed"},

	{"api.callback.recorded", API, []Scenario{CashIn}, "the operator's callback is kept, and the workflow does not know"},
	{"poll.responded", Worker, submitted, "the operator said how the payment stands, and no row says so"},
	{"poll.recorded", Worker, submitted, "its word is noted, and the workflow does not know"},

	{"store.finalize.status", Worker, settled, "the payment is terminal and not committed, without event or money"},
	{"store.finalize.announced", Worker, settled, "the event is written as well, and the money has not moved"},
	{"store.finalize.parent", Worker, []Scenario{Refund}, "the cash-in of a refund is up to date, and not committed"},
	{"store.finalize.booked", Worker, settled, "status, event and books are written, and not committed"},
	{"finalize.committed", Worker, settled, "the payment is terminal and booked, and no webhook is started"},
	{"finalize.announced", Worker, settled, "its events are left to the workflow, which does not know"},

	{"deliver.begun", Worker, requested, "the delivery has its row, and nothing is sent"},
	{"deliver.signed", Worker, requested, "the webhook's signature is used, and no byte has left"},
	{"deliver.posted", Worker, requested, "the merchant has answered, and no row says so"},
	{"deliver.ended", Worker, requested, "the merchant's answer is noted, and the workflow does not know"},
	{"deliver.left", Worker, []Scenario{Refused}, "the event has a workflow, and the payment's workflow does not know"},

	{"case.opened", Worker, []Scenario{Late}, "late money is in suspense, its case is open, the workflow does not know"},
	{"return.accepted", Worker, []Scenario{Late}, "the refund of late money is a fact, and no workflow was started"},
	{"return.launched", Worker, []Scenario{Late}, "the refund of late money is under way, its workflow does not know"},
	{"finalize.closed", Worker, []Scenario{Late}, "late money is back and its case closed, and no webhook is started"},

	{"store.bulk.written", API, []Scenario{Bulk}, "a bulk is written and not committed, and has no line"},
	{"store.bulk.claimed", API, []Scenario{Bulk}, "its lines are written, their numbers taken, nothing set aside"},
	{"store.bulk.held", API, []Scenario{Bulk}, "all of the bulk is written, its money set aside, and not committed"},
	{"api.bulk.checked", API, []Scenario{Bulk}, "every line is valid, and nothing is written"},
	{"api.bulk.committed", API, []Scenario{Bulk}, "the bulk is committed, and no workflow was started"},
	{"api.bulk.started", API, []Scenario{Bulk}, "its workflow is started, and the merchant has no response"},
	{"store.bulk.lines", Worker, []Scenario{Bulk}, "lines have begun and are no payments yet, and nothing is committed"},
	{"store.bulk.payments", Worker, []Scenario{Bulk}, "they are payments with their attempts, and hold no money"},
	{"store.bulk.booked", Worker, []Scenario{Bulk}, "they hold their money as well, and are not committed"},
	{"bulk.page.begun", Worker, []Scenario{Bulk}, "the lines of a page are payments, and without workflows"},
	{"store.bulk.sent", Worker, []Scenario{Bulk}, "attempts are marked as sent, payments are not, nothing is committed"},
	{"bulk.page.marked", Worker, []Scenario{Bulk}, "all attempts of a page are marked as sent, and no byte has left"},
	{"bulk.page.called", Worker, []Scenario{Bulk}, "the operator has executed and answered a page, and no row says so"},
	{"bulk.line.recorded", Worker, []Scenario{Bulk}, "its response is recorded for the first payment alone"},
	{"bulk.line.launched", Worker, []Scenario{Bulk}, "the first of them has its workflow, and the others have not"},
	{"bulk.page.launched", Worker, []Scenario{Bulk}, "all of them have, and the coordinator does not know"},
	{"store.bulk.cancelling", API, []Scenario{Stopped}, "a bulk is cancelled, its lines are not, nothing is committed"},
	{"store.bulk.returned", API, []Scenario{Stopped}, "its lines are cancelled and their money is back, uncommitted"},
	{"store.bulk.closed", Worker, []Scenario{Bulk}, "a bulk is over, no event is written, and nothing is committed"},
	{"store.bulk.announced", Worker, []Scenario{Bulk}, "its event is written as well, and not committed"},

	{"bulk.closed", Worker, []Scenario{Bulk}, "a bulk is over, and no webhook is started"},
	{"bulk.announced", Worker, []Scenario{Bulk}, "the delivery is started, and the coordinator does not know"},
	{"sweep.bulk.launched", Worker, []Scenario{Orphan}, "an abandoned bulk is started, and the sweep is not over"},

	{"sweep.launched", Worker, []Scenario{Left}, "an abandoned payment is started, and the sweep is not over"},
	{"restart.seen", Worker, []Scenario{Left}, "lost workflows are started again, and the sweep is not over"},
}
