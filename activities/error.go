package activities

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"pirogue"
)

// again is the type of the error with which an activity asks to be run again: it is
// not a failure, and it is not logged or counted as one.
const again = "AGAIN"

// activityError makes the code of err survive the trip through Temporal. Temporal keeps a type
// and a message but no Go type. Which codes are worth repeating is the workflow's choice: see
// workflows/policy.go. A payment without a row is not: its database was restored to a moment
// before it was accepted. Its workflow fails where people see it.
func activityError(err error) error {
	if err == nil {
		return nil
	}
	return encodeAs(err, pirogue.CodeOf(err) == pirogue.TransactionNotFound)
}

// encodeRow is encode of what the row of a bulk or an event is needed for: without the row it
// fails for good.
func encodeRow(err error) error {
	if err == nil {
		return nil
	}
	return encodeAs(err, pirogue.CodeOf(err) == pirogue.NotFound)
}

func encodeAs(err error, forGood bool) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), string(pirogue.CodeOf(err)),
		temporal.ApplicationErrorOptions{Cause: err, NonRetryable: forGood})
}

// retryIn asks Temporal to run the activity again after a delay, saying why.
func retryIn(delay time.Duration, why string) error {
	return temporal.NewApplicationErrorWithOptions(why, again, temporal.ApplicationErrorOptions{
		NextRetryDelay: delay,
		Category:       temporal.ApplicationErrorCategoryBenign,
	})
}

// NobodyTook reports whether an activity ended because no worker took it from its queue.
func NobodyTook(err error) bool {
	var timeout *temporal.TimeoutError
	return errors.As(err, &timeout) && timeout.TimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START
}

// RunFailed reports whether an activity whose time was over had a run that failed by an error of
// ours: a worker took it.
func RunFailed(err error) bool {
	var last *temporal.ApplicationError
	for errors.As(err, &last) {
		if last.Type() != again {
			return true
		}
		err = last.Unwrap()
	}
	return false
}

// TimedOut reports whether an activity ended because its time was over: a run was
// cut off, or the next one that it asked for would have come too late. Temporal says
// the second by the retry state and keeps the last run's error as the cause.
func TimedOut(err error) bool {
	var timeout *temporal.TimeoutError
	var ended *temporal.ActivityError
	var last *temporal.ApplicationError
	switch {
	case errors.As(err, &timeout):
		return true
	case errors.As(err, &ended) && ended.RetryState() == enumspb.RETRY_STATE_TIMEOUT:
		return true
	default:
		return errors.As(err, &last) && last.Type() == again
	}
}
