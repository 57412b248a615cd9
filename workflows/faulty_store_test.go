package workflows_test

import (
	"context"
	"time"

	"pirogue"
	"pirogue/activities/activitiestest"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
)

// faultTime is the moment at which a call to the database fails.
type faultTime int

const (
	spared faultTime = iota
	before           // nothing was written
	after            // it was written, and the answer was lost
)

// faultyStore is a database that fails at the worst moments.
type faultyStore struct {
	*activitiestest.AllStores
	fails func(method string) faultTime
	ended func(pirogue.Payment) // sees how each settlement left its payment; nil: nobody does
}

var dbAway = pirogue.Errorf(pirogue.ServiceUnavailable, "the database is away")

// try makes one call as the moment wants it.
func (s *faultyStore) try(ctx context.Context, method string, call func() error) error {
	step(ctx)
	when := s.fails(method)
	if when == before {
		return dbAway
	}
	if err := call(); err != nil || when == spared {
		return err
	}
	return dbAway
}

func (s *faultyStore) Latest(
	ctx context.Context, id pirogue.PaymentID,
) (p pirogue.Payment, a pirogue.Attempt, err error) {
	err = s.try(ctx, "Latest", func() error { p, a, err = s.AllStores.Latest(ctx, id); return err })
	return p, a, err
}

// LatestWithMerchant fails as Latest does.
func (s *faultyStore) LatestWithMerchant(
	ctx context.Context, id pirogue.PaymentID,
) (p pirogue.Payment, a pirogue.Attempt, m pirogue.Merchant, err error) {
	err = s.try(ctx, "Latest", func() error { p, a, m, err = s.AllStores.LatestWithMerchant(ctx, id); return err })
	return p, a, m, err
}

func (s *faultyStore) Send(
	ctx context.Context, id pirogue.AttemptID, limits operator.SendLimits, at time.Time,
) (sent lifecycle.Sending, err error) {
	err = s.try(ctx, "Send", func() error { sent, err = s.AllStores.Send(ctx, id, limits, at); return err })
	return sent, err
}

func (s *faultyStore) RecordAttemptResult(
	ctx context.Context, a lifecycle.AttemptResult,
) (stands pirogue.AttemptState, err error) {
	err = s.try(
		ctx, "RecordAttemptResult", func() error { stands, err = s.AllStores.RecordAttemptResult(ctx, a); return err },
	)
	return stands, err
}

func (s *faultyStore) Postpone(
	ctx context.Context, id pirogue.AttemptID, message string, at time.Time,
) (inTime bool, err error) {
	err = s.try(ctx, "Postpone", func() error { inTime, err = s.AllStores.Postpone(ctx, id, message, at); return err })
	return inTime, err
}

func (s *faultyStore) NothingSent(ctx context.Context, id pirogue.PaymentID) (unsent bool, err error) {
	err = s.try(ctx, "NothingSent", func() error { unsent, err = s.AllStores.NothingSent(ctx, id); return err })
	return unsent, err
}

func (s *faultyStore) Renew(
	ctx context.Context, old pirogue.AttemptID, next pirogue.Attempt, digest string,
) (a pirogue.Attempt, err error) {
	err = s.try(ctx, "Renew", func() error { a, err = s.AllStores.Renew(ctx, old, next, digest); return err })
	return a, err
}

func (s *faultyStore) RecordPoll(ctx context.Context, poll lifecycle.Poll) (e pirogue.Evidence, err error) {
	err = s.try(ctx, "RecordPoll", func() error {
		e, err = s.AllStores.RecordPoll(ctx, poll)
		written(ctx)
		return err
	})
	return e, err
}

func (s *faultyStore) Accept(
	ctx context.Context, p pirogue.Payment, a pirogue.Attempt, digest string,
) (stands pirogue.Payment, fresh bool, err error) {
	err = s.try(ctx, "Accept", func() error { stands, fresh, err = s.AllStores.Accept(ctx, p, a, digest); return err })
	return stands, fresh, err
}

func (s *faultyStore) Finalize(
	ctx context.Context, in lifecycle.Finalization,
) (settled lifecycle.Finalized, err error) {
	err = s.try(ctx, "Finalize", func() error {
		settled, err = s.AllStores.Finalize(ctx, in)
		if err == nil && s.ended != nil {
			s.ended(settled.Payment)
		}
		return err
	})
	return settled, err
}

func (s *faultyStore) BeginFirstDelivery(
	ctx context.Context, id pirogue.EventID, at time.Time,
) (e pirogue.Event, d webhook.Delivery, err error) {
	err = s.try(ctx, "BeginFirstDelivery", func() error {
		e, d, err = s.AllStores.BeginFirstDelivery(ctx, id, at)
		return err
	})
	return e, d, err
}

func (s *faultyStore) EndDelivery(
	ctx context.Context, d webhook.Delivery, state pirogue.EventState, next time.Time,
) error {
	return s.try(ctx, "EndDelivery", func() error { return s.AllStores.EndDelivery(ctx, d, state, next) })
}

func (s *faultyStore) OpenCase(ctx context.Context, c support.Case) (opened support.Case, err error) {
	err = s.try(ctx, "OpenCase", func() error { opened, err = s.AllStores.OpenCase(ctx, c); return err })
	return opened, err
}

func (s *faultyStore) CloseCase(ctx context.Context, id support.CaseID, at time.Time) error {
	return s.try(ctx, "CloseCase", func() error { return s.AllStores.CloseCase(ctx, id, at) })
}

func (s *faultyStore) PlaceCase(ctx context.Context, id support.CaseID, at time.Time) error {
	return s.try(ctx, "PlaceCase", func() error { return s.AllStores.PlaceCase(ctx, id, at) })
}

func (s *faultyStore) EndAuditEntry(ctx context.Context, auditID string, v support.ActionResult, at time.Time) error {
	return s.try(ctx, "EndAuditEntry", func() error { return s.AllStores.EndAuditEntry(ctx, auditID, v, at) })
}

func (s *faultyStore) BeginAuditEntry(ctx context.Context, a support.AuditEntry) error {
	return s.try(ctx, "BeginAuditEntry", func() error { return s.AllStores.BeginAuditEntry(ctx, a) })
}

func (s *faultyStore) Finish(ctx context.Context, id pirogue.PaymentID, at time.Time) error {
	return s.try(ctx, "Finish", func() error { return s.AllStores.Finish(ctx, id, at) })
}

func (s *faultyStore) ReopenCase(ctx context.Context, c support.Case) error {
	return s.try(ctx, "ReopenCase", func() error { return s.AllStores.ReopenCase(ctx, c) })
}

func (s *faultyStore) Numbered(
	ctx context.Context, id pirogue.PaymentID, number int,
) (p pirogue.Payment, a pirogue.Attempt, err error) {
	err = s.try(ctx, "Numbered", func() error { p, a, err = s.AllStores.Numbered(ctx, id, number); return err })
	return p, a, err
}

func (s *faultyStore) Cases(ctx context.Context, id pirogue.PaymentID) (all []support.Case, err error) {
	err = s.try(ctx, "Cases", func() error { all, err = s.AllStores.Cases(ctx, id); return err })
	return all, err
}

func (s *faultyStore) Callbacks(ctx context.Context, id pirogue.AttemptID) (said []operator.OperatorResult, err error) {
	err = s.try(ctx, "Callbacks", func() error { said, err = s.AllStores.Callbacks(ctx, id); return err })
	return said, err
}
