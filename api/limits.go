package api

import (
	"time"

	"pirogue"
)

// What one request may weigh.
const (
	maxBody      = 64 << 10 // bytes
	maxHeader    = 16 << 10 // bytes, all header lines together
	maxDepth     = 16       // JSON objects and arrays inside one another
	maxParams    = 20       // fields named in one answer
	maxFieldName = 64       // characters of a field's name that an answer repeats
)

// Bulks. Their bodies are read before their signature is known, so few are read at once.
const (
	maxBulkBody        = 8 << 20                              // bytes, on the one route that takes a bulk
	maxLineValues      = 25                                   // JSON values of a line: 21 at most, whatever is in it
	maxValues          = maxLineValues * pirogue.MaxBulkLines // JSON values of one body
	maxLineParams      = 100                                  // mistakes in lines named in one answer
	maxBulkBodies      = 16                                   // at one moment
	maxBulkBodiesOfOne = 4                                    // of them from one address
	bulkRetry          = 5 * time.Second
	bulkReadTime       = 90 * time.Second // of a body over a slow connection
	bulkTime           = 25 * time.Second // of what follows, until the answer
)

// What one field may hold, in characters.
const (
	maxURL         = 2048
	maxName        = 100
	maxDescription = 255
	maxPairs       = 10 // pairs in metadata
	maxPairKey     = 40
	maxPairValue   = 500
)

// How long a connection may take. A slow client is cut off and costs nobody else.
const (
	headerTime = 5 * time.Second
	readTime   = 10 * time.Second // header and body
	writeTime  = 40 * time.Second // longer than maxWait and firstAnswerTime
	idleTime   = 60 * time.Second
)

// How many requests use the database at once, and how many wait for that and how
// long. A burst of a thousand is answered in its turn.
const (
	maxInside = 32
	maxQueue  = 4096
	maxTurn   = 20 * time.Second
	maxFailed = 8 // in a row
)

// How long an answer may wait for others.
const (
	storeTime       = 2500 * time.Millisecond // the database, all calls before an answer: 503 within 3 s
	againTime       = 2 * time.Second         // an acceptance made again because the answer to COMMIT was lost
	firstAnswerTime = 8 * time.Second         // the operator's first answer to a cash-in
	waitingTime     = 300 * time.Millisecond  // a payment's workflow, asked what it waits for
	heardTime       = time.Second             // a payment's workflow, told of a callback
	deliverTime     = 2 * time.Second         // a delivery, started again
	readyTime       = 2 * time.Second         // all checks of /readyz
)

// Exports. A slow client holds nothing of the database, only a page of rows in memory; the
// time is bounded and few run at once, each with a connection of its own to read a page.
const (
	maxExportRange     = 366 * 24 * time.Hour
	maxExportRows      = 1_000_000          // that a limit may ask for; without one, the whole range
	maxExports         = pirogue.MaxReports // at one moment
	maxMerchantExports = 2                  // of them one merchant's
	exportChunk        = 32 << 10           // bytes sent together
	exportChunkTime    = 20 * time.Second
	exportTime         = 15 * time.Minute
	exportRetry        = 10 * time.Second // what a merchant with too many is asked to wait
)

// maxResent is how many events one request sends again.
const maxResent = 20

// serviceRetry is what a 503 of our own asks for: a blip has passed by then.
const serviceRetry = 5 * time.Second

// Long polling.
const (
	maxWait     = 25 // seconds a merchant may ask for
	rereadEvery = 250 * time.Millisecond
	maxWaiters  = 100 // answers held at one moment: 400 reads a second at most
)

// defaultPage is how many payments a page holds when the merchant does not say.
const defaultPage = 20

// timestampSlack is how far a request's clock may be from ours, either way.
const timestampSlack = 300 // seconds

// maxSecrets is how many secrets of a key verify during a rotation.
const maxSecrets = 2

// How many wrong signatures one address may send before it gets 429 for them.
const (
	wrongSignaturesBurst     = 200
	wrongSignaturesPerSecond = 1
)

// How many callbacks come in. Operators send one or two for a payment and we ask
// for its status anyway, so a callback that is turned away loses time, not money.
const (
	maxCallbacks          = 32  // at one moment; the merchants' API has its own room
	callbackBurst         = 100 // for one token
	callbackPerSecond     = 1
	unknownTokenBurst     = 200 // from one address
	unknownTokenPerSecond = 10
)

// maxBuckets is how many addresses or tokens a limiter remembers in one generation.
const maxBuckets = 10_000
