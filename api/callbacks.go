package api

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/failpoint"
	"pirogue/operator"
)

// callbackRoutes serves the operators' callbacks.
type callbackRoutes struct {
	*responder

	callbacks       Callbacks
	routes          Routes
	workflows       Workflows
	registeredToken func(pirogue.OperatorCode) string
	slots           *httpkit.ConcurrencyLimiter
	attempts        *rateLimiter[string]       // callbacks about one attempt
	unknownTokens   *rateLimiter[netip.Prefix] // callbacks with an unknown token from one address
}

// newCallbackRoutes returns the routes with limits of their own.
func newCallbackRoutes(o Options, r *responder) callbackRoutes {
	return callbackRoutes{
		responder: r, callbacks: o.Store.Callbacks, routes: o.Routes, workflows: o.Workflows,
		registeredToken: o.RegisteredToken,
		slots:           httpkit.NewConcurrencyLimiter(httpkit.ConcurrencyLimits{Inside: maxCallbacks}),
		attempts:        newRateLimiter[string](callbackPerSecond, callbackBurst),
		unknownTokens:   newRateLimiter[netip.Prefix](unknownTokenPerSecond, unknownTokenBurst),
	}
}

// register adds the routes.
func (h callbackRoutes) register(in routeGroup) {
	in.post("/:operator/:token", h.receive)
	in.post("/:operator/registered/:token", h.receiveRegistered)
}

// received is the response to a callback that was stored, whatever its content.
type received struct {
	Received bool `json:"received"`
}

// limitConcurrency limits concurrent callbacks apart from the merchants' requests. A flood of them so
// leaves the merchants' capacity alone. A refused operator gets a 503, not a 4xx, for after a 4xx
// it would not send the callback again.
func (h callbackRoutes) limitConcurrency(c *gin.Context) {
	leave, err := h.slots.Enter(c.Request.Context())
	if err != nil {
		h.metrics.callback("", callbackLimited)
		h.fail(c, &problem{error: pirogue.Errorf(pirogue.ServiceUnavailable, "too many callbacks"), wait: serviceRetry})
		return
	}
	defer leave()
	c.Next()
}

// receive stores an operator's callback to the address of one attempt.
func (h callbackRoutes) receive(c *gin.Context, rc *requestContext) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	reader, ok := h.reader(code)
	if !ok {
		return h.unknownCallback(c, "")
	}
	a, err := h.attemptOf(c, rc, code)
	if err != nil {
		return err
	}
	return h.receiveKnown(c, rc, reader, a)
}

// receiveKnown stores an operator's callback about an attempt, then tells the payment's workflow. The
// workflow asks the operator before it believes the callback. A callback that cannot be interpreted
// is stored too: it is evidence, and a reason to ask.
func (h callbackRoutes) receiveKnown(
	c *gin.Context, rc *requestContext, reader operator.CallbackReader, a pirogue.Attempt,
) error {
	result, err := reader.Callback(a, c.Request.Header, rc.body)
	switch pirogue.CodeOf(err) {
	case "":
	// An unproven message is not stored: anyone could have sent it.
	case pirogue.SignatureInvalid, pirogue.InvalidJSON:
		h.metrics.callback(a.Operator, callbackRefused)
		return err
	default:
		h.log.Warn("callback was not understood",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
	if err != nil {
		result.Outcome = "" // stored as evidence; no decision rests on it
	}
	if err := h.record(rc, a, result); err != nil {
		return err
	}
	c.JSON(http.StatusOK, received{Received: true})
	return nil
}

// reader returns the reader of an operator's callbacks. It is false for an operator without
// callbacks.
func (h callbackRoutes) reader(code pirogue.OperatorCode) (operator.CallbackReader, bool) {
	instance, ok := h.routes.Instance(code)
	if !ok {
		return nil, false
	}
	reader, ok := instance.Operator.(operator.CallbackReader)
	return reader, ok
}

// attemptOf finds the attempt by the digest of the token, in the same time for every token. It
// counts the token. It looks up the token before it counts against the address. So wrong guesses
// from the operator's address block no genuine callback.
func (h callbackRoutes) attemptOf(
	c *gin.Context, rc *requestContext, code pirogue.OperatorCode,
) (pirogue.Attempt, error) {
	digest := operator.CallbackDigest(c.Param("token"))
	if err := h.limitAttempt(code, digest); err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := h.callbacks.AttemptByCallback(rc.ctx, code, digest)
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return pirogue.Attempt{}, h.unknownCallback(c, code)
	}
	return a, err
}

// limitAttempt limits the callbacks about one attempt, whichever route receives them. Above the
// limit it asks the operator to send again later, for some never do after a 4xx.
func (h callbackRoutes) limitAttempt(code pirogue.OperatorCode, name string) error {
	wait := h.attempts.take(name, h.clock.Now())
	if wait == 0 {
		return nil
	}
	h.metrics.callback(code, callbackLimited)
	return &problem{error: pirogue.Errorf(pirogue.ServiceUnavailable, "too many about one attempt"), wait: wait}
}

// unknownCallback counts a callback with an unknown token against its address. It refuses an
// address that keeps guessing.
func (h callbackRoutes) unknownCallback(c *gin.Context, code pirogue.OperatorCode) error {
	if wait := h.unknownTokens.take(addressBlock(addressOf(c)), h.clock.Now()); wait > 0 {
		h.metrics.callback("", callbackLimited)
		return &problem{error: pirogue.Errorf(pirogue.RateLimited, "too many unknown tokens"), wait: wait}
	}
	h.metrics.callback(code, callbackUnknown)
	return pirogue.Errorf(pirogue.NotFound, "no such callback")
}

// record stores a callback and tells the workflow. A repeated callback gets the same response and is
// not passed on. The first one was passed on, or the sweep does it.
func (h callbackRoutes) record(rc *requestContext, a pirogue.Attempt, result operator.OperatorResult) error {
	callback := operator.NewCallback(a, result, rc.body, h.clock.Now())
	fresh, err := h.callbacks.RecordCallback(rc.ctx, callback)
	if err != nil {
		return err
	}
	if !fresh {
		h.metrics.callback(a.Operator, callbackRepeated)
		return nil
	}
	h.metrics.callback(a.Operator, callbackReceived)
	failpoint.Hit("api.callback.recorded")
	h.signal(rc.ctx, a, callback)
	return nil
}

// kinds gives the payment's kind by the first letters of our reference: see package ids.
var kinds = map[string]pirogue.PaymentKind{"CI": pirogue.CashIn, "CO": pirogue.CashOut, "RF": pirogue.Refund}

// kindOf returns the kind of an attempt's payment, from the attempt's reference.
func kindOf(a pirogue.Attempt) pirogue.PaymentKind {
	return kinds[string(a.Ref[:min(len(a.Ref), 2)])]
}

// signal tells the payment's workflow of a callback and marks the callback as routed. Where no
// workflow is open, a callback that agrees with the payment's end is marked as routed. Every other
// failure is left to the sweep, which has the operator asked about a callback that disagrees. The
// operator gets its 200 in any case, for the callback is stored.
func (h callbackRoutes) signal(ctx context.Context, a pirogue.Attempt, c operator.Callback) {
	signalling, cancel := context.WithTimeout(ctx, signalTime)
	defer cancel()
	err := h.workflows.SignalCallback(signalling, a.PaymentID, kindOf(a))
	switch {
	case err == nil:
		err = h.callbacks.Routed(ctx, c.ID, h.clock.Now())
	case pirogue.CodeOf(err) == pirogue.NotFound:
		agreed, failed := h.callbacks.RoutedAtEnd(ctx, c, h.clock.Now())
		if agreed || failed != nil {
			err = failed
		}
	}
	if err != nil {
		h.log.Warn("callback is left to the sweep",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
}
