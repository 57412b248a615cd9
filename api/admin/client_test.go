package admin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/api/admin"
	"pirogue/api/httpkit"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// client returns the client of one person, for a server that listens on a local port.
func (w *world) client(t *testing.T, who string) *admin.Client {
	t.Helper()
	server := httptest.NewServer(w.server.HTTPServer("").Handler)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return &admin.Client{URL: server.URL, Token: who}
}

func TestSupportClient(t *testing.T) {
	t.Parallel()

	t.Run("find_and_show", testClientFindAndShow)
	t.Run("allowed_actions", testClientAllowedActions)
	t.Run("sealed_fields_missing", testClientSealedFieldsMissing)
	t.Run("read_without_worker", testClientReadWithoutWorker)
	t.Run("worklists", testClientWorklists)
	t.Run("audit_newest_first", testClientAuditNewestFirst)
	t.Run("refusal_with_entry", testClientRefusalWithEntry)
	t.Run("settlements", testClientSettlements)
	t.Run("fees_and_late_policy", testClientFeesAndLatePolicy)
	t.Run("remove_fee", testClientRemoveFee)
	t.Run("set_notify_url", testClientSetNotifyURL)
	t.Run("suspend_and_cancel_bulk", testClientSuspendAndCancelBulk)
	t.Run("errors", testClientErrors)
}

// Support finds a payment by any of its identifiers, and never sees the full number.
func testClientFindAndShow(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, reader)
	for _, term := range []string{string(w.payment.ID), "order_001", " +22376123456 "} {
		found, err := c.Find(t.Context(), term, 20)
		require.NoError(t, err)
		require.Len(t, found, 1, term)
		require.Equal(t, "+223*****56", found[0].MSISDN)
	}
	none, err := c.Find(t.Context(), "order_002", 20)
	require.NoError(t, err)
	require.Empty(t, none)

	p, err := c.Payment(t.Context(), w.payment.ID)
	require.NoError(t, err)
	require.Equal(t, "customer", p.Waiting.For)
	require.Equal(t, "cashout-"+string(w.payment.ID), p.WorkflowID)
	require.Equal(t, actions("recheck", "redrive", "resolve"), p.Allowed)

	moments, err := c.Timeline(t.Context(), w.payment.ID)
	require.NoError(t, err)
	require.Equal(t, "Payment accepted by Pirogue.", moments[0].Message)
}

// Support is offered only the actions that can help, by kind, status and open cases.
func testClientAllowedActions(t *testing.T) {
	t.Parallel()

	opened := support.Case{ID: "c", Cause: support.CauseLateSuccess, Note: "late", Paid: 5000, OpenedAt: time.Now()}
	closed := opened
	closed.ClosedAt = time.Now()
	tests := map[string]struct {
		kind    pirogue.PaymentKind
		status  pirogue.Status
		events  int
		cases   []support.Case
		allowed []support.SupportActionKind
	}{
		"a cash-in under way": {pirogue.CashIn, pirogue.StatusPending, 0, nil, []support.SupportActionKind{"recheck"}},
		"a cash-out under way": {
			pirogue.CashOut, pirogue.StatusPending, 0, nil, []support.SupportActionKind{"recheck", "redrive", "resolve"},
		},
		"a payment nobody took up":      {pirogue.CashIn, pirogue.StatusCreated, 0, nil, []support.SupportActionKind{}},
		"a payment that expired":        {pirogue.CashIn, pirogue.StatusExpired, 1, nil, actions("recheck", "resend")},
		"a payment that was paid":       {pirogue.CashIn, pirogue.StatusSuccess, 1, nil, actions("recheck", "resend")},
		"a payment that was given back": {pirogue.CashIn, pirogue.StatusReversed, 2, nil, actions("resend")},
		"late money": {
			pirogue.CashIn, pirogue.StatusExpired, 1, []support.Case{opened}, []support.SupportActionKind{"resolve", "resend"},
		},
		"late money that is not booked": {
			pirogue.CashIn, pirogue.StatusExpired, 1,
			[]support.Case{opened, {ID: "d", Cause: support.CauseNotBooked, OpenedAt: time.Now()}},
			actions("resend"),
		},
		"late money that found a home": {
			pirogue.CashIn, pirogue.StatusExpired, 1, []support.Case{closed}, actions("recheck", "resend"),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.change(func(p *pirogue.Payment) { p.Kind, p.Status, p.Sequence = tt.kind, tt.status, tt.events })
			for _, c := range tt.cases {
				c.PaymentID = w.payment.ID
				w.store.cases = append(w.store.cases, c)
			}
			p, err := w.client(t, reader).Payment(t.Context(), w.payment.ID)
			require.NoError(t, err)
			require.Equal(t, tt.allowed, p.Allowed)
			require.Len(t, p.Cases, len(tt.cases))
		})
	}
}

// A missing encryption key hides the sealed fields only: support must still see and act on the
// payment.
func testClientSealedFieldsMissing(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.unreadable = "cannot be read: no key"
	w.change(func(p *pirogue.Payment) { p.MSISDN = "" })
	p, err := w.client(t, reader).Payment(t.Context(), w.payment.ID)
	require.NoError(t, err)
	require.Equal(t, "cannot be read: no key", p.Unreadable)
	require.Equal(t, "order_001", p.OrderID)
	require.Equal(t, http.StatusOK, w.requestAction(support.ActionRecheck, because).status(), "its workflow can be asked")
}

// Support must read payments while the workers are down.
func testClientReadWithoutWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.workflows.waiting = func(ctx context.Context) (lifecycle.WaitState, error) {
			<-ctx.Done()
			return lifecycle.WaitState{For: "too late"}, ctx.Err()
		}
		began := time.Now()
		got := w.do(request(reader, http.MethodGet, "/payments/"+string(w.payment.ID), ""))
		require.Equal(t, 300*time.Millisecond, time.Since(began))
		require.Equal(t, http.StatusOK, got.status())
		require.NotContains(t, got.Body.String(), "too late")
	})
}

// Each row has its cause and its allowed actions, and closed cases are left out.
func testClientWorklists(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.cases = []support.Case{
		{ID: "c1", PaymentID: w.payment.ID, Cause: support.CauseUnknown, Note: "no word", OpenedAt: time.Now()},
		{ID: "c2", PaymentID: w.payment.ID, Cause: support.CauseMismatch, OpenedAt: time.Now(), ClosedAt: time.Now()},
	}
	c := w.client(t, reader)
	page, err := c.Cases(t.Context(), support.WorkFilter{Limit: 50})
	require.NoError(t, err)
	cases := page.Rows
	require.Len(t, cases, 1)
	require.Empty(t, page.Next)
	require.Equal(t, support.CauseUnknown, cases[0].Cause)
	require.Equal(t, w.payment.ID, cases[0].Payment.ID)
	require.Equal(t, []support.SupportActionKind{support.ActionResolve}, cases[0].Allowed)

	f := support.WorkFilter{
		Cause: "OPERATOR_SLOW", Operator: "orange", Merchant: merchantID, Country: "ML", Kind: pirogue.CashIn,
		Before: time.Date(2026, 4, 29, 14, 0, 0, 0, time.UTC), After: "here", Limit: 50,
	}
	list, err := c.Stuck(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, f, w.store.asked)
	require.Equal(t, "more", list.Next)
	require.Equal(t, []admin.Tally{{Cause: "OPERATOR_SLOW", Currency: "XOF", Payments: 7, Amount: 35}}, list.Tallies)
	stuck := list.Rows
	require.Len(t, stuck, 1)
	require.Equal(t, support.StuckUndecided, stuck[0].Cause)
	require.Equal(t, "PENDING", stuck[0].Message)
}

// The latest actions matter most.
func testClientAuditNewestFirst(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, finance)
	first, err := c.Recheck(t.Context(), w.payment.ID, "it waits")
	require.NoError(t, err)
	_, err = c.Merchants().SetLatePolicy(t.Context(), merchantID, pirogue.LateAccept, "contract of May")
	require.NoError(t, err)

	all, err := c.AuditEntries(t.Context(), "", 50)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "merchant "+string(merchantID)+`: "accept"`, all[0].Subject)
	ofPayment, err := c.AuditEntries(t.Context(), w.payment.ID, 50)
	require.NoError(t, err)
	require.Equal(t, []string{first.ID}, []string{ofPayment[0].ID})
	require.Equal(t, "PENDING", ofPayment[0].Result.Evidence)
}

// Support must learn from the response why an action would not be safe.
func testClientRefusalWithEntry(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.workflows.act = says(
		support.ActionResult{Decision: support.DecisionRefused, Reason: "the operator may still execute it"},
	)
	entry, err := w.client(t, supportToken).Redrive(t.Context(), w.payment.ID, "it waits")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err))
	require.ErrorContains(t, err, "the operator may still execute it")
	require.Equal(t, support.DecisionRefused, entry.Result.Decision)
	require.Equal(t, w.store.log()[0].ID, entry.ID)
}

// A repeated settlement books once, an ID belongs to one settlement, and no settlement exceeds the balance.
// Each attempt has an audit entry.
func testClientSettlements(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	w.store.balance = 7000
	c := w.client(t, finance)
	settlement := admin.Settlement{
		ID: "VIR-1", Mode: pirogue.Test, Country: "ML", Amount: 5000, Currency: pirogue.XOF, Note: "May",
	}
	for range 2 {
		entry, err := c.Merchants().Settle(t.Context(), merchantID, settlement, "monthly")
		require.NoError(t, err)
		require.Equal(t, support.DecisionSettled, entry.Result.Decision)
	}
	other := settlement
	other.Amount = 1
	_, err := c.Merchants().Settle(t.Context(), merchantID, other, "monthly")
	require.Equal(t, pirogue.IdempotencyMismatch, pirogue.CodeOf(err))
	settlement.ID = "VIR-2"
	entry, err := c.Merchants().Settle(t.Context(), merchantID, settlement, "monthly")
	require.Equal(t, pirogue.InsufficientBalance, pirogue.CodeOf(err))
	require.Equal(t, support.DecisionRefused, entry.Result.Decision)

	booked, err := c.Merchants().Settlements(t.Context(), access.Owner{MerchantID: merchantID, Mode: pirogue.Test})
	require.NoError(t, err)
	require.Len(t, booked, 1)
	require.WithinDuration(t, time.Now(), booked[0].PaidAt, time.Minute)
	require.Len(t, w.store.log(), 4)
}

// The rule comes back exactly as it was set.
func testClientFeesAndLatePolicy(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	c := w.client(t, finance)
	fee := admin.Fee{
		Kind: pirogue.CashIn, Country: "ML", Network: pirogue.Orange, Fixed: 25, BasisPoints: 150, Min: 50, Max: 2000,
		Payer: pirogue.PaidByMerchant, Returned: true,
	}
	_, err := c.Merchants().SetFee(t.Context(), merchantID, fee, "contract of May")
	require.NoError(t, err)
	fees, err := c.Merchants().Fees(t.Context(), merchantID)
	require.NoError(t, err)
	require.Equal(t, []admin.Fee{fee}, fees)

	_, err = c.Merchants().SetLatePolicy(t.Context(), merchantID, pirogue.LateAccept, "contract of May")
	require.NoError(t, err)
	require.Equal(t, pirogue.LateAccept, w.store.policies[merchantID])
}

// Removing names exactly one rule, and the audit log shows which.
func testClientRemoveFee(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	m := w.client(t, finance).Merchants()
	every := admin.Fee{Kind: pirogue.CashIn, BasisPoints: 100, Payer: pirogue.PaidByMerchant}
	mali := every
	mali.Country, mali.Network = "ML", pirogue.Orange
	for _, fee := range []admin.Fee{every, mali} {
		_, err := m.SetFee(t.Context(), merchantID, fee, "contract of May")
		require.NoError(t, err)
	}
	key := admin.FeeKey{Kind: pirogue.CashIn, Country: "ML", Network: pirogue.Orange}
	entry, err := m.RemoveFee(t.Context(), merchantID, key, "contract of June")
	require.NoError(t, err)
	require.Equal(t, support.DecisionSettled, entry.Result.Decision)
	named := `{"type":"CASHIN","country_code":"ML","network":"orange"}`
	require.Equal(t, "merchant "+string(merchantID)+": "+named, entry.Subject)
	fees, err := m.Fees(t.Context(), merchantID)
	require.NoError(t, err)
	require.Equal(t, []admin.Fee{every}, fees)

	entry, err = m.RemoveFee(t.Context(), merchantID, key, "contract of June")
	require.Equal(t, pirogue.NotFound, pirogue.CodeOf(err))
	require.Equal(t, support.DecisionRefused, entry.Result.Decision)

	w.store.change(func() { w.store.lost = 1 })
	_, err = m.RemoveFee(t.Context(), merchantID, admin.FeeKey{Kind: pirogue.CashIn}, "contract of June")
	require.NoError(t, err, "the rule is gone, though the first response was lost")
	fees, err = m.Fees(t.Context(), merchantID)
	require.NoError(t, err)
	require.Empty(t, fees)
}

// An empty address clears it. A wrong one leaves the address and the audit log as they are.
func testClientSetNotifyURL(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	m := w.client(t, finance).Merchants()
	entry, err := m.SetNotifyURL(t.Context(), merchantID, "https://shop.example/hook", "they moved")
	require.NoError(t, err)
	require.Equal(t, "merchant "+string(merchantID)+`: "https://shop.example/hook"`, entry.Subject)
	require.Equal(t, "https://shop.example/hook", w.store.notifyURLs[merchantID])

	for _, wrong := range []string{"http://shop.example/hook", "https://127.0.0.1/", "https://pay.example/", "shop"} {
		_, err = m.SetNotifyURL(t.Context(), merchantID, wrong, "they moved")
		require.Equal(t, pirogue.InvalidURL, pirogue.CodeOf(err), wrong)
	}
	require.Equal(t, "https://shop.example/hook", w.store.notifyURLs[merchantID])
	require.Len(t, w.store.log(), 1)

	_, err = m.SetNotifyURL(t.Context(), merchantID, "", "they closed it")
	require.NoError(t, err)
	require.Empty(t, w.store.notifyURLs[merchantID])
}

// Support stops a merchant's money at once; only finance lets it flow again.
func testClientSuspendAndCancelBulk(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	entry, err := w.client(t, supportToken).Merchants().Suspend(t.Context(), merchantID, "fraud")
	require.NoError(t, err)
	require.Equal(t, "merchant "+string(merchantID), entry.Subject)
	require.True(t, w.store.suspended[merchantID])

	got, err := w.client(t, reader).Bulk(t.Context(), bulkID)
	require.NoError(t, err)
	require.Equal(t, map[bulk.LineStatus]int{"PENDING": 1, "WAITING": 2}, got.Counts)
	entry, err = w.client(t, supportToken).CancelBulk(t.Context(), bulkID, "fraud")
	require.NoError(t, err)
	require.Equal(t, "bulk "+string(bulkID), entry.Subject)
	require.Equal(t, "No other line begins. 1 of 3 lines are open; what was perhaps sent goes on.", entry.Result.Reason)
	require.Equal(t, bulk.BulkCancelling, w.store.bulk.State)

	w.store.change(func() { w.store.bulk.State = bulk.BulkCancelled })
	entry, err = w.client(t, supportToken).CancelBulk(t.Context(), bulkID, "fraud")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err))
	require.Equal(t, "The bulk is over: CANCELLED.", entry.Result.Reason)

	_, err = w.client(t, finance).Merchants().Resume(t.Context(), merchantID, "cleared")
	require.NoError(t, err)
	require.Empty(t, w.store.suspended)
	require.Len(t, w.store.log(), 4)
}

// The client's error names the fields at fault, and an unreachable server is ServiceUnavailable.
func testClientErrors(t *testing.T) {
	t.Parallel()

	w := newWorld(t)
	_, err := w.client(t, "thief").Stuck(t.Context(), support.WorkFilter{Limit: 50})
	require.Equal(t, httpkit.TokenInvalid, pirogue.CodeOf(err))
	_, err = w.client(t, finance).Resolve(t.Context(), w.payment.ID, admin.Resolution{As: "maybe"}, "x")
	require.ErrorContains(t, err, "resolution: INVALID_PARAMETER")
	require.ErrorContains(t, err, "evidence: MISSING_FIELD")

	page := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(page.Close)
	for _, url := range []string{page.URL, "http://127.0.0.1:1"} {
		_, err = (&admin.Client{URL: url}).Stuck(t.Context(), support.WorkFilter{Limit: 50})
		require.Equal(t, pirogue.ServiceUnavailable, pirogue.CodeOf(err), url)
	}
	violations, err := w.client(t, supportToken).Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, violations)
}

// actions returns a list of actions.
func actions(kinds ...support.SupportActionKind) []support.SupportActionKind { return kinds }
