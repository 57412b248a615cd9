package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"pirogue"
	"pirogue/access"
	"pirogue/activities"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
)

// Starter reaches workflows from outside of them. A workflow's ID is made from its payment or
// event. So starting it again is no error, and makes no second run.
type Starter struct {
	Client client.Client
	// NewInput returns the input of a payment's workflow.
	NewInput func(p pirogue.Payment) (lifecycle.PaymentInput, error)
	// NewRestartInput returns the input of a payment's workflow that is started again.
	NewRestartInput func(r lifecycle.Restart) (lifecycle.PaymentInput, error)
	// Instance returns a configured operator, and whether there is one of that code.
	Instance func(code pirogue.OperatorCode) (operator.Instance, bool)
	Clock    pirogue.Clock

	ready readiness
}

// workflowsByKind maps a kind of payment to its workflow and to the start of the workflow's ID.
var workflowsByKind = map[pirogue.PaymentKind]struct {
	prefix   string
	workflow any
}{
	pirogue.CashIn:  {"cashin", CashIn},
	pirogue.CashOut: {"cashout", CashOut},
	pirogue.Refund:  {"refund", Refund},
}

// Start starts a payment's workflow, or joins it, and waits for the operator's first response. It
// fails with Unknown when that does not come in time, and with ServiceUnavailable when Temporal
// cannot be reached.
func (s *Starter) Start(ctx context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error) {
	var first lifecycle.FirstResponse
	input, err := s.NewInput(p)
	if err != nil {
		return first, err
	}
	options := paymentWorkflowOptions(p, input)
	handle, err := s.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.Client.NewWithStartWorkflowOperation(
			options, workflowsByKind[p.Kind].workflow, input),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: FirstResponseUpdate, UpdateName: FirstResponseUpdate,
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return first, updateError(err)
	}
	return first, updateError(handle.Get(ctx, &first))
}

// updateError returns the error of an update with our code: Unknown when the workflow has not
// responded yet, and otherwise that of temporalError.
func updateError(err error) error {
	var timeout *client.WorkflowUpdateServiceTimeoutOrCanceledError
	if errors.As(err, &timeout) || errors.Is(err, context.DeadlineExceeded) {
		return pirogue.Errorf(operator.Unknown, "the workflow has not answered yet: %w", err)
	}
	return temporalError(err)
}

// Launch starts a payment's workflow and does not wait for it.
func (s *Starter) Launch(ctx context.Context, p pirogue.Payment) error {
	input, err := s.NewInput(p)
	if err != nil {
		return err
	}
	options := paymentWorkflowOptions(p, input)
	_, err = s.Client.ExecuteWorkflow(ctx, options, workflowsByKind[p.Kind].workflow, input)
	return temporalError(err)
}

// Deliver starts the delivery of an event in its round, at its NextAt if that is later. It needs the
// event's ID, owner and round.
func (s *Starter) Deliver(ctx context.Context, e pirogue.Event) error {
	return s.deliver(ctx, e, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
}

// deliver starts the delivery of an event. reuse decides whether it may follow one that has ended.
func (s *Starter) deliver(ctx context.Context, e pirogue.Event, reuse enumspb.WorkflowIdReusePolicy) error {
	owner := access.Owner{MerchantID: e.MerchantID, Mode: e.Mode}
	wait := time.Duration(0)
	if !e.NextAt.IsZero() {
		wait = max(e.NextAt.Sub(s.Clock.Now()), 0)
	}
	_, err := s.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       WebhookWorkflowID(e.ID, e.Round),
		TaskQueue:                PaymentsQueue,
		WorkflowIDReusePolicy:    reuse,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            "webhook " + string(e.ID),
		TypedSearchAttributes:    temporal.NewSearchAttributes(MerchantID.ValueSet(string(e.MerchantID))),
		Priority:                 priorityOf(priorityWebhook, e.MerchantID),
		StartDelay:               wait,
	}, Webhook, activities.DeliverInput{Owner: owner, EventID: e.ID, Scheduled: wait > 0})
	return temporalError(err)
}

// SignalCallback tells a payment's workflow that its operator called back.
func (s *Starter) SignalCallback(ctx context.Context, id pirogue.PaymentID, k pirogue.PaymentKind) error {
	return temporalError(s.Client.SignalWorkflow(ctx, PaymentWorkflowID(id, k), "", CallbackSignal, nil))
}

// Act has a payment's workflow carry out the support action of an audit entry, and returns the
// result. An update that the workflow rejects is a refusal, not an error. Act fails with NotFound
// when no workflow is open. It fails with Unknown when the workflow has not responded in time; the
// audit entry keeps the result when it comes.
func (s *Starter) Act(ctx context.Context, p pirogue.Payment, auditID string) (support.ActionResult, error) {
	handle, err := s.Client.UpdateWorkflow(ctx, actionUpdateOptions(p, auditID))
	return awaitActionResult(ctx, p, handle, err)
}

// actionUpdateOptions returns the update by which support acts on a payment. It carries the ID of
// the audit entry only.
func actionUpdateOptions(p pirogue.Payment, auditID string) client.UpdateWorkflowOptions {
	return client.UpdateWorkflowOptions{
		WorkflowID: PaymentWorkflowID(p.ID, p.Kind), UpdateID: auditID, UpdateName: ActionUpdate,
		WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{auditID},
	}
}

// awaitActionResult waits for the result of a support action that a workflow was asked for.
func awaitActionResult(
	ctx context.Context, p pirogue.Payment, handle client.WorkflowUpdateHandle, err error,
) (support.ActionResult, error) {
	var result support.ActionResult
	if err == nil {
		err = handle.Get(ctx, &result)
	}
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) {
		return support.ActionResult{Decision: support.DecisionRefused, Reason: refused.Message(), Status: p.Status}, nil
	}
	return result, updateError(err)
}

// Waiting asks an open payment's workflow what it waits for.
func (s *Starter) Waiting(
	ctx context.Context, id pirogue.PaymentID, k pirogue.PaymentKind, now time.Time,
) (lifecycle.WaitState, error) {
	var state lifecycle.WaitState
	value, err := s.Client.QueryWorkflow(ctx, PaymentWorkflowID(id, k), "", WaitStateQuery, now)
	if err != nil {
		return state, temporalError(err)
	}
	return state, value.Get(&state)
}

// paymentWorkflowOptions returns how the workflow of a payment is started, once.
func paymentWorkflowOptions(p pirogue.Payment, input lifecycle.PaymentInput) client.StartWorkflowOptions {
	priority := prioritySubmit
	if input.Bulk {
		priority = priorityBulk
	}
	kind := workflowsByKind[p.Kind].prefix
	return client.StartWorkflowOptions{
		ID:                       PaymentWorkflowID(p.ID, p.Kind),
		TaskQueue:                PaymentsQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            fmt.Sprintf("%s %s %s %s", kind, p.Amount, p.Network, p.Country),
		StaticDetails:            staticDetails(detailsOrder, p.OrderID, p.MerchantID, p.Mode),
		Priority:                 priorityOf(priority, p.MerchantID),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			PaymentKind.ValueSet(string(p.Kind)), Operator.ValueSet(string(input.Current.Operator)),
			MerchantID.ValueSet(string(p.MerchantID)), Country.ValueSet(string(p.Country)),
			PaymentStatus.ValueSet(string(p.Status)), NeedsAttention.ValueSet(false),
		),
	}
}

// temporalError returns Temporal's errors with our codes. A workflow that is not open is NotFound,
// one that exists already is no error, and anything else is ServiceUnavailable.
func temporalError(err error) error {
	var missing *serviceerror.NotFound
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case err == nil, errors.As(err, &started):
		return nil
	case errors.As(err, &missing):
		return pirogue.Errorf(pirogue.NotFound, "no open workflow: %w", err)
	default:
		return pirogue.Errorf(pirogue.ServiceUnavailable, "temporal: %w", err)
	}
}
