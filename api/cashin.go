package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/ids"
)

// answer is the body of a success.
type answer[T any] struct {
	Data T `json:"data"`
}

// createCashIn accepts a cash-in. What can be refused is refused before anything is
// written. One transaction then makes it a fact, and from there on the answer says
// what became of it, never that it failed: the sweep carries on whatever this
// process does not.
func (s *Server) createCashIn(c *gin.Context, v *visit) error {
	in, err := s.readCashIn(v.body, v.key.Mode)
	if err != nil {
		return err
	}
	instance, err := s.instanceFor(in, v.key.Mode)
	if err != nil {
		return err
	}
	if err := s.workflows.Ready(v.ctx); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "workflows are away: %w", err)
	}
	p, attempt := s.newCashIn(in, instance, v.owner())
	digest := pirogue.CallbackDigest(s.callbackToken(attempt.Ref))
	stored, created, err := s.store.Accept(v.ctx, p, attempt, digest)
	if err != nil {
		return err
	}
	if !created {
		return conflict(stored, p, v.tongue)
	}
	return s.carry(c, v, stored)
}

// instanceFor returns the operator that is tried first, whose limits the amount has
// to keep.
func (s *Server) instanceFor(in cashInForm, m pirogue.Mode) (pirogue.Instance, error) {
	route, err := s.routes.Route(m, in.country.Code, in.network, pirogue.CashIn)
	if err != nil || len(route) == 0 {
		return pirogue.Instance{}, s.unserved(in, m, err)
	}
	limits := route[0].Operator.Capability()
	if in.amount < limits.MinAmount || limits.MaxAmount > 0 && in.amount > limits.MaxAmount {
		return pirogue.Instance{}, pirogue.FieldError(pirogue.InvalidAmount, "amount")
	}
	return route[0], nil
}

// unserved says which field asked for something that no operator serves: the
// network, when the country is served without it.
func (s *Server) unserved(in cashInForm, m pirogue.Mode, err error) error {
	if code := pirogue.CodeOf(err); code != "" && code != pirogue.CountryNotSupported {
		return err
	}
	if in.network != "" {
		others, err := s.routes.Route(m, in.country.Code, "", pirogue.CashIn)
		if err == nil && len(others) > 0 {
			return pirogue.FieldError(pirogue.InvalidParameter, "network")
		}
	}
	return pirogue.FieldError(pirogue.CountryNotSupported, "customer_msisdn")
}

// newCashIn returns the payment and its first attempt as the database will keep
// them.
func (s *Server) newCashIn(in cashInForm, i pirogue.Instance, o pirogue.Owner) (pirogue.Payment, pirogue.Attempt) {
	now := s.clock.Now()
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: o.MerchantID, Mode: o.Mode, Kind: pirogue.CashIn,
		OrderID: in.orderID, Status: pirogue.StatusCreated,
		Amount:  pirogue.Money{Minor: in.amount, Currency: in.country.Currency},
		Fee:     pirogue.Money{Currency: in.country.Currency},
		Country: in.country.Code, MSISDN: in.msisdn, Network: i.Network, Operator: i.Code,
		CustomerName: in.customerName, Description: in.description,
		ReturnURL: in.returnURL, CancelURL: in.cancelURL, NotifyURL: in.notifyURL, Metadata: in.metadata,
		StartDeadline: now.Add(startDeadline), CreatedAt: now, UpdatedAt: now,
	}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: i.Code,
		Ref: ids.Reference(pirogue.CashIn), State: pirogue.AttemptPrepared, CreatedAt: now, UpdatedAt: now,
	}
	return p, a
}

// conflict answers a reference that exists: as a repeat when the content is the
// same, otherwise with the fields that differ. Nothing was created either way.
func conflict(original, request pirogue.Payment, t tongue) error {
	view := viewOf(original, t)
	fields := original.Differences(request)
	if len(fields) == 0 {
		return &problem{error: pirogue.Errorf(pirogue.DuplicateOrder, "the order exists"), data: &view}
	}
	mismatch := &pirogue.Error{Code: pirogue.IdempotencyMismatch}
	for _, field := range fields {
		if field == "msisdn" {
			field = "customer_msisdn" // as the request calls it
		}
		mismatch.Params = append(mismatch.Params, pirogue.Param{Field: field, Code: pirogue.IdempotencyMismatch})
	}
	return &problem{error: mismatch, data: &view}
}

// carry starts the workflow of a payment that was just accepted and answers with
// what the database then says.
//
// The payment exists, so no failure to start it is the merchant's: the sweep starts
// what is still CREATED after 15 s. Neither a client that hangs up nor the time
// already spent shortens the start.
func (s *Server) carry(c *gin.Context, v *visit, p pirogue.Payment) error {
	life := context.WithoutCancel(c.Request.Context())
	start, stop := context.WithTimeout(life, firstAnswerTime)
	defer stop()
	v.rest()
	first, err := s.workflows.Start(start, p)
	if err != nil {
		s.logLeft("payment is left to the sweep or answers later", v, p.ID, err)
	}
	view := viewOf(s.reread(life, v, p), v.tongue)
	if first.Unavailable {
		return &problem{error: pirogue.Errorf(pirogue.OperatorUnavailable, "operator is down"), data: &view}
	}
	c.JSON(http.StatusAccepted, answer[paymentView]{view})
	return nil
}

// reread returns the payment as the database has it now, or as it was accepted when
// the database does not answer: that much is certain.
func (s *Server) reread(life context.Context, v *visit, p pirogue.Payment) pirogue.Payment {
	ctx, cancel := context.WithTimeout(life, storeTime)
	defer cancel()
	current, err := s.store.Payment(ctx, v.owner(), p.ID)
	if err != nil {
		s.logLeft("payment was accepted and could not be read back", v, p.ID, err)
		return p
	}
	return current
}

// logLeft notes that a payment goes on without this request.
func (s *Server) logLeft(what string, v *visit, id pirogue.PaymentID, err error) {
	s.log.Warn(what, zap.String("request_id", v.id), zap.String("payment_id", string(id)), zap.Error(err))
}
