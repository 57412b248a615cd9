package api

import (
	"time"

	"pirogue/bulk"
	"pirogue/listing"
)

// The maximum size of one request.
const (
	maxBody      = 64 << 10 // bytes
	maxParams    = 20       // fields named in one response
	maxFieldName = 64       // characters of a field's name that a response repeats
)

// Limits of bulks. Their bodies are read before their signature is checked, so few are read at the
// same time.
const (
	maxBulkBody        = 8 << 20                           // bytes, on the one route that takes a bulk
	maxLineValues      = 25                                // JSON values of a line: a valid one has 21 at most
	maxValues          = maxLineValues * bulk.MaxBulkLines // JSON values of one body
	maxLineParams      = 100                               // mistakes in lines named in one response
	maxBulkBodies      = 16                                // at the same time
	maxBulkBodiesOfOne = 4                                 // of them from one address
	bulkRetry          = 5 * time.Second
	bulkReadTime       = 90 * time.Second // to read a body over a slow connection
	bulkTime           = 25 * time.Second // from the end of the body to the response
)

// The maximum length of one field, in characters.
const (
	maxName        = 100
	maxDescription = 255
	maxPairs       = 10 // pairs in metadata
	maxPairKey     = 40
	maxPairValue   = 500
)

// writeTime limits a response. It is longer than maxWait and firstResponseTimeout.
const writeTime = 40 * time.Second

// Limits of the queue at the database: the requests inside, the requests that wait, and their wait.
// A burst of a thousand is served in turn.
const (
	maxInside    = 32
	maxQueue     = 4096
	maxQueueWait = 20 * time.Second
	maxFailed    = 8 // in a row
)

// Time limits for what a response waits on.
const (
	storeTime            = 2500 * time.Millisecond // all database calls before a response: 503 within 3 s
	secondAcceptTimeout  = 2 * time.Second         // the second acceptance after the response to COMMIT was lost
	firstResponseTimeout = 8 * time.Second         // the operator's first response to a cash-in
	waitingTime          = 300 * time.Millisecond  // the rows that say what a payment waits for
	signalTime           = time.Second             // a payment's workflow, told of a callback
	deliverTime          = 2 * time.Second         // the start of a delivery
	readyTime            = 2 * time.Second         // all checks of /readyz
)

// Limits of exports. A slow client holds no database resources, only a page of rows in memory. The
// time is bounded and few exports run at once. Each has a connection of its own to read a page.
const (
	maxExportRange     = 366 * 24 * time.Hour
	maxExportRows      = 1_000_000               // the largest limit of a request; without a limit, the whole range
	maxExports         = listing.MaxAuditReports // at the same time
	maxMerchantExports = 2                       // of them for one merchant
	exportChunk        = 32 << 10                // bytes sent together
	exportChunkTime    = 20 * time.Second
	exportTime         = 15 * time.Minute
	exportRetry        = 10 * time.Second // retry time for a merchant with too many exports
)

// maxResent limits the events that one request sends again.
const maxResent = 20

// serviceRetry is the retry time in a 503 of our own. A short outage of the database has passed by
// then.
const serviceRetry = 5 * time.Second

// Long polling.
const (
	maxWait     = 25 // the longest wait in seconds that a request may ask for
	rereadEvery = 250 * time.Millisecond
	maxWaiters  = 100 // responses held at the same time: 400 reads a second at most
)

// defaultPage is the number of payments on a page without an explicit limit.
const defaultPage = 20

// timestampSlack bounds the difference between a request's clock and ours, in either direction.
const timestampSlack = 300 // seconds

// maxSecrets is the number of secrets of a key that verify during a rotation.
const maxSecrets = 2

// Limits of wrong signatures from one address. Above them it gets 429 for wrong signatures.
const (
	wrongSignaturesBurst     = 200
	wrongSignaturesPerSecond = 1
)

// Limits of callbacks. Operators send one or two for a payment, and Pirogue also asks for the
// status. So a refused callback costs time, not money.
const (
	maxCallbacks          = 32  // at the same time; the merchant API has limits of its own
	callbackBurst         = 100 // for one token
	callbackPerSecond     = 1
	unknownTokenBurst     = 200 // from one address
	unknownTokenPerSecond = 10
)

// maxBuckets bounds the addresses or tokens in one generation of a limiter.
const maxBuckets = 10_000
