// Package activities holds the side effects of a payment: everything a workflow may
// not do itself because it must not happen twice on replay.
//
// An activity does one thing, is safe to run again, and reports failure as a
// pirogue.Error. Deciding what to do next is the workflow's job.
package activities
