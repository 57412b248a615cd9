package workflows

import (
	"go.temporal.io/sdk/workflow"

	"pirogue"
)

// conclude lets everyone who waits for a payment that has ended leave, and notes in its row that
// nothing is left to do. A run that did not end the payment itself notes nothing: the rows are
// ahead of its history, and the sweep starts a workflow from them that goes on.
//
// A callback that came meanwhile is told to this workflow and to no other. It is looked for last,
// with nothing to wait for behind it: one that comes even later makes Temporal run the task again.
func (s *paymentWorkflow) conclude(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	for {
		if err := s.awaitEarlier(ctx, status); err != nil {
			return status, err
		}
		if err := workflow.Await(ctx, s.cancelRecorded); err != nil {
			return status, err
		}
		var err error
		if status, err = s.closeWatch(ctx, status); err != nil {
			return status, err
		}
		if !s.settled {
			return status, s.reopen(ctx)
		}
		if err := s.finish(ctx); err != nil {
			return status, err
		}
		if !s.disturbed() && workflow.AllHandlersFinished(ctx) {
			return status, nil
		}
		if s.drainCallbacks() {
			if status, err = s.reverify(ctx, status); err != nil {
				return status, err
			}
		}
	}
}

// finish notes that the payment's workflow has nothing left to do, unless its row says so.
func (s *paymentWorkflow) finish(ctx workflow.Context) error {
	if s.finished {
		return nil
	}
	_, err := call(ctx, ours(s.input.MerchantID, "finish"), do.Finish, s.input.PaymentID)
	s.finished = err == nil
	return err
}

// reopen notes that the payment's workflow has something to do after all.
func (s *paymentWorkflow) reopen(ctx workflow.Context) error {
	if !s.finished {
		return nil
	}
	_, err := call(ctx, ours(s.input.MerchantID, "reopen"), do.Reopen, s.input.PaymentID)
	s.finished = err != nil
	return err
}

// reverify asks about every attempt of a payment that has ended, because of a callback that came
// too late for its story, and places what has moved.
func (s *paymentWorkflow) reverify(ctx workflow.Context, status pirogue.Status) (pirogue.Status, error) {
	if err := s.reopen(ctx); err != nil {
		return status, err
	}
	if err := s.askEarlier(ctx); err != nil {
		return status, err
	}
	if succeeded(status) {
		return status, s.verify(ctx, status)
	}
	s.deadline = workflow.Now(ctx)
	return s.watchUntilHorizon(ctx, status)
}

// succeeded reports whether a status says that the operator moved what was ordered: also of what
// was given back since.
func succeeded(status pirogue.Status) bool {
	return status == pirogue.StatusSuccess || status == pirogue.StatusReversed
}
