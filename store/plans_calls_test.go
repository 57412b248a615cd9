package store_test

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/support"
)

// rare selects few of a merchant's old payments, by each of its fields.
var rare = listing.PaymentFilter{
	Status: pirogue.StatusFailed, Kind: pirogue.CashOut, Country: "CI", Operator: "novasend-ci",
}

// planLimit is the number of rows that a page of a list has.
const planLimit = 20

// everyCall returns the calls of merchants' requests and of payments' activities.
func (w *world) everyCall() []storeCall {
	w.t.Helper()
	calls := w.cashInCalls("planned")
	for _, more := range [][]storeCall{
		w.requestCalls(), w.listCalls(), w.exportCalls(), w.deliveryCalls(), w.sendingCalls(), w.callbackCalls(),
		w.caseCalls(), w.queueCalls(), w.bulkCalls(), w.operatorCalls(),
	} {
		calls = append(calls, more...)
	}
	return calls
}

// requestCalls accept a cash-out and a refund, and read a payment in every way.
func (w *world) requestCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	parent := w.fund(plenty / 1000)
	out, first := w.cashOut("out", 100, 1)
	back, second := w.refund(parent, "back", 50)
	accept := func(p pirogue.Payment, a pirogue.Attempt) func() error {
		return func() error { _, _, err := w.db.Payments.Accept(ctx, p, a, digest(a)); return err }
	}
	return []storeCall{
		{"accept cash-out", accept(out, first)},
		{"accept cash-out again", accept(out, first)},
		{"accept refund", accept(back, second)},
		{"accept refund again", accept(back, second)},
		{"end cash-out", func() error { _, err := w.end(out, pirogue.StatusFailed, pirogue.FailedNotPaid); return err }},
		{"send refund", func() error { _, err := w.markSent(second.ID, false, w.at(0)); return err }},
		{"end refund", func() error { _, err := w.success(back); return err }},
		{"refunds", func() error { _, err := w.db.Payments.Refunds(ctx, parent.ID); return err }},
		{"by reference", func() error {
			_, err := w.db.Payments.ByReference(ctx, w.owner, pirogue.CashOut, "out")
			return err
		}},
		{"timeline", func() error { _, err := w.db.Payments.Timeline(ctx, w.owner, parent.ID); return err }},
		{"next poll", func() error { _, err := w.db.Payments.NextPoll(ctx, parent.ID); return err }},
		{"balances", func() error { _, err := w.db.Reports.Balances(ctx, w.owner); return err }},
		{"key", func() error { _, _, err := w.db.Keys.Key(ctx, w.key, w.at(0)); return err }},
		{"merchant", func() error { _, err := w.db.Merchants.Merchant(ctx, w.owner.MerchantID); return err }},
		{"take", func() error { _, err := w.db.Keys.Take(ctx, w.owner, w.at(0)); return err }},
	}
}

// listCalls list payments with every combination of filters that few payments match, and with others.
func (w *world) listCalls() []storeCall {
	w.t.Helper()
	var calls []storeCall
	add := func(name string, f listing.PaymentFilter) {
		f.Limit = planLimit
		calls = append(calls, storeCall{"list " + name, func() error {
			page, err := w.db.Payments.List(w.ctx(), w.owner, f)
			if err != nil || len(page) == 0 {
				return err
			}
			f.Before = page[0].ID
			_, err = w.db.Payments.List(w.ctx(), w.owner, f)
			return err
		}})
	}
	for bits := range 16 {
		f, name := rareFilter(bits)
		add(name, f)
		f.CreatedFrom, f.CreatedTo = worldStart.AddDate(-1, 0, 0), worldStart.AddDate(1, 0, 0)
		add(name+" by dates", f)
	}
	for _, status := range pirogue.Statuses {
		add(string(status), listing.PaymentFilter{Status: status})
	}
	for _, country := range []pirogue.CountryCode{"ML", "SN"} {
		add(string(country), listing.PaymentFilter{Country: country})
	}
	add("by order", listing.PaymentFilter{OrderID: "old 7"})
	add("by order and status", listing.PaymentFilter{OrderID: "old 7", Status: pirogue.StatusExpired})
	return calls
}

// commonCalls list, for a merchant that has few such payments, what most payments of others are.
func (w *world) commonCalls() []storeCall {
	w.t.Helper()
	common := listing.PaymentFilter{
		Status: pirogue.StatusSuccess, Kind: pirogue.CashIn, Country: "ML", Operator: operatorCode, Limit: planLimit,
	}
	var calls []storeCall
	for _, f := range []listing.PaymentFilter{
		common,
		{Status: common.Status, Limit: planLimit},
		{Country: common.Country, Limit: planLimit},
		{Country: common.Country, Operator: operatorCode, Limit: planLimit},
	} {
		calls = append(calls, storeCall{fmt.Sprintf("list of another %+v", f), func() error {
			_, err := w.db.Payments.List(w.ctx(), w.owner, f)
			return err
		}}, storeCall{fmt.Sprintf("export of another %+v", f), func() error {
			return w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{
				Status: f.Status, Kind: f.Kind, Country: f.Country, Limit: planLimit,
			}, func(listing.ExportRow) error { return nil })
		}})
	}
	return append(calls, storeCall{"deliveries of another", func() error {
		f := listing.EventFilter{State: pirogue.EventDelivered, Limit: planLimit}
		_, err := w.db.Webhooks.Deliveries(w.ctx(), w.owner, f)
		return err
	}})
}

// rareFilter returns the fields of rare that bits select.
func rareFilter(bits int) (f listing.PaymentFilter, name string) {
	name = "payments"
	if bits&1 > 0 {
		f.Status, name = rare.Status, name+" of status"
	}
	if bits&2 > 0 {
		f.Kind, name = rare.Kind, name+" of kind"
	}
	if bits&4 > 0 {
		f.Country, name = rare.Country, name+" of country"
	}
	if bits&8 > 0 {
		f.Operator, name = rare.Operator, name+" of operator"
	}
	return f, name
}

// exportCalls export payments with every combination of filters.
func (w *world) exportCalls() []storeCall {
	w.t.Helper()
	var calls []storeCall
	for bits := range 8 {
		f, name := rareFilter(bits)
		for _, after := range []pirogue.PaymentID{"", w.fund(1).ID} {
			calls = append(calls, storeCall{"export " + name, func() error {
				return w.db.Reports.Export(w.ctx(), w.owner, listing.ExportFilter{
					Kind: f.Kind, Status: f.Status, Country: f.Country, From: worldStart.AddDate(-1, 0, 0), After: after,
					Limit: planLimit,
				}, func(listing.ExportRow) error { return nil })
			}})
		}
	}
	return calls
}

// deliveryCalls list events with every filter, and send one again.
func (w *world) deliveryCalls() []storeCall {
	w.t.Helper()
	p := w.fund(1)
	event := w.eventsOf(p)[0]
	var calls []storeCall
	for _, f := range []listing.EventFilter{
		{},
		{PaymentID: p.ID},
		{State: pirogue.EventWaiting},
		{State: pirogue.EventDelivered},
		{State: pirogue.EventExhausted},
		{State: pirogue.EventUnwanted},
		{From: worldStart},
		{To: worldStart},
		{From: worldStart.AddDate(-1, 0, 0), State: pirogue.EventExhausted},
		{Before: event.ID},
		{Before: event.ID, State: pirogue.EventExhausted},
	} {
		f.Limit = planLimit
		calls = append(calls, storeCall{fmt.Sprintf("deliveries %+v", f), func() error {
			_, err := w.db.Webhooks.Deliveries(w.ctx(), w.owner, f)
			return err
		}})
	}
	return append(calls, storeCall{"resend", func() error {
		_, err := w.db.Webhooks.Resend(w.ctx(), w.owner, event.ID)
		return err
	}})
}

// sendingCalls send a payment, again and through another operator.
func (w *world) sendingCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	p, a := w.accept("sent")
	next := a
	next.ID, next.Number, next.Ref = pirogue.AttemptID(ids.New()), 2, ids.Reference(p.Kind)
	late, lateAttempt := w.accept("postponed")
	return []storeCall{
		{"send", func() error { _, err := w.db.Attempts.Send(ctx, a.ID, anyAge, w.at(0)); return err }},
		{"send again", func() error { _, err := w.db.Attempts.Send(ctx, a.ID, anyAge, w.at(0)); return err }},
		{"result not sent", func() error {
			return w.recordResult(lifecycle.AttemptResult{AttemptID: a.ID, State: pirogue.AttemptPrepared, At: w.at(0)})
		}},
		{"result unknown", func() error {
			return w.recordResult(lifecycle.AttemptResult{
				AttemptID: a.ID, Sending: 2, State: pirogue.AttemptUnknown, At: w.at(0),
			})
		}},
		{"renew", func() error { _, err := w.db.Attempts.Renew(ctx, a.ID, next, digest(next)); return err }},
		{"postpone", func() error { _, err := w.db.Attempts.Postpone(ctx, lateAttempt.ID, "busy", w.at(0)); return err }},
		{"earlier attempts", func() error { _, err := w.db.Attempts.EarlierAttempts(ctx, p.ID); return err }},
		{"collected", func() error { _, err := w.db.Attempts.Collected(ctx, p.ID); return err }},
		{"nothing sent", func() error { _, err := w.db.Attempts.NothingSent(ctx, p.ID); return err }},
		{"claim resend", func() error { _, err := w.db.Attempts.ClaimCallbackResend(ctx, a.ID, w.at(0)); return err }},
		{"expire", func() error { _, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid); return err }},
		{"finalize unsent", func() error {
			_, err := w.db.Payments.Finalize(ctx, lifecycle.Finalization{
				PaymentID: late.ID, Status: pirogue.StatusExpired, Unsent: true, At: w.at(0),
			})
			return err
		}},
		{"finalize again", func() error { _, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid); return err }},
		{"finish", func() error { return w.db.Restarts.Finish(ctx, p.ID, w.at(0)) }},
		{"restart", func() error { _, err := w.db.Restarts.Restart(ctx, p.ID); return err }},
	}
}

// callbackCalls take an operator's callback.
func (w *world) callbackCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	_, a := w.sent("called back")
	c := operator.NewCallback(a, operator.OperatorResult{Outcome: pirogue.OutcomePaid}, []byte("paid"), w.at(0))
	return []storeCall{
		{"attempt by callback", func() error {
			_, err := w.db.Callbacks.AttemptByCallback(ctx, a.Operator, digest(a))
			return err
		}},
		{"attempt by ref", func() error { _, err := w.db.Callbacks.AttemptByRef(ctx, a.Operator, a.Ref); return err }},
		{"record callback", func() error { _, err := w.db.Callbacks.RecordCallback(ctx, c); return err }},
		{"callbacks", func() error { _, err := w.db.Callbacks.Callbacks(ctx, a.ID); return err }},
		{"routed at end", func() error { _, err := w.db.Callbacks.RoutedAtEnd(ctx, c, w.at(0)); return err }},
		{"unrouted", func() error {
			_, err := w.db.Callbacks.Unrouted(ctx, operator.Callback{}, w.at(time.Hour), planLimit)
			return err
		}},
		{"routed", func() error { return w.db.Callbacks.Routed(ctx, c.ID, w.at(0)) }},
	}
}

// caseCalls open a case about late money, settle it and read it.
func (w *world) caseCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	p, _ := w.sent("late " + ids.New())
	_, err := w.end(p, pirogue.StatusExpired, pirogue.FailedNotPaid)
	require.NoError(w.t, err)
	c := support.Case{
		ID: support.NewCaseID(p.ID, support.CauseLateSuccess), PaymentID: p.ID, Cause: support.CauseLateSuccess,
		Paid: 5000, OpenedAt: w.at(0),
	}
	entry := support.AuditEntry{
		ID: ids.New(), At: w.at(0), Actor: "awa", Role: support.RoleSupport, Action: support.ActionRecheck, PaymentID: p.ID,
		Reason: "asked",
	}
	return []storeCall{
		{"open case", func() error { _, err := w.db.Cases.OpenCase(ctx, c); return err }},
		{"reopen case", func() error { return w.db.Cases.ReopenCase(ctx, c) }},
		{"cases", func() error { _, err := w.db.Cases.Cases(ctx, p.ID); return err }},
		{"case", func() error { _, err := w.db.Cases.Case(ctx, c.ID); return err }},
		{"returns", func() error { _, err := w.db.Cases.Returns(ctx, c); return err }},
		{"place case", func() error { return w.db.Cases.PlaceCase(ctx, c.ID, w.at(0)) }},
		{"close case", func() error { return w.db.Cases.CloseCase(ctx, c.ID, w.at(0)) }},
		{"begin audit entry", func() error { return w.db.AuditLog.BeginAuditEntry(ctx, entry) }},
		{"audit entry", func() error { _, err := w.db.AuditLog.AuditEntry(ctx, entry.ID); return err }},
		{"end audit entry", func() error {
			return w.db.AuditLog.EndAuditEntry(ctx, entry.ID, support.ActionResult{Decision: support.DecisionSettled}, w.at(0))
		}},
	}
}

// queueCalls deliver events of a busy endpoint.
func (w *world) queueCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	first, second := w.eventsOf(w.fund(1))[0], w.eventsOf(w.fund(1))[0]
	return []storeCall{
		{"begin first delivery", func() error {
			_, _, err := w.db.Webhooks.BeginFirstDelivery(ctx, first.ID, w.at(0))
			return err
		}},
		{"begin scheduled delivery", func() error {
			_, _, err := w.db.Webhooks.BeginScheduledDelivery(ctx, first.ID, w.at(0))
			return err
		}},
		{"event", func() error { _, err := w.db.Webhooks.Event(ctx, first.ID); return err }},
		{"queue delivery", func() error {
			_, err := w.db.Webhooks.QueueDelivery(ctx, second.ID, w.at(0), time.Second)
			return err
		}},
		{"queue next delivery", func() error {
			_, err := w.db.Webhooks.QueueNextDelivery(ctx, second, w.at(0), time.Second)
			return err
		}},
		{"begin queued", func() error { _, _, err := w.db.Webhooks.BeginQueued(ctx, w.owner, w.at(0)); return err }},
		{"begin queued, none left", func() error {
			_, _, err := w.db.Webhooks.BeginQueued(ctx, w.owner, w.at(0))
			return err
		}},
		{"undelivered", func() error {
			_, err := w.db.Webhooks.Undelivered(ctx, w.at(time.Hour), planLimit)
			return err
		}},
		{"overdue", func() error {
			_, err := w.db.Webhooks.OverdueEvents(ctx, w.at(time.Hour), w.at(time.Hour), lifecycle.RowSpan{Limit: planLimit})
			return err
		}},
	}
}

// bulkCalls lead a bulk from its request to its end.
func (w *world) bulkCalls() []storeCall {
	w.t.Helper()
	ctx := w.ctx()
	w.fund(plenty / 1000)
	b, lines := w.bulk("planned bulk", 100, 200, 300)
	cancelled, _ := w.acceptBulk("cancelled bulk", 100)
	var sent []pirogue.AttemptID
	return []storeCall{
		{"accept bulk", func() error { _, _, err := w.db.Bulks.AcceptBulk(ctx, b, lines); return err }},
		{"accept bulk again", func() error { _, _, err := w.db.Bulks.AcceptBulk(ctx, b, lines); return err }},
		{"waiting line", func() error {
			_, err := w.db.Payments.Payment(ctx, w.owner, lines[2].Payment.ID)
			return err
		}},
		{"start lines", func() error {
			_, err := w.db.BulkLines.StartLines(ctx, b.ID, 1, 2, w.firstAttempt)
			return err
		}},
		{"bulk page", func() error { _, err := w.db.BulkLines.BulkPage(ctx, b.ID, 1); return err }},
		{"open lines", func() error { _, err := w.db.BulkLines.OpenLines(ctx, b.ID, 1); return err }},
		{"unsent lines", func() error {
			unsent, err := w.db.BulkLines.UnsentLines(ctx, b.ID, 1)
			for _, line := range unsent {
				sent = append(sent, line.Attempt.ID)
			}
			return err
		}},
		{"send lines", func() error { _, err := w.db.BulkLines.SendLines(ctx, sent[:1], w.at(0)); return err }},
		{"unstarted lines", func() error {
			_, err := w.db.BulkLines.UnstartedLines(ctx, b.ID, "", planLimit)
			return err
		}},
		{"line started", func() error { return w.db.BulkLines.LineStarted(ctx, lines[0].Payment.ID, w.at(0)) }},
		{"bulk", func() error { _, err := w.db.Bulks.Bulk(ctx, w.owner, b.ID); return err }},
		{"bulk lines", func() error {
			return w.db.Bulks.BulkLines(ctx, w.owner, b.ID, bulk.LineSpan{}, func(bulk.BulkLine) error { return nil })
		}},
		{"cancel bulk", func() error { _, err := w.db.Bulks.CancelBulk(ctx, w.owner, b.ID, w.at(0)); return err }},
		{"end unsent lines", func() error { _, err := w.db.Bulks.EndUnsentLines(ctx, b.ID, w.at(0), planLimit); return err }},
		{"end cancelled", func() error { _, err := w.db.Bulks.EndCancelled(ctx, sent[0], w.at(0)); return err }},
		{"close bulk", func() error { _, _, err := w.db.Bulks.CloseBulk(ctx, b.ID, w.at(0)); return err }},
		{"cancel waiting bulk", func() error {
			_, err := w.db.Bulks.CancelBulk(ctx, w.owner, cancelled.ID, w.at(0))
			return err
		}},
		{"close cancelled bulk", func() error { _, _, err := w.db.Bulks.CloseBulk(ctx, cancelled.ID, w.at(0)); return err }},
	}
}

// operatorCalls count an operator's work.
func (w *world) operatorCalls() []storeCall {
	ctx, since := w.ctx(), w.at(-72*time.Hour)
	return []storeCall{
		{"breaker", func() error { _, err := w.db.Operators.Breaker(ctx, operatorCode); return err }},
		{"breakers", func() error { _, err := w.db.Operators.Breakers(ctx); return err }},
		{"poll load", func() error { _, err := w.db.Operators.PollLoad(ctx, operatorCode, since, since); return err }},
		{"watch load", func() error { _, err := w.db.Operators.WatchLoad(ctx, operatorCode, since, w.at(0)); return err }},
		{"waiting", func() error { _, err := w.db.Operators.Waiting(ctx, operatorCode); return err }},
		{"in flight", func() error { _, err := w.db.Operators.InFlight(ctx, operatorCode); return err }},
		{"unstarted", func() error { _, err := w.db.Restarts.Unstarted(ctx, since, planLimit); return err }},
	}
}

// eventsOf returns the events of a payment.
func (w *world) eventsOf(p pirogue.Payment) []pirogue.Event {
	w.t.Helper()
	events, err := w.db.Webhooks.EventsOf(w.ctx(), p.ID)
	require.NoError(w.t, err)
	require.NotEmpty(w.t, events)
	return events
}
