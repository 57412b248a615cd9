package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/failpoint"
)

// received is the answer to a callback that is kept, whatever it says.
type received struct {
	Received bool `json:"received"`
}

// callbackAdmission is what a callback has to pass. There is no signature of ours
// on it: the token in its path and the operator's own proof stand for that.
func (s *Server) callbackAdmission() []handler {
	return []handler{s.readBody, s.checkEncoding, s.startClock}
}

// limitCallbacks gives callbacks room of their own, so that a flood of them does
// not take the merchants'. That we are full is no mistake of the operator's: it is asked to
// come again, for a 4xx is the last it would say.
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

// receiveCallback keeps what an operator tells us at the address of one attempt.
func (s *Server) receiveCallback(c *gin.Context, v *visit) error {
	code := pirogue.OperatorCode(c.Param("operator"))
	reader, ok := s.callbackReader(code)
	if !ok {
		return s.unknownCallback(c, "")
	}
	a, err := s.attemptOf(c, v, code)
	if err != nil {
		return err
	}
	return s.hear(c, v, reader, a)
}

// hear keeps what an operator says about an attempt, then tells the payment's
// workflow, which asks the operator before it believes a word. What cannot be
// understood is kept as well: it is evidence, and a reason to ask.
func (s *Server) hear(c *gin.Context, v *visit, reader pirogue.CallbackReader, a pirogue.Attempt) error {
	receipt, err := reader.Callback(a, c.Request.Header, v.body)
	switch pirogue.CodeOf(err) {
	case "":
	case pirogue.SignatureInvalid, pirogue.InvalidJSON:
		s.metrics.callback(a.Operator, callbackRefused)
		return err
	default:
		s.log.Warn("callback was not understood",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
	if err != nil {
		receipt.Outcome = "" // kept as evidence, and believed by nobody
	}
	if err := s.keep(v, a, receipt); err != nil {
		return err
	}
	c.JSON(http.StatusOK, received{Received: true})
	return nil
}

// callbackReader returns the reader of an operator's callbacks, and whether there
// is one.
func (s *Server) callbackReader(code pirogue.OperatorCode) (pirogue.CallbackReader, bool) {
	instance, ok := s.routes.Instance(code)
	if !ok {
		return nil, false
	}
	reader, ok := instance.Operator.(pirogue.CallbackReader)
	return reader, ok
}

// attemptOf finds the attempt by the digest of the token, which takes the same time
// for every token, and counts the token. A known token is found before anything is counted
// against its address: what a neighbour of the operator guesses keeps no callback out.
func (s *Server) attemptOf(c *gin.Context, v *visit, code pirogue.OperatorCode) (pirogue.Attempt, error) {
	digest := pirogue.CallbackDigest(c.Param("token"))
	if err := s.limitAttempt(code, digest); err != nil {
		return pirogue.Attempt{}, err
	}
	a, err := s.store.AttemptByCallback(v.ctx, code, digest)
	if pirogue.CodeOf(err) == pirogue.NotFound {
		return pirogue.Attempt{}, s.unknownCallback(c, code)
	}
	return a, err
}

// limitAttempt counts a callback about one attempt, whatever names it. The operator is asked to
// come again, for after a 4xx some never do.
func (s *Server) limitAttempt(code pirogue.OperatorCode, name string) error {
	wait := s.callbacks.take(name, s.clock.Now())
	if wait == 0 {
		return nil
	}
	s.metrics.callback(code, callbackLimited)
	return &problem{error: pirogue.Errorf(pirogue.ServiceUnavailable, "too many about one attempt"), wait: wait}
}

// unknownCallback counts a callback for nobody against its address, and turns an address away that
// keeps guessing.
func (s *Server) unknownCallback(c *gin.Context, code pirogue.OperatorCode) error {
	if wait := s.unknownTokens.take(neighbourhood(addressOf(c)), s.clock.Now()); wait > 0 {
		s.metrics.callback("", callbackLimited)
		return &problem{error: pirogue.Errorf(pirogue.RateLimited, "too many unknown tokens"), wait: wait}
	}
	s.metrics.callback(code, callbackUnknown)
	return pirogue.Errorf(pirogue.NotFound, "no such callback")
}

// keep records a callback and passes it on. The same message again is answered and
// not passed on: the first one was, or the sweep does it.
func (s *Server) keep(v *visit, a pirogue.Attempt, said pirogue.Receipt) error {
	callback := pirogue.NewCallback(a, said, v.body, s.clock.Now())
	fresh, err := s.store.RecordCallback(v.ctx, callback)
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

// kinds is what the first letters of our reference say about a payment: see package
// ids.
var kinds = map[string]pirogue.Kind{"CI": pirogue.CashIn, "CO": pirogue.CashOut, "RF": pirogue.Refund}

// kindOf returns the kind of an attempt's payment.
func kindOf(a pirogue.Attempt) pirogue.Kind {
	return kinds[string(a.Ref[:min(len(a.Ref), 2)])]
}

// passOn tells the payment's workflow and marks the callback as told. Where no workflow is
// open, one that says nothing else than how its payment ended needs nobody. Whatever else
// goes wrong is the sweep's, and it has the operator asked about a callback that says
// something else: the operator has done its part and gets its 200.
func (s *Server) passOn(ctx context.Context, a pirogue.Attempt, c pirogue.Callback) {
	hear, cancel := context.WithTimeout(ctx, heardTime)
	defer cancel()
	err := s.workflows.Heard(hear, a.PaymentID, kindOf(a))
	agreed := false
	switch {
	case err == nil:
		err = s.store.Routed(ctx, c.ID, s.clock.Now())
	case pirogue.CodeOf(err) == pirogue.NotFound:
		var failed error
		if agreed, failed = s.store.RoutedAtEnd(ctx, c, s.clock.Now()); agreed || failed != nil {
			err = failed
		}
	}
	if err != nil {
		s.log.Warn("callback is left to the sweep",
			zap.String("operator", string(a.Operator)), zap.String("payment_id", string(a.PaymentID)), zap.Error(err))
	}
}
