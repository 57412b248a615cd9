package activities

import (
	"context"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/support"
	"pirogue/webhook"
)

// Store holds the parts of the database that activities need, by subject. Every method may be called
// again with the same arguments without a second effect.
type Store struct {
	Payments      PaymentStore
	Merchants     MerchantStore
	Attempts      AttemptStore
	Sendings      SendingStore
	Operators     OperatorStore
	Callbacks     CallbackStore
	Bulks         BulkStore
	BulkLines     BulkLineStore
	Cases         CaseStore
	AuditLog      AuditLogStore
	Webhooks      WebhookStore
	DeliveryQueue DeliveryQueueStore
	Keys          KeyStore
	Restarts      RestartStore
	AskFirst      AskFirstStore
}

// PaymentStore accepts payments, makes them terminal and moves money.
type PaymentStore interface {
	// Accept writes a payment with its first attempt, its idempotency and its hold in
	// one transaction; see api.Payments.
	Accept(ctx context.Context, p pirogue.Payment, a pirogue.Attempt, callbackDigest string) (pirogue.Payment, bool, error)
	// Finalize makes a payment terminal, books what ledger.Ending says, and brings a refund's
	// cash-in up to date. It writes the events for the merchant in the same transaction. A payment
	// that is terminal already is left alone; see lifecycle.Finalized.
	Finalize(ctx context.Context, s lifecycle.Finalization) (lifecycle.Finalized, error)
	// Refunds returns the refunds of a cash-in that gave money back, or may yet.
	Refunds(ctx context.Context, parent pirogue.PaymentID) ([]pirogue.Payment, error)
}

// MerchantStore reads merchants.
type MerchantStore interface {
	// Merchant returns a merchant, and whether operators are asked first. It fails with NotFound.
	Merchant(ctx context.Context, id pirogue.MerchantID) (pirogue.Merchant, error)
}

// AttemptStore reads a payment's attempts.
type AttemptStore interface {
	// Latest returns a payment with its latest attempt. It fails with
	// TransactionNotFound.
	Latest(ctx context.Context, id pirogue.PaymentID) (pirogue.Payment, pirogue.Attempt, error)
	// LatestWithMerchant returns what Latest does, and the payment's merchant as Merchant does.
	LatestWithMerchant(
		ctx context.Context, id pirogue.PaymentID,
	) (pirogue.Payment, pirogue.Attempt, pirogue.Merchant, error)
	// Numbered returns a payment with its attempt of a number, 0 for the latest. It fails with
	// TransactionNotFound, and with NotFound where it has no such attempt.
	Numbered(ctx context.Context, id pirogue.PaymentID, number int) (pirogue.Payment, pirogue.Attempt, error)
	// EarlierAttempts returns the attempts that another one has followed, the first one first.
	// Something of each may have left us.
	EarlierAttempts(ctx context.Context, id pirogue.PaymentID) ([]pirogue.Attempt, error)
	// Collected returns the attempt that collected a payment: its accepted one, or else the
	// latest that may have. It fails with NotFound.
	Collected(ctx context.Context, id pirogue.PaymentID) (pirogue.Attempt, error)
	// NothingSent reports whether nothing of a payment is at an operator, nor may be.
	NothingSent(ctx context.Context, id pirogue.PaymentID) (bool, error)
}

// SendingStore records what is sent to operators and what they respond.
type SendingStore interface {
	// Send marks a prepared attempt SENT, and its CREATED payment INITIATED, before
	// the bytes leave, and numbers the sending. Unless its result is SendMarked it changes
	// nothing and the attempt must not be sent: it is not PREPARED, or the payment is
	// terminal, CREATED past its start deadline, or past limits. An attempt that is SENT or
	// UNKNOWN may be sent once more under its reference where limits say so: only for an
	// operator that executes a reference once.
	Send(
		ctx context.Context, id pirogue.AttemptID, limits operator.SendLimits, at time.Time,
	) (lifecycle.Sending, error)
	// RecordAttemptResult records what became of one sending, and returns the attempt's state. Only the
	// latest sending of a SENT attempt changes it; see lifecycle.AttemptResult.
	RecordAttemptResult(ctx context.Context, a lifecycle.AttemptResult) (pirogue.AttemptState, error)
	// Renew prepares an attempt after another one that can have no effect, which
	// becomes UNKNOWN if it is still SENT. The next attempt's number makes it unique:
	// a second call returns the attempt that the first one made. An attempt that was
	// ACCEPTED meanwhile has no next one and is returned itself.
	Renew(
		ctx context.Context, after pirogue.AttemptID, next pirogue.Attempt, callbackDigest string,
	) (pirogue.Attempt, error)
	// Postpone makes a payment PENDING whose latest attempt cannot be sent yet. The attempt
	// stays PREPARED. It reports false, and changes nothing, when the payment is still
	// CREATED past its start deadline.
	Postpone(ctx context.Context, id pirogue.AttemptID, words string, at time.Time) (bool, error)
	// RecordPoll counts one status question, keeps the operator's words and returns the
	// evidence with this answer in it. The sendings and questions before it are its
	// identity: recorded again, it counts once. One that another question or a sending has
	// overtaken confirms nothing; what it contradicts begins again.
	RecordPoll(ctx context.Context, poll lifecycle.Poll) (pirogue.Evidence, error)
	// ClaimCallbackResend records that an attempt's operator is asked to send its callback again,
	// and reports true the first time only.
	ClaimCallbackResend(ctx context.Context, id pirogue.AttemptID, at time.Time) (bool, error)
}

// OperatorStore keeps the circuit breaker of each operator and counts its work.
type OperatorStore interface {
	// Breaker returns how an operator does. One that never had trouble is closed.
	Breaker(ctx context.Context, o pirogue.OperatorCode) (operator.CircuitBreaker, error)
	// SaveBreaker replaces a health, and reports false when it was changed since it was
	// read.
	SaveBreaker(ctx context.Context, h operator.CircuitBreaker) (bool, error)
	// PollLoad counts what an operator is asked about: cash-ins accepted since fresh, and
	// payments that ended since watched.
	PollLoad(ctx context.Context, o pirogue.OperatorCode, fresh, watched time.Time) (operator.PollLoad, error)
	// WatchLoad counts the attempts at an operator whose payment has ended and that are due to be
	// asked about. They left us since a moment.
	WatchLoad(ctx context.Context, o pirogue.OperatorCode, since, now time.Time) (operator.WatchLoad, error)
	// Waiting returns how many open payments wait to be sent to an operator.
	Waiting(ctx context.Context, o pirogue.OperatorCode) (int, error)
}

// CallbackStore keeps operators' messages to us.
type CallbackStore interface {
	// Callbacks returns what an operator told us about an attempt, oldest first.
	Callbacks(ctx context.Context, id pirogue.AttemptID) ([]operator.OperatorResult, error)
	// Unrouted returns callbacks received before a moment of which no workflow was
	// told, oldest first, behind the callback after.
	Unrouted(ctx context.Context, after operator.Callback, before time.Time, limit int) ([]operator.Callback, error)
	// RoutedAtEnd marks a callback as told that says nothing else than how its payment ended,
	// and reports whether it does.
	RoutedAtEnd(ctx context.Context, c operator.Callback, at time.Time) (bool, error)
	// Routed marks a callback as told.
	Routed(ctx context.Context, id string, at time.Time) error
}

// BulkStore brings bulks to their end.
type BulkStore interface {
	// CloseBulk ends a bulk of which every line is over, and writes the event for its merchant. It
	// reports whether the bulk has ended.
	CloseBulk(ctx context.Context, id pirogue.BulkID, at time.Time) (bulk.BulkProgress, bool, error)
	// EndUnsentLines ends payments of a bulk that is being cancelled, at most limit, and returns
	// how many. Nothing of them was ever sent. Their holds are released.
	EndUnsentLines(ctx context.Context, id pirogue.BulkID, at time.Time, limit int) (int, error)
	// EndCancelled ends the payment of an attempt that Send keeps back because its bulk is being
	// cancelled. It returns where the payment stands.
	EndCancelled(ctx context.Context, id pirogue.AttemptID, at time.Time) (pirogue.Status, error)
	// UnstartedBulks returns bulks accepted before a moment that no workflow took up,
	// oldest first.
	UnstartedBulks(ctx context.Context, before time.Time, limit int) ([]bulk.Bulk, error)
}

// BulkLineStore makes payments of the lines of bulks and sends them.
type BulkLineStore interface {
	// BulkPage says how a page of a bulk stands.
	BulkPage(ctx context.Context, id pirogue.BulkID, page int) (bulk.BulkPageProgress, error)
	// StartLines makes payments of the next waiting lines of a page, at most limit, and returns how
	// many. It does so in one transaction. prepare gives each its first attempt and the digest of
	// its callback's token. It fails with MerchantSuspended while lines wait that may not begin.
	StartLines(
		ctx context.Context, id pirogue.BulkID, page, limit int,
		prepare func(pirogue.Payment) (pirogue.Attempt, string),
	) (int, error)
	// OpenLines returns the payments of a page that have not ended. A row that cannot be
	// read is among them.
	OpenLines(ctx context.Context, id pirogue.BulkID, page int) ([]bulk.OpenLine, error)
	// UnsentLines returns the payments of a page of which nothing was ever sent, each with its
	// attempt. It leaves out those that cannot be read.
	UnsentLines(ctx context.Context, id pirogue.BulkID, page int) ([]bulk.UnsentLine, error)
	// SendLines marks attempts SENT and their payments INITIATED, in one transaction, and
	// returns the sendings of those that it marked: the others must not be sent.
	SendLines(
		ctx context.Context, attempts []pirogue.AttemptID, at time.Time,
	) (map[pirogue.AttemptID]lifecycle.Sending, error)
	// UnstartedLines returns payments of a bulk whose workflow could not be started, behind
	// the payment after, at most limit. Each has an open case.
	UnstartedLines(
		ctx context.Context, id pirogue.BulkID, after pirogue.PaymentID, limit int,
	) ([]bulk.OpenLine, error)
	// LineStarted closes the case about a line whose workflow could not be started.
	LineStarted(ctx context.Context, id pirogue.PaymentID, at time.Time) error
}

// CaseStore keeps the cases that only a person can close.
type CaseStore interface {
	// Cases returns a payment's cases, the oldest first.
	Cases(ctx context.Context, id pirogue.PaymentID) ([]support.Case, error)
	// Case returns a case. It fails with NotFound.
	Case(ctx context.Context, id support.CaseID) (support.Case, error)
	// Returns returns the refunds that were to give the money of a case back, oldest first.
	Returns(ctx context.Context, c support.Case) ([]pirogue.Payment, error)
	// OpenCase records a case and books what of c.Paid is in no book yet, in one transaction.
	// c.Paid is all that moved under the attempt; 0 books nothing. It returns the case as it
	// stands: a further one of the same cause when the first has money already.
	OpenCase(ctx context.Context, c support.Case) (support.Case, error)
	// ReopenCase opens a case that books nothing, or opens it again with another note.
	ReopenCase(ctx context.Context, c support.Case) error
	// CloseCase closes a case that has no money in suspense.
	CloseCase(ctx context.Context, id support.CaseID, at time.Time) error
	// PlaceCase closes a case whose money people placed outside Pirogue, and takes it out of
	// suspense.
	PlaceCase(ctx context.Context, id support.CaseID, at time.Time) error
}

// AuditLogStore keeps support's actions with their results.
type AuditLogStore interface {
	// BeginAuditEntry writes an act before it is carried out. The same act may be begun again.
	BeginAuditEntry(ctx context.Context, a support.AuditEntry) error
	// AuditEntry returns an act of support. It fails with NotFound.
	AuditEntry(ctx context.Context, id string) (support.AuditEntry, error)
	// EndAuditEntry completes an act with its verdict. An act that has one keeps it. It fails with
	// NotFound.
	EndAuditEntry(ctx context.Context, act string, v support.ActionResult, at time.Time) error
	// Proposal returns the resolution of a payment that waits for a second person. It fails
	// with NotFound.
	Proposal(ctx context.Context, id pirogue.PaymentID) (support.AuditEntry, error)
}

// WebhookStore keeps events and their deliveries.
type WebhookStore interface {
	// BeginDelivery writes the row of an event's next delivery and returns both. A delivery that
	// was begun and never ended is returned again with its number. When the event is not WAITING,
	// or it is too early, nothing is left to send: the delivery's number is 0.
	BeginDelivery(ctx context.Context, id pirogue.EventID, at time.Time) (pirogue.Event, webhook.Delivery, error)
	// BeginScheduledDelivery does so for a workflow that waited until the second delivery was due. It is
	// never too early then.
	BeginScheduledDelivery(
		ctx context.Context, id pirogue.EventID, at time.Time,
	) (pirogue.Event, webhook.Delivery, error)
	// BeginFirstDelivery does so for the very first delivery of an event. The number is 0 once any
	// delivery began. The next delivery is never before NextAt.
	BeginFirstDelivery(ctx context.Context, id pirogue.EventID, at time.Time) (pirogue.Event, webhook.Delivery, error)
	// Event returns an event. It fails with NotFound.
	Event(ctx context.Context, id pirogue.EventID) (pirogue.Event, error)
	// EndDelivery ends a delivery, sets the event's state and says when the next one is due.
	EndDelivery(ctx context.Context, d webhook.Delivery, state pirogue.EventState, next time.Time) error
	// Undelivered returns WAITING events, the longest overdue first. Their next delivery has not begun
	// at its time, or their first one was cut off.
	Undelivered(ctx context.Context, before time.Time, limit int) ([]pirogue.Event, error)
	// OverdueEvents returns WAITING events whose next delivery is late, likewise.
	OverdueEvents(ctx context.Context, now, before time.Time, span lifecycle.RowSpan) ([]pirogue.Event, error)
}

// DeliveryQueueStore keeps the events of a busy endpoint in order.
type DeliveryQueueStore interface {
	// QueueDelivery gives a WAITING event the next place in its owner's queue, in NextAt:
	// places lie gap apart, the first one gap after at.
	QueueDelivery(ctx context.Context, id pirogue.EventID, at time.Time, gap time.Duration) (pirogue.Event, error)
	// QueueNextDelivery gives an event whose delivery failed a place in its owner's queue. It does
	// so if that is longer than until the event is due; the zero value says that it is not.
	QueueNextDelivery(ctx context.Context, e pirogue.Event, due time.Time, gap time.Duration) (time.Time, error)
	// BeginQueued begins the next delivery of an owner's oldest queued event. Its number
	// is 0 when none is queued.
	BeginQueued(ctx context.Context, o access.Owner, at time.Time) (pirogue.Event, webhook.Delivery, error)
}

// KeyStore keeps what signs webhooks, and the signatures that were used.
type KeyStore interface {
	// WebhookSecrets returns the secrets an owner's webhooks are signed with: the API
	// secret of its newest key in force, and the whsec_ secret.
	WebhookSecrets(ctx context.Context, o access.Owner) (api, standard string, err error)
	// UseSignature remembers a signature that we sent ourselves, so that a captured webhook
	// posted back to the API moves nothing.
	UseSignature(ctx context.Context, s access.UsedSignature) (bool, error)
	// Purge forgets signatures that were spent before a moment and guard nothing any
	// more, and returns how many.
	Purge(ctx context.Context, before time.Time, limit int) (int, error)
}

// RestartStore finds the work whose workflow is lost or was never started.
type RestartStore interface {
	// Unstarted returns payments CREATED before a moment, oldest first.
	Unstarted(ctx context.Context, before time.Time, limit int) ([]pirogue.Payment, error)
	// Unfinished returns payments whose workflow has something to do, that nobody touched and
	// whose workflow nobody saw open since before: those seen longest ago first, of the
	// payments that are open or of those that have ended.
	Unfinished(ctx context.Context, open bool, before time.Time, span lifecycle.RowSpan) ([]lifecycle.Restart, error)
	// OpenBulks returns bulks that have not ended, likewise. One that cannot be read is left
	// out and named by the error beside the others.
	OpenBulks(ctx context.Context, before time.Time, span lifecycle.RowSpan) ([]bulk.Bulk, error)
	// MarkSeen notes when the workflows of rows of one kind were seen open.
	MarkSeen(ctx context.Context, what lifecycle.FollowedKind, ids []string, at time.Time) error
	// Restart returns one payment as its workflow would be started again.
	Restart(ctx context.Context, id pirogue.PaymentID) (lifecycle.Restart, error)
	// Reopen notes that the workflow of a payment has something to do again.
	Reopen(ctx context.Context, id pirogue.PaymentID, at time.Time) error
	// Finish notes that the workflow of a payment that has ended has nothing left to do.
	Finish(ctx context.Context, id pirogue.PaymentID, at time.Time) error
}

// AskFirstStore reads the mode of a restored database.
type AskFirstStore interface {
	// AsksFirst reports whether the database was restored and operators are asked first.
	AsksFirst(ctx context.Context) (bool, error)
}
