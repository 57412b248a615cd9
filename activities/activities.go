package activities

import (
	"context"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"

	"pirogue"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/routing"
)

// Config holds what the activities need of the outside world.
type Config struct {
	Store     Store
	Operators map[pirogue.OperatorCode]operator.Instance
	Routes    routing.Router
	Workflows Workflows
	Sender    WebhookSender
	Clock     pirogue.Clock
	Callbacks CallbackURLs
	ReturnURL string // the payer's page when the merchant named none of its own
	// Chance returns a number in [0, 1), by which delays are spread. nil means one that
	// nobody can foretell.
	Chance func() float64
}

// Activities holds every side effect that the workflows may ask for, in one struct for each subject.
// The worker makes it with New. Workflows use an empty one, for its method names only.
type Activities struct {
	*SubmitActivities
	*StatusActivities
	*FinalizeActivities
	*CaseActivities
	*ActionActivities
	*BulkActivities
	*DeliverActivities
	*SweepActivities
}

// The activities of each subject.
type (
	// SubmitActivities sends payments to their operators, and keeps back what may not be sent yet.
	SubmitActivities struct{ *core }
	// StatusActivities asks operators for the status of attempts.
	StatusActivities struct {
		*core
		lists lists
	}
	// FinalizeActivities makes payments terminal and ends their workflows.
	FinalizeActivities struct{ *core }
	// CaseActivities opens and closes cases, and gives their money back.
	CaseActivities struct{ *core }
	// ActionActivities reads support's actions and keeps their results.
	ActionActivities struct{ *core }
	// BulkActivities makes payments of the lines of bulks.
	BulkActivities struct{ *core }
	// DeliverActivities delivers webhooks to merchants.
	DeliverActivities struct {
		*core
		lanes lanes
	}
	// SweepActivities finds the work that a crash left behind, and starts it again.
	SweepActivities struct {
		*core
		finalizer *FinalizeActivities
	}
)

// New returns the activities of every subject. They share what one process learns of its operators.
func New(c Config) *Activities {
	shared := &core{Config: c}
	finalizer := &FinalizeActivities{shared}
	return &Activities{
		SubmitActivities: &SubmitActivities{shared}, StatusActivities: &StatusActivities{core: shared},
		FinalizeActivities: finalizer, CaseActivities: &CaseActivities{shared},
		ActionActivities: &ActionActivities{shared}, BulkActivities: &BulkActivities{shared},
		DeliverActivities: &DeliverActivities{core: shared},
		SweepActivities:   &SweepActivities{core: shared, finalizer: finalizer},
	}
}

// core holds what the activities of all subjects share.
type core struct {
	Config
	samples healthSamples
}

// Workflows starts and tells other workflows. Each call may be repeated without a second
// effect.
type Workflows interface {
	// Launch starts a payment's workflow and does not wait for it.
	Launch(ctx context.Context, p pirogue.Payment) error
	// LaunchBulk starts a bulk's workflow and does not wait for it.
	LaunchBulk(ctx context.Context, b bulk.Bulk) error
	// Deliver starts the delivery of an event, in the round it is in, at its NextAt if that is later. It
	// needs the event's ID, owner and round.
	Deliver(ctx context.Context, e pirogue.Event) error
	// SignalCallback tells a payment's workflow that its operator called back. It fails with
	// NotFound when none is open.
	SignalCallback(ctx context.Context, id pirogue.PaymentID, k pirogue.PaymentKind) error

	Restarter
}

// Restarter finds workflows that are gone and starts them again.
type Restarter interface {
	// Open reports whether a workflow takes care of f. It fails with ServiceUnavailable.
	Open(ctx context.Context, f lifecycle.FollowedWork) (bool, error)
	// Restart starts a payment's workflow again from its rows, also after one that has ended. It
	// joins the one that is open; with Anew that one is terminated. It fails where the rows do not
	// allow it, and with ServiceUnavailable.
	Restart(ctx context.Context, r lifecycle.Restart) error
	// RestartBulk does the same for a bulk.
	RestartBulk(ctx context.Context, b bulk.Bulk) error
	// RestartDelivery does the same for an event, in the round it is in.
	RestartDelivery(ctx context.Context, e pirogue.Event) error
}

// CallbackURLs makes the address an operator calls back for one attempt. Its token
// can be made again from the reference, so it is stored as a digest only.
type CallbackURLs interface {
	// URL returns the whole address, at most 120 characters.
	URL(o pirogue.OperatorCode, ref pirogue.OperatorRef) string
	// Digest returns what the database knows the token by.
	Digest(ref pirogue.OperatorRef) string
}

// instanceOf returns a configured instance. A code that no instance has is a mistake
// in the configuration: the activity fails until it is mended.
func (a *core) instanceOf(code pirogue.OperatorCode) (operator.Instance, error) {
	instance, ok := a.Operators[code]
	if !ok {
		return operator.Instance{}, pirogue.Errorf(pirogue.Internal, "no operator %q is configured", code)
	}
	return instance, nil
}

// backOff returns the wait of a backoff after the present run of an activity.
func (a *core) backOff(ctx context.Context, b Backoff) time.Duration {
	return b.Wait(int(activity.GetInfo(ctx).Attempt), a.chance())
}

// later puts a delay off by up to a tenth, never earlier.
func (a *core) later(d time.Duration) time.Duration { return JitterLater.Spread(d, a.chance()) }

func (a *core) chance() float64 {
	if a.Chance != nil {
		return a.Chance()
	}
	return rand.Float64() //nolint:gosec // spreads load, guards nothing
}
