package admin

import "time"

// What one request may weigh.
const (
	maxBody   = 16 << 10 // bytes
	maxHeader = 16 << 10 // bytes, all header lines together
)

// What one field may hold, in characters.
const (
	maxTerm     = 128  // what is searched for
	maxReason   = 500  // why somebody acts
	maxEvidence = 1000 // where it can be seen
	maxNote     = 255
	maxID       = 64 // a payout's
)

// defaultPage is how many rows a list holds when nobody says.
const defaultPage = 50

// How long a connection may take.
const (
	headerTime = 5 * time.Second
	readTime   = 10 * time.Second // header and body
	writeTime  = 70 * time.Second // longer than turnTime, remedyTime and the database
	idleTime   = 60 * time.Second
)

// maxInside is how many requests are answered at one moment. Support is few people
// and a console; who comes after them is asked to come again.
const maxInside = 256

// How many acts on one payment its workflow carries at one moment, and how long
// another one waits for its turn. Temporal keeps ten updates of a workflow in flight
// and turns the eleventh away, so a part of them is left to others.
const (
	perPayment = 8
	turnTime   = 20 * time.Second
)

// How long an answer may wait for others.
const (
	storeTime   = 2500 * time.Millisecond // the database, for one step
	remedyTime  = 30 * time.Second        // a workflow's verdict, an operator's answer included
	waitingTime = 300 * time.Millisecond  // a payment's workflow, asked what it waits for
	deliverTime = 2 * time.Second         // Temporal, told of an event to send again
	verifyTime  = 5 * time.Minute         // a check of everything that is kept
)

// retryAfter is what a 503 asks for.
const retryAfter = 5 * time.Second
