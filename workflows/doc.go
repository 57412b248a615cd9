// Package workflows runs each kind of payment, bulks, webhooks and the sweep.
//
// There is one file per workflow: cashin.go, cashout.go, refund.go, bulk.go, webhook.go, sweep.go. A
// payment goes through phases, one file each:
//
//  1. submit.go sends it; park.go keeps it until it may be sent; failover.go goes on to the next
//     candidate of its route.
//  2. await.go polls until the outcome is final, or a cash-in expires; unknown.go goes on past the
//     finality window.
//  3. finalize.go books the outcome, which captures or releases the hold.
//  4. watch.go looks for money that moves late, under the latest attempt; earlier.go does so for the
//     attempts before it. latesuccess.go, verify.go, case.go and settlecase.go deal with that money.
//  5. finish.go replies to everybody who waits.
//
// support.go carries out support's actions, which wait in an actionQueue: actionqueue.go. policy.go
// holds every activity option and retry policy. ids.go holds the workflow IDs and the names of
// updates, signals and queries. Starter reaches workflows from outside.
//
// A workflow decides and waits; it never touches a clock, a network or a database except through an
// activity. A refusal is a result, never a failed workflow: a workflow that fails is a bug.
package workflows
