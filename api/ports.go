package api

import (
	"context"
	"slices"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/routing"
	"pirogue/support"
)

// Store holds the parts of the database that the API needs, by subject.
type Store struct {
	Schema    Schema
	Access    Access
	Payments  Payments
	Fees      Fees
	Bulks     Bulks
	Reports   Reports
	Callbacks Callbacks
	Breakers  Breakers
	Events    Events
}

// missing returns the names of the parts that are nil.
func (s Store) missing() []string {
	var names []string
	for name, part := range map[string]any{
		"Schema": s.Schema, "Access": s.Access, "Payments": s.Payments, "Fees": s.Fees, "Bulks": s.Bulks,
		"Reports": s.Reports, "Callbacks": s.Callbacks, "Breakers": s.Breakers, "Events": s.Events,
	} {
		if part == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Schema reports on the database itself.
type Schema interface {
	// Ping fails when the database does not respond or its schema is not current.
	Ping(ctx context.Context) error
}

// Access authenticates requests and limits their rate.
type Access interface {
	// Key returns a valid key with the secrets that verify at this moment, and its merchant. It
	// fails with NotFound, also for a revoked key.
	Key(ctx context.Context, public string, at time.Time) (access.APIKey, pirogue.Merchant, error)
	// RecentKey returns what Key returned within the last two seconds, without the database. It
	// reports false for any other key. A key that this process has revoked since is no such key.
	RecentKey(public string, at time.Time) (access.APIKey, pirogue.Merchant, bool)
	// UseSignature binds a signature to the method and path it is first used on, for
	// access.SignatureLife. It reports false when the signature is bound to another pair.
	UseSignature(ctx context.Context, s access.UsedSignature) (bool, error)
	// Admit is UseSignature and then, for a good signature, Take, in one transaction. It fails with
	// access.ErrKeyChanged if the key is not what the caller believes: see access.UsedSignature.
	Admit(ctx context.Context, s access.UsedSignature, o access.Owner) (good bool, wait time.Duration, err error)
	// Take counts one request against an owner's rate and returns 0. Above the rate it returns the
	// time until a request would pass.
	Take(ctx context.Context, o access.Owner, at time.Time) (time.Duration, error)
}

// Payments writes and reads payments of one owner. For another owner's payment it fails with
// TransactionNotFound.
type Payments interface {
	PaymentReads

	// Accept writes a payment, its first attempt and its idempotency key in one transaction. A
	// cash-out or refund gets its hold in the same transaction. When the owner's reference exists it
	// changes nothing and returns the original with false. It fails with InsufficientBalance. A
	// refund also fails with TransactionNotFound where the owner has no such payment. It fails with
	// RefundNotAllowed where that is no successful cash-in, and with RefundExceedsPayment where less
	// is left of it. A failure writes nothing.
	Accept(ctx context.Context, p pirogue.Payment, a pirogue.Attempt, callbackDigest string) (pirogue.Payment, bool, error)
	// ByReference returns the owner's payment with a reference: merchant_refund_id for a refund,
	// merchant_order_id for the other kinds. It fails with TransactionNotFound.
	ByReference(ctx context.Context, o access.Owner, k pirogue.PaymentKind, ref string) (pirogue.Payment, error)
}

// PaymentReads reads payments of one owner.
type PaymentReads interface {
	// Payment returns the owner's payment. It fails with TransactionNotFound.
	Payment(ctx context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error)
	// List returns a page of the owner's payments, newest first.
	List(ctx context.Context, o access.Owner, f listing.PaymentFilter) ([]pirogue.Payment, error)
	// Progress returns what the rows say about a payment's latest attempt. It fails with NotFound for
	// a payment without one: a bulk's line that waits.
	Progress(ctx context.Context, id pirogue.PaymentID) (lifecycle.AttemptProgress, error)
	// Timeline returns every event of the owner's payment, oldest first. It fails with
	// TransactionNotFound.
	Timeline(ctx context.Context, o access.Owner, id pirogue.PaymentID) ([]support.TimelineEntry, error)
}

// Fees reads the contracts of merchants.
type Fees interface {
	// Fees returns the merchant's contract.
	Fees(ctx context.Context, id pirogue.MerchantID) (pirogue.FeeSchedule, error)
}

// Bulks writes and reads bulks of one owner. For another owner's bulk it fails with NotFound.
type Bulks interface {
	// AcceptBulk writes a bulk with its lines, reserves their order IDs and sets their cost aside,
	// in one transaction. When the owner's reference exists it changes nothing and returns the
	// original with false. It fails with InvalidOrderID, naming the lines whose order ID exists, and
	// with InsufficientBalance. A failure writes nothing.
	AcceptBulk(ctx context.Context, b bulk.Bulk, lines []bulk.BulkLine) (bulk.Bulk, bool, error)
	// Bulk returns the owner's bulk with the tallies of its lines. It fails with NotFound.
	Bulk(ctx context.Context, o access.Owner, id pirogue.BulkID) (bulk.BulkProgress, error)
	// BulkLines calls each for every line of a span, under the rules of Export.
	BulkLines(
		ctx context.Context, o access.Owner, id pirogue.BulkID, span bulk.LineSpan, each func(bulk.BulkLine) error,
	) error
	// CancelBulk cancels the lines that have not begun and releases their money. A repeated call has
	// no further effect, also when the bulk has ended.
	CancelBulk(ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time) (bulk.BulkProgress, error)
}

// Reports reads the export, the timelines and the balances of one owner.
type Reports interface {
	// Export calls each for every payment that the filter selects, oldest first. It keeps a page of
	// them in memory and holds no database resources while each runs. It stops at each's first error
	// and returns it.
	Export(ctx context.Context, o access.Owner, f listing.ExportFilter, each func(listing.ExportRow) error) error
	// Balances returns the owner's balances, one per country.
	Balances(ctx context.Context, o access.Owner) ([]listing.Balance, error)
}

// Callbacks stores operators' callbacks and finds their attempts.
type Callbacks interface {
	// AttemptByCallback returns the attempt whose callback URL has the token with this digest. It
	// fails with NotFound.
	AttemptByCallback(ctx context.Context, o pirogue.OperatorCode, digest string) (pirogue.Attempt, error)
	// AttemptByRef returns the attempt with our reference at an operator. It fails with NotFound.
	AttemptByRef(ctx context.Context, o pirogue.OperatorCode, ref pirogue.OperatorRef) (pirogue.Attempt, error)
	// RecordCallback stores a callback. It reports false for one that is stored already.
	RecordCallback(ctx context.Context, c operator.Callback) (bool, error)
	// RoutedAtEnd marks a callback as routed if it agrees with its payment's end. It reports whether
	// it does.
	RoutedAtEnd(ctx context.Context, c operator.Callback, at time.Time) (bool, error)
	// Routed marks a callback as routed: its workflow was told.
	Routed(ctx context.Context, id string, at time.Time) error
}

// Breakers reads the circuit breakers of operators.
type Breakers interface {
	// Breakers returns the circuit breaker of every operator that ever failed.
	Breakers(ctx context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error)
}

// Events reads a merchant's webhooks with their deliveries and repeats them.
type Events interface {
	// Deliveries returns a page of the owner's events, newest first, each with its deliveries.
	Deliveries(ctx context.Context, o access.Owner, f listing.EventFilter) ([]listing.EventLog, error)
	// Resend makes an event WAITING again in a further round of deliveries, and returns it. An event
	// that is WAITING keeps its round. An event that cannot be sent comes back unchanged. It fails
	// with NotFound.
	Resend(ctx context.Context, o access.Owner, id pirogue.EventID) (pirogue.Event, error)
}

// Workflows starts and signals the payments' workflows. No read of a payment asks them.
type Workflows interface {
	Launcher
	// Ready fails with ServiceUnavailable when Temporal or its database does not respond. It fails
	// so too when no worker has polled for payments for 30 s. It uses a result of the last second,
	// so a call before every payment is cheap.
	Ready(ctx context.Context) error
	// Start starts a payment's workflow, or joins it, and waits for the operator's first response
	// within ctx. When ctx ends first it fails with ServiceUnavailable if the workflow may not have
	// started. It fails with Unknown if the workflow started and has not responded yet.
	Start(ctx context.Context, p pirogue.Payment) (lifecycle.FirstResponse, error)
	// SignalCallback tells a payment's workflow that the operator sent a callback. It fails with NotFound
	// when no workflow is open for the payment.
	SignalCallback(ctx context.Context, p pirogue.PaymentID, k pirogue.PaymentKind) error
}

// Launcher starts the workflows of deliveries and bulks. A repeated start has no second effect.
type Launcher interface {
	// Deliver starts the delivery of an event in its round.
	Deliver(ctx context.Context, e pirogue.Event) error
	// LaunchBulk starts the workflow that starts a bulk's payments, or joins it.
	LaunchBulk(ctx context.Context, b bulk.Bulk) error
}

// Routes finds the operators that serve a payment.
type Routes interface {
	// Route returns the instances to try, in order. network "" means the country's
	// first. It fails with CountryNotSupported.
	Route(m pirogue.Mode, c pirogue.CountryCode, n pirogue.Network, k pirogue.PaymentKind) ([]operator.Instance, error)
	// Network returns the network whose route a payment takes, with the reason. It is the network
	// asked for, or the one that the number suggests, or that of the country's first route.
	Network(
		m pirogue.Mode, c pirogue.CountryCode, asked pirogue.Network, k pirogue.PaymentKind, number pirogue.MSISDN,
	) (pirogue.Network, string)
	// Routes returns every route of a mode.
	Routes(m pirogue.Mode) []routing.Route
	// Instance returns the operator of a callback URL. It is false for an operator that is not
	// configured.
	Instance(code pirogue.OperatorCode) (operator.Instance, bool)
}
