package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/failpoint"
	"pirogue/operator"
)

// received is the response to a callback that was stored, whatever its content.
type received struct {
	Received bool `json:"received"`
}

// callbackAdmission lists the checks of a callback. Callbacks bear no signature of ours: the token
// in the path and the operator's own proof authenticate them.
func (s *Server) callbackAdmission() []handler {
	return []handler{s.readBody, s.checkEncoding, s.startClock}
}

// limitCallbacks limits concurrent callbacks apart from the merchants' requests. A flood of them so
// leaves the merchants' capacity alone. A refused operator gets a 503, not a 4xx, for after a 4xx
// it would not send the callback again.
func (s *Server) limitCallbacks(c *gin.Context) {
	select {
	case s.callbackSlots <- struct{}{}:
		defer func() { <-s.callbackSlots }()
		c.Next()
	default:
		s.metrics.callback("", callbackLimited)
		s.fail(c, &problem{error: pirogue.Errorf(pirogue.ServiceUnavailable, "too many callbacks"), wait: serviceRetry})
	}
}

// receiveCallback stores an operator's callback to the address of one attempt.
func (s *Server) receiveCallback(c *gin.Context, v *requestContext) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	reader, ok := s.callbackReader(code)
	if !ok {
		return s.unknownCallback(c, "")
	}
	a, err := s.attemptOf(c, v, code)
	if err != nil {
		return err
	}
	return s.receiveKnownCallback(c, v, reader, a)
}

// receiveKnownCallback stores an operator's callback about an attempt, then tells the payment's workflow. The
// workflow asks the operator before it believes the callback. A callback that cannot be interpreted
// is stored too: it is evidence, and a reason to ask.
func (s *Server) receiveKnownCallback(c *gin.Context, v *requestContext, reader operator.CallbackReader, a pirogue.Attempt) error {
	receipt, err := reader.Callback(a, c.Request.Header, v.body)
	switch pirogue.CodeOf(err) {
	case "":
	// An unproven message is not stored: anyone could have sent it.
	case pirogue.SignatureInvalid, pirogue.InvalidJSON:
		s.metrics.callback(a.Operator, callbackRefused)
		return err
	default:
		s.log.Warn("callback was not understood",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
	if err != nil {
		receipt.Outcome = "" // stored as evidence; no decision rests on it
	}
	if err := s.keep(v, a, receipt); err != nil {
		return err
	}
	c.JSON(http.StatusOK, received{Received: true})
	return nil
}

// callbackReader returns the reader of an operator's callbacks. It is false for an operator without
// callbacks.
func (s *Server) callbackReader(code pirogue.OperatorCode) (operator.CallbackReader, bool) {
	instance, ok := s.routes.Instance(code)
	if !ok {
		return nil, false
	}
	reader, ok := instance.Operator.(operator.CallbackReader)
	return reader, ok
}

// attemptOf finds the attempt by the digest of the token, in the same time for every token. It
// counts the token. It looks up the token before it counts against the address. So wrong guesses
// from the operator's address block no genuine callback.
func (s *Server) attemptOf(c *gin.Context, v *requestContext, code pirogue.OperatorCode) (pirogue.Attempt, error) {
	digest := operator.CallbackDigest(c.Param("token"))
	if err := s.limitAttempt(code, digest); err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := s.store.Callbacks.AttemptByCallback(v.ctx, code, digest)
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return pirogue.Attempt{}, s.unknownCallback(c, code)
	}
	return a, err
}

// limitAttempt limits the callbacks about one attempt, whichever route receives them. Above the
// limit it asks the operator to send again later, for some never do after a 4xx.
func (s *Server) limitAttempt(code pirogue.OperatorCode, name string) error {
	wait := s.callbacks.take(name, s.clock.Now())
	if wait == 0 {
		return nil
	}
	s.metrics.callback(code, callbackLimited)
	return &problem{error: pirogue.Errorf(pirogue.ServiceUnavailable, "too many about one attempt"), wait: wait}
}

// unknownCallback counts a callback with an unknown token against its address. It refuses an
// address that keeps guessing.
func (s *Server) unknownCallback(c *gin.Context, code pirogue.OperatorCode) error {
	if wait := s.unknownTokens.take(addressBlock(addressOf(c)), s.clock.Now()); wait > 0 {
		s.metrics.callback("", callbackLimited)
		return &problem{error: pirogue.Errorf(pirogue.RateLimited, "too many unknown tokens"), wait: wait}
	}
	s.metrics.callback(code, callbackUnknown)
	return pirogue.Errorf(pirogue.NotFound, "no such callback")
}

// keep stores a callback and tells the workflow. A repeated callback gets the same response and is
// not passed on. The first one was passed on, or the sweep does it.
func (s *Server) keep(v *requestContext, a pirogue.Attempt, said operator.OperatorResult) error {
	callback := operator.NewCallback(a, said, v.body, s.clock.Now())
	fresh, err := s.store.Callbacks.RecordCallback(v.ctx, callback)
	if err != nil {
		return err
	}
	if !fresh {
		s.metrics.callback(a.Operator, callbackRepeated)
		return nil
	}
	s.metrics.callback(a.Operator, callbackReceived)
	failpoint.Hit("api.callback.kept")
	s.passOn(v.ctx, a, callback)
	return nil
}

// kinds gives the payment's kind by the first letters of our reference: see package ids.
var kinds = map[string]pirogue.PaymentKind{"CI": pirogue.CashIn, "CO": pirogue.CashOut, "RF": pirogue.Refund}

// kindOf returns the kind of an attempt's payment, from the attempt's reference.
func kindOf(a pirogue.Attempt) pirogue.PaymentKind {
	return kinds[string(a.Ref[:min(len(a.Ref), 2)])]
}

// passOn tells the payment's workflow of a callback and marks the callback as routed. Where no
// workflow is open, a callback that agrees with the payment's end is marked as routed. Every other
// failure is left to the sweep, which has the operator asked about a callback that disagrees. The
// operator gets its 200 in any case, for the callback is stored.
func (s *Server) passOn(ctx context.Context, a pirogue.Attempt, c operator.Callback) {
	hear, cancel := context.WithTimeout(ctx, heardTime)
	defer cancel()
	err := s.workflows.SignalCallback(hear, a.PaymentID, kindOf(a))
	agreed := false
	switch {
	case err == nil:
		err = s.store.Callbacks.Routed(ctx, c.ID, s.clock.Now())
	case pirogue.CodeOf(err) == pirogue.NotFound:
		var failed error
		if agreed, failed = s.store.Callbacks.RoutedAtEnd(ctx, c, s.clock.Now()); agreed || failed != nil {
			err = failed
		}
	}
	if err != nil {
		s.log.Warn("callback is left to the sweep",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
}
