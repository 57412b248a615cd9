package admin

import "time"

// The maximum size of one request.
const (
	maxBody = 16 << 10 // bytes
)

// The maximum length of one field, in characters.
const (
	maxTerm     = 128  // a search term
	maxReason   = 500  // the reason for an action
	maxEvidence = 1000 // the place of the evidence
	maxNote     = 255
	maxID       = 64 // a settlement's
)

// defaultPage is the number of rows of a list without an explicit limit.
const defaultPage = 50

// writeTime limits a response. It is longer than turnTime, actionTime and the database.
const writeTime = 70 * time.Second

// maxInside limits the requests served at the same time. Support is a few people and a console;
// requests above it get a 503 and may retry.
const maxInside = 256

// The actions that a payment's workflow carries out at the same time, and the wait for a turn.
// Temporal keeps ten updates of a workflow in flight and refuses the eleventh. The limit stays
// below ten, to leave updates for other clients.
const (
	perPayment = 8
	turnTime   = 20 * time.Second
)

// Time limits for what a response waits on.
const (
	storeTime   = 2500 * time.Millisecond // one database call
	actionTime  = 30 * time.Second        // a workflow's result, with the operator's response in it
	waitingTime = 300 * time.Millisecond  // a payment's workflow, queried for what it waits on
	deliverTime = 2 * time.Second         // Temporal, for the start of a delivery
	verifyTime  = 5 * time.Minute         // a check of all stored rows
)

// retryAfter is the retry time in a 503.
const retryAfter = 5 * time.Second
