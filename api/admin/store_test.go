package admin_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/api/admin"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// holder is the owner of a token.
type holder struct {
	name string
	role support.Role
}

// fakeStore is a database in memory that keeps the promises of admin.Store.
type fakeStore struct {
	over        []support.CaseID // cases that were closed
	mu          sync.Mutex
	tokens      map[string]holder
	payments    map[pirogue.PaymentID]pirogue.Payment
	cases       []support.Case
	asked       support.WorkFilter // of the last list
	entries     map[string]support.AuditEntry
	events      map[pirogue.EventID]pirogue.Event
	settlements map[string]support.Settlement
	fees        map[pirogue.MerchantID]pirogue.FeeSchedule
	policies    map[pirogue.MerchantID]pirogue.LatePolicy
	notifyURLs  map[pirogue.MerchantID]string
	balance     int64 // limit of a settlement
	violations  []admin.Violation
	healths     map[pirogue.OperatorCode]operator.CircuitBreaker
	bulk        bulk.BulkProgress
	nextPoll    time.Time // of every payment
	suspended   map[pirogue.MerchantID]bool
	unreadable  string                    // the reason why a part of every payment cannot be read
	askFirst    *lifecycle.AskFirstReport // nil: the mode is off
	looked      map[pirogue.OperatorCode]string

	away     error         // error of every call
	full     error         // error of BeginAuditEntry
	cutOff   error         // error of EndAuditEntry
	lost     int           // settlements and removed fees whose answer is lost
	auditing chan struct{} // unless nil, Audit waits until it is closed
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		tokens: map[string]holder{}, payments: map[pirogue.PaymentID]pirogue.Payment{},
		entries: map[string]support.AuditEntry{},
		events:  map[pirogue.EventID]pirogue.Event{}, settlements: map[string]support.Settlement{},
		fees:     map[pirogue.MerchantID]pirogue.FeeSchedule{merchantID: nil},
		healths:  map[pirogue.OperatorCode]operator.CircuitBreaker{},
		policies: map[pirogue.MerchantID]pirogue.LatePolicy{merchantID: pirogue.LateReturn},
		bulk: bulk.BulkProgress{
			Bulk: bulk.Bulk{
				ID: bulkID, MerchantID: merchantID, Mode: pirogue.Live, State: bulk.BulkRunning, Lines: 3,
				Amount: pirogue.Money{Minor: 3000, Currency: pirogue.XOF},
			},
			Tallies: map[bulk.LineStatus]bulk.BulkTally{
				"PENDING": {Lines: 1, Amount: 1000}, bulk.LineWaiting: {Lines: 2, Amount: 2000},
			},
		},
		notifyURLs: map[pirogue.MerchantID]string{}, suspended: map[pirogue.MerchantID]bool{},
		looked: map[pirogue.OperatorCode]string{},
	}
}

// parts returns the database as the admin API takes it.
func (s *fakeStore) parts() admin.Store {
	return admin.Store{
		Tokens: s, Payments: s, Restarts: s, Cases: s, Stuck: s, Books: s, Audit: s, Merchants: s, Fees: fakeFees{s},
		Settlements: fakeSettlements{s}, Operators: s, AskFirst: fakeAskFirst{s}, Bulks: fakeBulks{s}, Events: s,
	}
}

// The parts of a fakeStore.
type (
	fakeSettlements struct{ *fakeStore }
	fakeFees        struct{ *fakeStore }
	fakeBulks       struct{ *fakeStore }
	fakeAskFirst    struct{ *fakeStore }
)

// open locks the store, or returns the error of a database that does not respond.
func (s *fakeStore) open() (unlock func(), err error) {
	s.mu.Lock()
	return s.mu.Unlock, s.away
}

// change changes the store from a test.
func (s *fakeStore) change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}

// log returns the audit log, oldest first.
func (s *fakeStore) log() []support.AuditEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.entries), func(a, b support.AuditEntry) int { return cmp.Compare(a.ID, b.ID) })
}

// Token implements admin.Tokens: the secret is the person's name.
func (s *fakeStore) Token(_ context.Context, secret string) (string, support.Role, error) {
	unlock, err := s.open()
	defer unlock()
	if err != nil {
		return "", "", err
	}
	who, ok := s.tokens[secret]
	if !ok {
		return "", "", pirogue.Errorf(pirogue.NotFound, "no such token")
	}
	return who.name, who.role, nil
}

// NextPoll implements admin.Reading: all payments share one time.
func (s *fakeStore) NextPoll(context.Context, pirogue.PaymentID) (time.Time, error) {
	unlock, err := s.open()
	defer unlock()
	return s.nextPoll, err
}

// Find implements admin.Payments, for four of its terms.
func (s *fakeStore) Find(_ context.Context, term string, limit int) ([]pirogue.Payment, error) {
	unlock, err := s.open()
	defer unlock()
	var found []pirogue.Payment
	for _, p := range s.payments {
		if slices.Contains([]string{string(p.ID), p.OrderID, p.ProviderTxID, string(p.MSISDN)}, term) {
			found = append(found, p)
		}
	}
	return found[:min(limit, len(found))], err
}

// AnyPayment implements admin.Payments.
func (s *fakeStore) AnyPayment(_ context.Context, id pirogue.PaymentID) (support.PaymentView, error) {
	unlock, err := s.open()
	defer unlock()
	p, ok := s.payments[id]
	if !ok && err == nil {
		err = pirogue.Errorf(pirogue.TransactionNotFound, "no payment %s", id)
	}
	return support.PaymentView{Payment: p, Unreadable: s.unreadable}, err
}

// Restart implements admin.Restarts: two cases are over once a workflow runs again.
func (s *fakeStore) Restart(ctx context.Context, id pirogue.PaymentID) (lifecycle.Restart, error) {
	p, err := s.AnyPayment(ctx, id)
	r := lifecycle.Restart{Payment: p.Payment, Over: []support.CaseID{"lost", "not booked"}}
	if p.Unreadable != "" {
		r.Err = errors.New(p.Unreadable)
	}
	return r, err
}

// Reopen implements admin.Restarts.
func (s *fakeStore) Reopen(context.Context, pirogue.PaymentID, time.Time) error {
	unlock, err := s.open()
	defer unlock()
	return err
}

// CloseCase implements admin.Restarts.
func (s *fakeStore) CloseCase(_ context.Context, id support.CaseID, _ time.Time) error {
	unlock, err := s.open()
	defer unlock()
	s.over = append(s.over, id)
	return err
}

// AnyTimeline implements admin.Payments.
func (s *fakeStore) AnyTimeline(ctx context.Context, id pirogue.PaymentID) ([]support.TimelineEntry, error) {
	p, err := s.AnyPayment(ctx, id)
	return []support.TimelineEntry{{At: p.CreatedAt, Type: support.PaymentAccepted, Source: support.SourceAPI}}, err
}

// Cases implements admin.Payments.
func (s *fakeStore) Cases(_ context.Context, id pirogue.PaymentID) ([]support.Case, error) {
	unlock, err := s.open()
	defer unlock()
	return slices.DeleteFunc(slices.Clone(s.cases), func(c support.Case) bool { return c.PaymentID != id }), err
}

// OpenCases implements admin.Lists.
func (s *fakeStore) OpenCases(
	_ context.Context, f support.WorkFilter,
) (support.WorkPage[support.CaseView], error) {
	unlock, err := s.open()
	defer unlock()
	var open []support.CaseView
	for _, c := range s.cases {
		if c.ClosedAt.IsZero() && len(open) < f.Limit && (f.Cause == "" || f.Cause == string(c.Cause)) {
			open = append(open, support.CaseView{
				Case: c, Payment: s.payments[c.PaymentID], Allowed: []support.SupportActionKind{support.ActionResolve},
			})
		}
	}
	s.asked = f
	return support.WorkPage[support.CaseView]{Rows: open}, err
}

// Stuck treats every payment that is not terminal as stuck.
func (s *fakeStore) Stuck(
	_ context.Context, now time.Time, f support.WorkFilter,
) (support.WorkPage[support.Stuck], error) {
	unlock, err := s.open()
	defer unlock()
	var stuck []support.Stuck
	for _, p := range s.payments {
		if !p.Status.Terminal() && p.CreatedAt.Before(now) && len(stuck) < f.Limit {
			stuck = append(stuck, support.Stuck{
				Payment: p, Cause: support.StuckUndecided, Since: p.CreatedAt, OperatorMessage: "PENDING",
				Allowed: []support.SupportActionKind{support.ActionRecheck},
			})
		}
	}
	s.asked = f
	return support.WorkPage[support.Stuck]{
		Rows: stuck, Next: "more",
		Tallies: []support.WorkTally{{Cause: "OPERATOR_SLOW", Currency: "XOF", Payments: 7, Amount: 35}},
	}, err
}

// Audit implements admin.Lists.
func (s *fakeStore) Audit(ctx context.Context) ([]admin.Violation, error) {
	s.mu.Lock()
	wait := s.auditing
	s.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-ctx.Done():
		}
	}
	unlock, err := s.open()
	defer unlock()
	return s.violations, err
}

// BeginAuditEntry implements admin.AuditLog.
func (s *fakeStore) BeginAuditEntry(_ context.Context, a support.AuditEntry) error {
	unlock, err := s.open()
	defer unlock()
	err = cmp.Or(err, s.full)
	if _, twice := s.entries[a.ID]; twice && err == nil {
		err = pirogue.Errorf(pirogue.Internal, "audit entry %s stands", a.ID)
	}
	if err == nil {
		s.entries[a.ID] = a
	}
	return err
}

// EndAuditEntry implements admin.AuditLog: an entry keeps its first result.
func (s *fakeStore) EndAuditEntry(_ context.Context, id string, v support.ActionResult, at time.Time) error {
	unlock, err := s.open()
	defer unlock()
	if err = cmp.Or(err, s.cutOff); err != nil {
		return err
	}
	a, ok := s.entries[id]
	if !ok {
		return pirogue.Errorf(pirogue.NotFound, "no audit entry %s", id)
	}
	if a.Result.Decision == "" {
		a.Result, a.EndedAt = v, at
		s.entries[id] = a
	}
	return nil
}

// AuditEntries implements admin.AuditLog.
func (s *fakeStore) AuditEntries(_ context.Context, id pirogue.PaymentID, limit int) ([]support.AuditEntry, error) {
	entries := s.log()
	slices.Reverse(entries)
	entries = slices.DeleteFunc(entries, func(a support.AuditEntry) bool { return id != "" && a.PaymentID != id })
	return entries[:min(limit, len(entries))], nil
}

// RecordSettlement implements admin.Merchants: one ID books once, and lost calls book without a response.
func (s fakeSettlements) RecordSettlement(_ context.Context, p support.Settlement) (err error) {
	unlock, err := s.open()
	defer unlock()
	if err != nil {
		return err
	}
	if s.lost > 0 {
		s.lost--
		defer func() { err = pirogue.Errorf(pirogue.ServiceUnavailable, "the connection broke in COMMIT") }()
	}
	if stands, ok := s.settlements[p.ID]; ok {
		if stands.Amount != p.Amount {
			return pirogue.Errorf(pirogue.IdempotencyMismatch, "settlement %s stands", p.ID)
		}
		return nil
	}
	if p.Amount.Minor > s.balance {
		return pirogue.Errorf(pirogue.InsufficientBalance, "%d are left", s.balance)
	}
	s.balance -= p.Amount.Minor
	s.settlements[p.ID] = p
	return nil
}

func (s fakeSettlements) Settlements(_ context.Context, o access.Owner) ([]support.Settlement, error) {
	unlock, err := s.open()
	defer unlock()
	var found []support.Settlement
	for _, p := range s.settlements {
		if p.MerchantID == o.MerchantID && p.Mode == o.Mode {
			found = append(found, p)
		}
	}
	return found, err
}

// SetFee implements admin.Merchants.
func (s fakeFees) SetFee(_ context.Context, id pirogue.MerchantID, r pirogue.FeeRule) error {
	unlock, err := s.open()
	defer unlock()
	fees, ok := s.fees[id]
	if !ok && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "no merchant %s", id)
	}
	if err == nil {
		s.fees[id] = append(fees, r)
	}
	return err
}

// RemoveFee implements admin.Fees: lost calls remove without a response.
func (s fakeFees) RemoveFee(
	_ context.Context, id pirogue.MerchantID, k pirogue.PaymentKind, c pirogue.CountryCode, n pirogue.Network,
) error {
	unlock, err := s.open()
	defer unlock()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(s.fees[id]), func(r pirogue.FeeRule) bool {
		return r.Kind == k && r.Country == c && r.Network == n
	})
	if len(left) == len(s.fees[id]) {
		err = pirogue.Errorf(pirogue.NotFound, "no such rule of %s", id)
	}
	s.fees[id] = left
	if s.lost > 0 {
		s.lost--
		err = pirogue.Errorf(pirogue.ServiceUnavailable, "the connection broke in COMMIT")
	}
	return err
}

func (s fakeFees) Fees(_ context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error) {
	unlock, err := s.open()
	defer unlock()
	return s.fees[id], err
}

func (s *fakeStore) SetLatePolicy(_ context.Context, id pirogue.MerchantID, p pirogue.LatePolicy) error {
	unlock, err := s.open()
	defer unlock()
	if _, ok := s.policies[id]; !ok && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "no merchant %s", id)
	}
	if err == nil {
		s.policies[id] = p
	}
	return err
}

func (s *fakeStore) SetNotifyURL(_ context.Context, id pirogue.MerchantID, url string) error {
	unlock, err := s.open()
	defer unlock()
	if _, ok := s.policies[id]; !ok && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "no merchant %s", id)
	}
	if err == nil {
		s.notifyURLs[id] = url
	}
	return err
}

func (s *fakeStore) SuspendMerchant(_ context.Context, id pirogue.MerchantID) error {
	return s.suspend(id, true)
}

func (s *fakeStore) ResumeMerchant(_ context.Context, id pirogue.MerchantID) error {
	return s.suspend(id, false)
}

func (s *fakeStore) suspend(id pirogue.MerchantID, suspended bool) error {
	unlock, err := s.open()
	defer unlock()
	if _, ok := s.policies[id]; !ok && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "no merchant %s", id)
	}
	if err == nil && suspended {
		s.suspended[id] = true
	} else if err == nil {
		delete(s.suspended, id)
	}
	return err
}

func (s fakeBulks) AnyBulk(_ context.Context, id pirogue.BulkID) (bulk.BulkProgress, error) {
	unlock, err := s.open()
	defer unlock()
	if id != s.bulk.ID && err == nil {
		err = pirogue.Errorf(pirogue.NotFound, "no bulk %s", id)
	}
	return s.bulk, err
}

// CancelBulk implements admin.Bulks.
func (s fakeBulks) CancelBulk(
	ctx context.Context, o access.Owner, id pirogue.BulkID, _ time.Time,
) (bulk.BulkProgress, error) {
	if _, err := s.AnyBulk(ctx, id); err != nil {
		return bulk.BulkProgress{}, err
	}
	unlock, err := s.open()
	defer unlock()
	if o != (access.Owner{MerchantID: s.bulk.MerchantID, Mode: s.bulk.Mode}) {
		return bulk.BulkProgress{}, pirogue.Errorf(pirogue.NotFound, "no bulk %s of %s", id, o.MerchantID)
	}
	if !s.bulk.State.Ended() {
		s.bulk.State = bulk.BulkCancelling
		s.bulk.Tallies[bulk.LineCancelled] = s.bulk.Tallies[bulk.LineWaiting]
		delete(s.bulk.Tallies, bulk.LineWaiting)
	}
	return s.bulk, err
}

func (s *fakeStore) EventsOf(_ context.Context, id pirogue.PaymentID) ([]pirogue.Event, error) {
	unlock, err := s.open()
	defer unlock()
	var found []pirogue.Event
	for _, e := range s.events {
		if e.PaymentID == id {
			found = append(found, e)
		}
	}
	return found, err
}

// Resend implements admin.Events: an event without an address is not sent.
func (s *fakeStore) Resend(_ context.Context, o access.Owner, id pirogue.EventID) (pirogue.Event, error) {
	unlock, err := s.open()
	defer unlock()
	e, ok := s.events[id]
	if !ok || e.MerchantID != o.MerchantID || e.Mode != o.Mode {
		return e, cmp.Or(err, pirogue.Errorf(pirogue.NotFound, "no event %s", id))
	}
	if e.State != pirogue.EventWaiting && strings.HasPrefix(e.URL, "http") {
		e.State = pirogue.EventWaiting
		e.Round++
		s.events[id] = e
	}
	return e, err
}

func (s *fakeStore) Breakers(context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error) {
	unlock, err := s.open()
	defer unlock()
	return maps.Clone(s.healths), err
}

// Park implements admin.Operators.
func (s *fakeStore) Park(_ context.Context, c operator.ServiceChange) error {
	unlock, err := s.open()
	defer unlock()
	if err == nil {
		s.healths[c.Operator] = operator.CircuitBreaker{
			Operator: c.Operator, State: operator.BreakerClosed, Parked: c.Parked, ParkedBy: c.Actor, ParkedWhy: c.Reason,
			ParkedAt: c.At,
		}
	}
	return err
}

func (s *fakeStore) InFlight(context.Context, pirogue.OperatorCode) (int, error) { return 3, nil }

func (s *fakeStore) Waiting(context.Context, pirogue.OperatorCode) (int, error) { return 2, nil }
