package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// createRefund gives a cash-in, or part of it, back to its payer. Its reference is
// looked up first: a repeat gets its 409 whatever has become of the cash-in since.
func (s *Server) createRefund(c *gin.Context, v *visit) error {
	in, err := s.readRefund(v.body, v.key.Mode)
	if err != nil {
		return err
	}
	clash := func(original pirogue.Payment) error { return in.conflict(original, v.tongue) }
	original, err := s.store.ByReference(v.ctx, v.owner(), pirogue.Refund, in.reference)
	switch pirogue.CodeOf(err) {
	case "":
		return clash(original)
	case pirogue.TransactionNotFound:
	default:
		return err
	}
	parent, err := s.collected(v.ctx, v.owner(), in.original)
	if err != nil {
		return err
	}
	amount, err := in.share(parent, v.tongue)
	if err != nil {
		return err
	}
	route, err := s.refundRoute(parent)
	if err != nil {
		return err
	}
	p := pirogue.Payment{
		Kind: pirogue.Refund, ParentID: parent.ID, OrderID: in.reference, Amount: amount,
		Country: parent.Country, MSISDN: parent.MSISDN, Network: parent.Network, CustomerName: parent.CustomerName,
		Description: in.reason, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
	return s.accept(c, v, request{payment: p, route: route, clash: clash})
}

// collected returns the cash-in that a refund names. It fails with
// TransactionNotFound, and with RefundNotAllowed for a payment that is no successful
// cash-in.
func (s *Server) collected(ctx context.Context, o pirogue.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	if !transactionID.MatchString(string(id)) {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	p, err := s.store.Payment(ctx, o, id)
	if err == nil && (p.Kind != pirogue.CashIn || p.Status != pirogue.StatusSuccess) {
		err = pirogue.Errorf(pirogue.RefundNotAllowed, "%s %s cannot be refunded", p.Status, p.Kind)
	}
	return p, err
}

// share returns how much of a cash-in is to be given back. It fails with
// RefundExceedsPayment, and with RefundInProgress when the whole rest is on its way
// back already. The database decides again: another refund may come between.
func (in refundForm) share(parent pirogue.Payment, t tongue) (pirogue.Money, error) {
	amount, left := parent.Amount, parent.Refundable()
	amount.Minor = left
	switch {
	case in.amount > left:
		return amount, pirogue.FieldError(pirogue.RefundExceedsPayment, "amount")
	case in.amount > 0:
		amount.Minor = in.amount
	case left == 0:
		underWay := pirogue.Errorf(pirogue.RefundInProgress, "%d of %s are held", parent.RefundHeld, parent.Amount)
		return amount, &problem{error: underWay, data: shown(parent, t)}
	}
	return amount, nil
}

// refundRoute returns the operators that may give a cash-in back: the one that collected
// it where it can, otherwise those that pay into such a wallet. It fails with
// RefundNotAllowed when nobody does.
func (s *Server) refundRoute(parent pirogue.Payment) ([]pirogue.Instance, error) {
	if instance, ok := s.routes.Instance(parent.Operator); ok {
		if _, ok := instance.Operator.(pirogue.Refunder); ok {
			return []pirogue.Instance{instance}, nil
		}
	}
	route, err := s.routes.Route(parent.Mode, parent.Country, parent.Network, pirogue.CashOut)
	if code := pirogue.CodeOf(err); code != "" && code != pirogue.CountryNotSupported {
		return nil, err
	}
	if len(route) == 0 {
		return nil, pirogue.Errorf(pirogue.RefundNotAllowed,
			"nobody pays into a wallet of %s in %s", parent.Network, parent.Country)
	}
	return route, nil
}

// getRefund answers with a refund. A payment that is none is not found.
func (s *Server) getRefund(c *gin.Context, v *visit) error {
	p, err := s.find(c, v, "refund_id", pirogue.Refund)
	if err != nil {
		return err
	}
	view := refundOf(p, v.tongue)
	s.addWaiting(c.Request.Context(), &view.paymentView, p)
	c.JSON(http.StatusOK, answer[refundView]{view})
	return nil
}
