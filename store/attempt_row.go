package store

import (
	"time"

	"pirogue"
)

// attemptRow is a row of attempts.
type attemptRow struct {
	ID              string `gorm:"primaryKey"`
	PaymentID       string
	Number          int
	Operator        string
	Ref             string
	State           string
	Unable          bool   // REFUSED for a reason of the operator's own
	CallbackDigest  string // of the token in the attempt's callback URL
	HandleSealed    string // JSON, "" before the operator returned one
	OperatorMessage string
	Polls           int
	FirstPolledAt   timeText // kept for the timeline, which has one line for all polls
	PolledAt        timeText
	NextPollAt      timeText // the approximate time of the next status query
	PollEveryMs     int64    // between the queries after it, if they are not recorded
	CallbackAskedAt timeText // when the operator was asked to send its callback again
	EvidenceOutcome string   // the latest operator result; "" before the first
	EvidenceTimes   int      // equal results in a row
	EvidenceSince   timeText // the time of the first of them
	SentAt          timeText // NULL again once it is proven not sent
	FirstSentAt     timeText // likewise
	Sendings        int      // the number of times it was marked SENT
	MayHaveLeft     string   // the sendings that are not proven "not sent", such as ",1,3,"
	ResultAt        timeText // kept for the timeline: UpdatedAt changes with every poll
	CreatedAt       timeText
	UpdatedAt       timeText
}

// TableName returns the table's name.
func (attemptRow) TableName() string { return "attempts" }

// nothingLeft is the MayHaveLeft of an attempt of which nothing was sent.
const nothingLeft = ","

// packAttempt returns the row of an attempt that has not been sent.
func packAttempt(a pirogue.Attempt, callbackDigest string) attemptRow {
	return attemptRow{
		ID: string(a.ID), PaymentID: string(a.PaymentID), Number: a.Number,
		Operator: string(a.Operator), Ref: string(a.Ref), State: string(pirogue.AttemptPrepared),
		CallbackDigest: callbackDigest, MayHaveLeft: nothingLeft,
		CreatedAt: timestamp(a.CreatedAt), UpdatedAt: timestamp(a.CreatedAt),
	}
}

// sealHandle returns the sealed form of an attempt's handle; "" for none.
func (db *database) sealHandle(id pirogue.AttemptID, h pirogue.Handle) (string, error) {
	pack := packer{ring: db.ring}
	return pack.seal(sealedHandle, string(id), pack.json(h, len(h) == 0)), pack.err
}

// unpackAttempt returns the attempt of a row.
func (db *database) unpackAttempt(r attemptRow) (pirogue.Attempt, error) {
	pack := packer{ring: db.ring}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(r.ID), PaymentID: pirogue.PaymentID(r.PaymentID), Number: r.Number,
		Operator: pirogue.OperatorCode(r.Operator), Ref: pirogue.OperatorRef(r.Ref),
		State: pirogue.AttemptState(r.State), Unable: r.Unable, OperatorMessage: r.OperatorMessage, Sendings: r.Sendings,
		Polls:    r.Polls,
		Evidence: evidence(r), PolledAt: r.PolledAt.time(),
		NextPoll: r.NextPollAt.time(), PollEvery: time.Duration(r.PollEveryMs) * time.Millisecond,
		CallbackAskedAt: r.CallbackAskedAt.time(),
		SentAt:          r.SentAt.time(), FirstSent: r.FirstSentAt.time(),
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(),
	}
	pack.unjson(pack.open(sealedHandle, r.ID, r.HandleSealed), &a.Handle)
	return a, pack.err
}

// evidence returns the result that an operator has repeated about an attempt.
func evidence(r attemptRow) pirogue.Evidence {
	return pirogue.Evidence{
		Outcome: pirogue.Outcome(r.EvidenceOutcome), Times: r.EvidenceTimes, Since: r.EvidenceSince.time(),
	}
}
