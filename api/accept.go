package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/access"
	"pirogue/failpoint"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/routing"
)

// acceptance writes new payments of every kind and starts their workflows.
type acceptance struct {
	payments      Payments
	fees          Fees
	workflows     Workflows
	clock         pirogue.Clock
	log           *zap.Logger
	callbackToken func(pirogue.OperatorRef) string
}

// newPayment is a payment to accept, with the parts of its acceptance that depend on its kind.
type newPayment struct {
	payment    pirogue.Payment
	candidates candidateFilter
	otp        string                               // the customer's one-time password; "" for none
	conflict   func(original pirogue.Payment) error // returns the 409 for a reference that already exists
}

// candidateFilter selects the operators that may carry a payment, in order.
type candidateFilter func(p pirogue.Payment) []operator.Instance

// withinLimits selects the operators of a route whose limits allow the payment's amount.
func withinLimits(route []operator.Instance) candidateFilter {
	return func(p pirogue.Payment) []operator.Instance { return routing.Fitting(route, p) }
}

// accept writes a payment, starts its workflow and responds with its state. Every refusal comes
// before the first write. One transaction then writes the payment and, for outgoing money, its
// hold. After that commit the response never reports a failure: the sweep continues the payment if
// this process cannot.
func (a *acceptance) accept(c *gin.Context, rc *requestContext, n newPayment) error {
	p, err := a.price(rc.ctx, a.newlyCreated(n.payment, rc.owner()), n.candidates)
	if err != nil {
		return err
	}
	// Without Temporal or workers nothing could carry the payment out, so nothing is written.
	if err := a.workflows.Ready(rc.ctx); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "workflows are unavailable: %w", err)
	}
	attempt := ids.FirstAttempt(p)
	if n.otp != "" {
		attempt.Handle = pirogue.Handle{pirogue.HandleOTP: n.otp}
	}
	digest := operator.CallbackDigest(a.callbackToken(attempt.Ref))
	failpoint.Hit("api.accept.checked")
	stored, created, err := retryLostCommit(rc.ctx, func(ctx context.Context) (pirogue.Payment, bool, error) {
		return a.payments.Accept(ctx, p, attempt, digest)
	})
	if err != nil {
		return explainRestore(err)
	}
	// An equal ID means that one of the calls of retryLostCommit wrote this payment.
	if !created && stored.ID != p.ID {
		return n.conflict(stored)
	}
	failpoint.Hit("api.accept.committed")
	return a.startAndRespond(c, rc, stored)
}

// unknownOutcome is the text of a 503 after which the payment may exist or not.
var unknownOutcome = pirogue.LocalizedText{
	FR: "Service momentanément indisponible : on ne sait pas si la demande a été acceptée. " +
		"Réessayez avec la même référence, jamais avec une autre.",
	EN: "Service temporarily unavailable: it is unknown whether the request was accepted. " +
		"Retry with the same reference, never with another one.",
}

// Texts of a restored database: one while operators are asked first, one for a reference whose
// payment was lost.
var (
	nothingMade = pirogue.LocalizedText{
		FR: "Service momentanément indisponible : rien n'a été créé. Réessayez avec la même référence.",
		EN: "Service temporarily unavailable: nothing was made. Retry with the same reference.",
	}
	lostReference = pirogue.LocalizedText{
		FR: "Cette référence a déjà été acceptée et nous n'en avons plus la trace. " +
			"Demandez au support, n'en utilisez pas une autre.",
		EN: "This reference was accepted before and our record of it is lost. Ask support, and do not use another one.",
	}
)

// explainRestore replaces the text of an error that a restored database causes, so that the merchant
// learns what to do.
func explainRestore(err error) error {
	switch {
	case errors.Is(err, lifecycle.ErrAskFirst) && !errors.Is(err, pirogue.ErrOutcomeUnknown):
		return &problem{error: err, text: &nothingMade}
	case errors.Is(err, lifecycle.ErrLostReference):
		return &problem{error: err, text: &lostReference}
	default:
		return err
	}
}

// retryLostCommit calls accept, and calls it once more when the response to COMMIT was lost.
// The second call waits until the first transaction has ended. Then it finds that transaction's
// row, under the same ID, or writes it. It fails with unknownOutcome when the outcome stays
// unknown.
func retryLostCommit[T any](
	ctx context.Context, accept func(context.Context) (T, bool, error),
) (stored T, created bool, err error) {
	stored, created, err = accept(ctx)
	if !errors.Is(err, pirogue.ErrOutcomeUnknown) {
		return stored, created, err
	}
	// The request's deadline may be over, but the outcome must be known before the response.
	again, stop := context.WithTimeout(context.WithoutCancel(ctx), secondAcceptTimeout)
	defer stop()
	lost := err
	stored, created, err = accept(again)
	switch pirogue.CodeOf(err) {
	case pirogue.ServiceUnavailable, pirogue.Internal:
		failed := pirogue.Errorf(pirogue.ServiceUnavailable, "%w; then: %w", lost, err)
		return stored, false, &problem{error: failed, text: &unknownOutcome}
	default: // a refusal: the database found no row of the first call
		return stored, created, err
	}
}

// newlyCreated returns p as a payment that is created at this moment.
func (a *acceptance) newlyCreated(p pirogue.Payment, o access.Owner) pirogue.Payment {
	now := a.clock.Now()
	p.ID, p.MerchantID, p.Mode = ids.Payment(), o.MerchantID, o.Mode
	p.Status = pirogue.StatusCreated
	p.StartDeadline, p.CreatedAt, p.UpdatedAt = now.Add(operator.StartDeadline), now, now
	return p
}

// price freezes the fee of the merchant's contract in p. It then chooses the first operator whose
// limits allow the amount that moves. It fails with InvalidAmount when there is none.
func (a *acceptance) price(ctx context.Context, p pirogue.Payment, fits candidateFilter) (pirogue.Payment, error) {
	contract, err := a.fees.Fees(ctx, p.MerchantID)
	if err != nil {
		return pirogue.Payment{}, err
	}
	return priceBy(contract, p, fits)
}

// priceBy is price with a contract that the caller has read.
func priceBy(contract pirogue.FeeSchedule, p pirogue.Payment, fits candidateFilter) (pirogue.Payment, error) {
	rule := contract.Rule(p.Kind, p.Country, p.Network)
	p.Fee, p.FeePayer, p.FeeReturns = rule.Of(p.Amount), rule.Payer, rule.Returned
	fit := fits(p)
	if len(fit) == 0 {
		return pirogue.Payment{}, pirogue.FieldError(pirogue.InvalidAmount, "amount")
	}
	p.Operator = fit[0].Code
	return p, nil
}

// conflict returns the 409 for a reference that exists. It is a repeat when the content is the
// same. Otherwise it names the fields that differ, as the request names them. Nothing was created
// either way.
func conflict(original, request pirogue.Payment, lang uiLanguage) error {
	names := map[string]string{"msisdn": numberField[request.Kind]}
	if request.Kind == pirogue.Refund {
		names = map[string]string{"description": "reason"}
	}
	fields := original.Differences(request)
	if len(fields) == 0 {
		return &problem{error: pirogue.Errorf(pirogue.DuplicateOrder, "the reference exists"), data: shown(original, lang)}
	}
	mismatch := &pirogue.Error{Code: pirogue.IdempotencyMismatch}
	for _, field := range fields {
		if name, ok := names[field]; ok {
			field = name
		}
		mismatch.Params = append(mismatch.Params, pirogue.Param{Field: field, Code: pirogue.IdempotencyMismatch})
	}
	return &problem{error: mismatch, data: shown(original, lang)}
}

// startAndRespond starts the workflow of a payment that was just accepted and responds with the payment's
// row.
//
// The payment exists, so a failed start is no error of the request. The sweep starts payments that
// are still CREATED after 15 s. Neither a disconnected client nor the time already spent shortens
// the start.
func (a *acceptance) startAndRespond(c *gin.Context, rc *requestContext, p pirogue.Payment) error {
	// A client that disconnects must not stop a payment that exists.
	detached := context.WithoutCancel(c.Request.Context())
	start, stop := context.WithTimeout(detached, firstResponseTimeout)
	defer stop()
	// The start waits on the operator and not on the database, so another request may enter.
	rc.leaveLimiter()
	first, err := a.workflows.Start(start, p)
	failpoint.Hit("api.accept.started")
	if err != nil {
		a.paymentLog(rc, p.ID).Warn("payment is left to the sweep or answers later", zap.Error(err))
	}
	view := shown(a.readBack(detached, rc, p), rc.language)
	if first.Unavailable {
		return &problem{error: pirogue.Errorf(pirogue.OperatorUnavailable, "operator is down"), data: view}
	}
	c.JSON(http.StatusAccepted, responseBody[any]{view})
	return nil
}

// readBack returns the payment's row. When the database does not respond it returns p as it was
// accepted, which is certain.
func (a *acceptance) readBack(detached context.Context, rc *requestContext, p pirogue.Payment) pirogue.Payment {
	ctx, cancel := context.WithTimeout(detached, storeTime)
	defer cancel()
	current, err := a.payments.Payment(ctx, rc.owner(), p.ID)
	if err != nil {
		a.paymentLog(rc, p.ID).Warn("payment was accepted and could not be read back", zap.Error(err))
		return p
	}
	return current
}

// paymentLog returns the log about a payment that a request has created.
func (a *acceptance) paymentLog(rc *requestContext, id pirogue.PaymentID) *zap.Logger {
	return a.log.With(zap.String("request_id", rc.id), zap.String("payment_id", string(id)))
}
