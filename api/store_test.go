package api_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"pirogue"
	"pirogue/access"
	"pirogue/api"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/support"
)

// fakeStore is a database in memory that keeps the promises of the real one. Order IDs are unique
// per owner, and a signature belongs to one route. An owner sees its own rows only, and outgoing
// money is held. A text that is no UUID is an error, as in our SQL.
type fakeStore struct {
	mu             sync.Mutex
	keys           map[string]access.APIKey
	recentKeys     map[string]access.APIKey // read before
	recentMerchant pirogue.Merchant         // of all of them; the zero value: as it is
	recentOver     bool                     // they were read more than two seconds ago
	merchants      map[pirogue.MerchantID]pirogue.Merchant
	usedSignatures map[[32]byte]access.UsedSignature
	taken          map[access.Owner]int
	rate           int // requests an owner has; 0: no limit
	payments       []pirogue.Payment
	attempts       map[string]pirogue.Attempt // by the digest of the callback's token
	callbacks      map[string]operator.Callback
	moments        map[pirogue.PaymentID][]support.TimelineEntry
	balances       map[access.Owner][]listing.Balance
	contracts      map[pirogue.MerchantID]pirogue.FeeSchedule
	events         []listing.EventLog
	breakers       map[pirogue.OperatorCode]operator.CircuitBreaker
	bulks          []*bulk.Bulk
	progress       func(*lifecycle.AttemptProgress) // changes that of every payment; nil changes nothing
	lines          map[pirogue.BulkID][]bulk.BulkLine

	away    error                    // error of every call
	hangs   bool                     // every call runs until its context ends
	hangsIn string                   // the call with this name does
	breaks  string                   // the call with this name panics
	between func(exported int) error // called before each row of an export
}

// rateWait is the retry time for a merchant above the rate.
const rateWait = 1500 * time.Millisecond

func newFakeStore() *fakeStore {
	return &fakeStore{
		keys: map[string]access.APIKey{}, merchants: map[pirogue.MerchantID]pirogue.Merchant{},
		usedSignatures: map[[32]byte]access.UsedSignature{}, taken: map[access.Owner]int{},
		attempts: map[string]pirogue.Attempt{}, callbacks: map[string]operator.Callback{},
		moments: map[pirogue.PaymentID][]support.TimelineEntry{}, balances: map[access.Owner][]listing.Balance{},
		contracts: map[pirogue.MerchantID]pirogue.FeeSchedule{}, lines: map[pirogue.BulkID][]bulk.BulkLine{},
	}
}

// parts returns the database as the API takes it.
func (s *fakeStore) parts() api.Store {
	return api.Store{
		Schema: s, Access: s, Payments: s, Fees: s, Bulks: fakeBulks{s}, Reports: s, Callbacks: fakeCallbacks{s},
		Breakers: s, Events: s,
	}
}

// fakeBulks keeps the bulks of a fakeStore.
type fakeBulks struct{ *fakeStore }

// fakeCallbacks keeps the callbacks of a fakeStore.
type fakeCallbacks struct{ *fakeStore }

// checkFaults runs at the start of every call and returns the faults that the test set.
func (s *fakeStore) checkFaults(ctx context.Context, call string) error {
	s.mu.Lock()
	away, hangs, breaks := s.away, s.hangs || call == s.hangsIn, s.breaks
	s.mu.Unlock()
	switch {
	case breaks == call:
		panic("the code of " + call + " is wrong")
	case away != nil:
		return away
	case hangs:
		<-ctx.Done()
	}
	return ctx.Err()
}

// fail makes every call fail with err; nil ends the outage.
func (s *fakeStore) fail(err error) { s.change(func() { s.away = err }) }

// change changes the store from a test.
func (s *fakeStore) change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}

// Ping implements api.Gate.
func (s *fakeStore) Ping(ctx context.Context) error { return s.checkFaults(ctx, "Ping") }

// Key implements api.Gate: revoked keys and ended secrets do not count.
func (s *fakeStore) Key(ctx context.Context, public string, at time.Time) (access.APIKey, pirogue.Merchant, error) {
	if err := s.checkFaults(ctx, "Key"); err != nil {
		return access.APIKey{}, pirogue.Merchant{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.keys[public]
	if !ok || !key.RevokedAt.IsZero() {
		return access.APIKey{}, pirogue.Merchant{}, pirogue.Errorf(pirogue.NotFound, "no such key")
	}
	ended := func(secret access.Secret) bool { return !secret.ExpiresAt.IsZero() && !at.Before(secret.ExpiresAt) }
	key.Secrets = slices.DeleteFunc(slices.Clone(key.Secrets), ended)
	return key, s.merchants[key.MerchantID], nil
}

// RecentKey implements api.Gate.
func (s *fakeStore) RecentKey(public string, _ time.Time) (access.APIKey, pirogue.Merchant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ok := s.recentKeys[public]
	merchant := s.recentMerchant
	if merchant.ID == "" {
		merchant = s.merchants[key.MerchantID]
	}
	return key, merchant, ok && !s.recentOver
}

// Admit implements api.Gate.
func (s *fakeStore) Admit(
	ctx context.Context, use access.UsedSignature, o access.Owner,
) (good bool, wait time.Duration, err error) {
	s.mu.Lock()
	key := s.keys[use.KeyID]
	changed := use.KeyVersion != key.Version || !key.RevokedAt.IsZero() || s.merchants[key.MerchantID].Suspended
	s.mu.Unlock()
	if changed {
		return false, 0, pirogue.Errorf(pirogue.ServiceUnavailable, "%w", access.ErrKeyChanged)
	}
	if good, err = s.UseSignature(ctx, use); err != nil || !good {
		return good, 0, err
	}
	wait, err = s.Take(ctx, o, use.At)
	return true, wait, err
}

// UseSignature implements api.Gate: the first method and path keep the signature for
// pirogue.SignatureLife.
func (s *fakeStore) UseSignature(ctx context.Context, spent access.UsedSignature) (bool, error) {
	if err := s.checkFaults(ctx, "Spend"); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.usedSignatures[spent.Signature]
	if !ok || spent.At.Sub(before.At) > access.SignatureLife {
		s.usedSignatures[spent.Signature] = spent
		return true, nil
	}
	return before.Method == spent.Method && before.Path == spent.Path, nil
}

// Take implements api.Gate with a count that never refills.
func (s *fakeStore) Take(ctx context.Context, o access.Owner, _ time.Time) (time.Duration, error) {
	if err := s.checkFaults(ctx, "Take"); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[o]++; s.rate > 0 && s.taken[o] > s.rate {
		return rateWait, nil
	}
	return 0, nil
}

// Accept implements api.Payments: the reference, the hold and the attempt are written together or
// not at all.
func (s *fakeStore) Accept(
	ctx context.Context, p pirogue.Payment, a pirogue.Attempt, digest string,
) (pirogue.Payment, bool, error) {
	if err := s.checkFaults(ctx, "Accept"); err != nil {
		return pirogue.Payment{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if original := s.byReference(ownerOf(p), p.Kind, p.OrderID); original != nil {
		return *original, false, nil
	}
	if err := s.hold(p); err != nil {
		return pirogue.Payment{}, false, err
	}
	s.payments = append(s.payments, p)
	s.attempts[digest] = a
	return p, true, nil
}

// ownerOf returns the owner of a payment.
func ownerOf(p pirogue.Payment) access.Owner {
	return access.Owner{MerchantID: p.MerchantID, Mode: p.Mode}
}

// byReference returns the payment with a reference. Refunds have a reference space of their own.
func (s *fakeStore) byReference(o access.Owner, k pirogue.PaymentKind, ref string) *pirogue.Payment {
	for i, q := range s.payments {
		if ownerOf(q) == o && q.OrderID == ref && (q.Kind == pirogue.Refund) == (k == pirogue.Refund) {
			return &s.payments[i]
		}
	}
	return nil
}

// hold sets the money of a cash-out or refund aside, or changes nothing.
func (s *fakeStore) hold(p pirogue.Payment) error {
	if !p.Kind.MoneyOut() {
		return nil
	}
	var parent *pirogue.Payment
	for i, q := range s.payments {
		if q.ID == p.ParentID && ownerOf(q) == ownerOf(p) {
			parent = &s.payments[i]
		}
	}
	switch {
	case p.Kind == pirogue.CashOut:
	case parent == nil:
		return pirogue.Errorf(pirogue.TransactionNotFound, "no payment %s", p.ParentID)
	case parent.Kind != pirogue.CashIn || parent.Status != pirogue.StatusSuccess:
		return pirogue.Errorf(pirogue.RefundNotAllowed, "no successful cash-in")
	case p.Amount.Minor > parent.Refundable():
		return pirogue.Errorf(pirogue.RefundExceedsPayment, "less is left")
	}
	for i, b := range s.balances[ownerOf(p)] {
		if b.Country != p.Country || b.Available < p.Net() {
			continue
		}
		s.balances[ownerOf(p)][i].Available -= p.Net()
		s.balances[ownerOf(p)][i].Reserved += p.Net()
		if parent != nil {
			parent.RefundHeld += p.Amount.Minor
		}
		return nil
	}
	return pirogue.Errorf(pirogue.InsufficientBalance, "not %d in %s", p.Net(), p.Country)
}

// ByReference implements api.Payments.
func (s *fakeStore) ByReference(
	ctx context.Context, o access.Owner, k pirogue.PaymentKind, ref string,
) (pirogue.Payment, error) {
	if err := s.checkFaults(ctx, "ByReference"); err != nil {
		return pirogue.Payment{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byReference(o, k, ref); p != nil {
		return *p, nil
	}
	return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "no %s %s", k, ref)
}

// Fees implements api.Payments.
func (s *fakeStore) Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error) {
	if err := s.checkFaults(ctx, "Fees"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contracts[id], nil
}

// Export implements api.Reports, and calls between before each row.
func (s *fakeStore) Export(
	ctx context.Context, o access.Owner, f listing.ExportFilter, each func(listing.ExportRow) error,
) error {
	if err := s.checkFaults(ctx, "Export"); err != nil {
		return err
	}
	rows := s.all()
	slices.SortFunc(rows, func(a, b pirogue.Payment) int { return strings.Compare(string(a.ID), string(b.ID)) })
	exported := 0
	for _, p := range rows {
		if ownerOf(p) != o || !exports(f, p) || f.Limit > 0 && exported == f.Limit {
			continue
		}
		if s.between != nil {
			if err := s.between(exported); err != nil {
				return err
			}
		}
		if err := errors.Join(ctx.Err(), each(exportRow(p))); err != nil {
			return err
		}
		exported++
	}
	return nil
}

// exportRow returns a payment with its effect on the balance.
func exportRow(p pirogue.Payment) listing.ExportRow {
	row := listing.ExportRow{Payment: p}
	switch {
	case p.Status != pirogue.StatusSuccess && p.Status != pirogue.StatusReversed:
	case p.Kind == pirogue.CashIn:
		row.Net = p.Net()
	default:
		row.Net = -p.Net()
	}
	return row
}

// exports reports whether an export's filter selects a payment.
func exports(f listing.ExportFilter, p pirogue.Payment) bool {
	return !p.CreatedAt.Before(f.From) && p.CreatedAt.Before(f.To) &&
		(f.Status == "" || f.Status == p.Status) &&
		(f.Kind == "" || f.Kind == p.Kind) &&
		(f.Country == "" || f.Country == p.Country) && p.ID > f.After
}

// Deliveries implements api.Webhooks.
func (s *fakeStore) Deliveries(
	ctx context.Context, o access.Owner, f listing.EventFilter,
) ([]listing.EventLog, error) {
	if err := s.checkFaults(ctx, "Deliveries"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []listing.EventLog{}
	for _, e := range s.events {
		if e.MerchantID == o.MerchantID && e.Mode == o.Mode && (f.PaymentID == "" || f.PaymentID == e.PaymentID) &&
			(f.State == "" || f.State == e.State) && (f.From.IsZero() || !e.CreatedAt.Before(f.From)) &&
			(f.To.IsZero() || e.CreatedAt.Before(f.To)) && (f.Before == "" || e.ID < f.Before) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b listing.EventLog) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return found[:min(len(found), f.Limit)], nil
}

// Resend implements api.Webhooks: a waiting event keeps its round.
func (s *fakeStore) Resend(ctx context.Context, o access.Owner, id pirogue.EventID) (pirogue.Event, error) {
	if err := s.checkFaults(ctx, "Resend"); err != nil {
		return pirogue.Event{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.events {
		e := &s.events[i]
		if e.ID != id || e.MerchantID != o.MerchantID || e.Mode != o.Mode {
			continue
		}
		if e.State != pirogue.EventWaiting && e.State != pirogue.EventUnwanted {
			e.State, e.Round = pirogue.EventWaiting, e.Round+1
		}
		return e.Event, nil
	}
	return pirogue.Event{}, pirogue.Errorf(pirogue.NotFound, "no event %s", id)
}

// Payment implements api.Payments. A text that is no UUID is an error in SQL, as in PostgreSQL.
func (s *fakeStore) Payment(ctx context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	if err := s.checkFaults(ctx, "Payment"); err != nil {
		return pirogue.Payment{}, err
	}
	if _, err := uuid.Parse(string(id)); err != nil {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.Internal, "invalid input syntax for type uuid: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.payments {
		if p.ID == id && p.MerchantID == o.MerchantID && p.Mode == o.Mode {
			return p, nil
		}
	}
	return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "no payment %s", id)
}

// List implements api.Reports.
func (s *fakeStore) List(ctx context.Context, o access.Owner, f listing.PaymentFilter) ([]pirogue.Payment, error) {
	if err := s.checkFaults(ctx, "List"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []pirogue.Payment{}
	for _, p := range s.payments {
		if p.MerchantID == o.MerchantID && p.Mode == o.Mode && selects(f, p) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b pirogue.Payment) int { return strings.Compare(string(b.ID), string(a.ID)) })
	return found[:min(len(found), f.Limit)], nil
}

// selects reports whether a filter selects a payment.
func selects(f listing.PaymentFilter, p pirogue.Payment) bool {
	return (f.OrderID == "" || f.OrderID == p.OrderID) &&
		(f.Status == "" || f.Status == p.Status) &&
		(f.Kind == "" || f.Kind == p.Kind) &&
		(f.Country == "" || f.Country == p.Country) &&
		(f.Operator == "" || f.Operator == p.Operator) &&
		(f.CreatedFrom.IsZero() || !p.CreatedAt.Before(f.CreatedFrom)) &&
		(f.CreatedTo.IsZero() || p.CreatedAt.Before(f.CreatedTo)) &&
		(f.Before == "" || p.ID < f.Before)
}

// Timeline implements api.Reports.
func (s *fakeStore) Timeline(
	ctx context.Context, o access.Owner, id pirogue.PaymentID,
) ([]support.TimelineEntry, error) {
	if _, err := s.Payment(ctx, o, id); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moments[id], nil
}

// Balances implements api.Reports.
func (s *fakeStore) Balances(ctx context.Context, o access.Owner) ([]listing.Balance, error) {
	if err := s.checkFaults(ctx, "Balances"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.balances[o]), nil
}

// update changes a payment like a workflow.
func (s *fakeStore) update(id pirogue.PaymentID, how func(*pirogue.Payment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.payments {
		if s.payments[i].ID == id {
			how(&s.payments[i])
		}
	}
}

// settle ends a payment and books it like the real database: a successful cash-in can be spent.
func (s *fakeStore) settle(id pirogue.PaymentID, status pirogue.Status) {
	s.update(id, func(p *pirogue.Payment) {
		p.Status = status
		if status == pirogue.StatusSuccess && p.Kind == pirogue.CashIn {
			s.credit(ownerOf(*p), p.Country, p.Net())
		}
	})
}

// credit adds to a balance.
func (s *fakeStore) credit(o access.Owner, c pirogue.CountryCode, amount int64) {
	for i, b := range s.balances[o] {
		if b.Country == c {
			s.balances[o][i].Available += amount
			return
		}
	}
	country, _ := pirogue.CountryByCode(c)
	s.balances[o] = append(s.balances[o], listing.Balance{
		Country: c, Currency: country.Currency, Available: amount, UpdatedAt: time.Now(),
	})
}

// all returns every stored payment.
func (s *fakeStore) all() []pirogue.Payment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.payments)
}

// Breakers implements api.Healths.
func (s *fakeStore) Breakers(context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.breakers, s.away
}
