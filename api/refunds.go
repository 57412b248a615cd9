package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/operator"
	"pirogue/routing"
)

// createRefund gives a cash-in, or part of it, back to its payer. It looks up the reference first,
// so that a repeat gets its 409 whatever the cash-in's status is.
func (s *Server) createRefund(c *gin.Context, v *requestContext) error {
	in, err := s.readRefund(v.body, v.key.Mode)
	if err != nil {
		return err
	}
	clash := func(original pirogue.Payment) error { return in.conflict(original, v.tongue) }
	// A repeat may come after the cash-in is REVERSED, which no check below would allow.
	original, err := s.store.Payments.ByReference(v.ctx, v.owner(), pirogue.Refund, in.reference)
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
	payouts, collector, err := s.refundRoute(parent)
	if err != nil {
		return err
	}
	p := pirogue.Payment{
		Kind: pirogue.Refund, ParentID: parent.ID, OrderID: in.reference, Amount: amount,
		Country: parent.Country, MSISDN: parent.MSISDN, Network: parent.Network, CustomerName: parent.CustomerName,
		Description: in.reason, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
	fits := func(p pirogue.Payment) []operator.Instance { return routing.Refunders(collector, payouts, parent, p) }
	return s.accept(c, v, request{payment: p, fits: fits, clash: clash})
}

// collected returns the cash-in that a refund names. It fails with TransactionNotFound, and with
// RefundNotAllowed for a payment that is no successful cash-in.
func (s *Server) collected(ctx context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	if !transactionID.MatchString(string(id)) {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	p, err := s.store.Payments.Payment(ctx, o, id)
	if err == nil && (p.Kind != pirogue.CashIn || p.Status != pirogue.StatusSuccess) {
		err = pirogue.Errorf(pirogue.RefundNotAllowed, "%s %s cannot be refunded", p.Status, p.Kind)
	}
	return p, err
}

// share returns the part of a cash-in to give back. It fails with RefundExceedsPayment, and with
// RefundInProgress when refunds under way already cover the rest. The database checks again,
// because another refund may come in between.
func (in refundForm) share(parent pirogue.Payment, t uiLanguage) (pirogue.Money, error) {
	amount, left := parent.Amount, parent.Refundable()
	amount.Minor = left
	switch {
	case in.amount > left:
		return amount, pirogue.FieldError(pirogue.RefundExceedsPayment, "amount")
	case in.amount > 0:
		amount.Minor = in.amount
	// The request names no amount, and other refunds hold all that is left.
	case left == 0:
		underWay := pirogue.Errorf(pirogue.RefundInProgress, "%d of %s are held", parent.RefundHeld, parent.Amount)
		return amount, &problem{error: underWay, data: shown(parent, t)}
	}
	return amount, nil
}

// refundRoute returns the operators that pay into the payer's wallet, and the collector: zero when
// it is not configured. It fails with RefundNotAllowed when no operator can give the cash-in back.
func (s *Server) refundRoute(parent pirogue.Payment) ([]operator.Instance, operator.Instance, error) {
	// A collector that left the configuration gives nothing back, but another operator may pay out.
	collector, _ := s.routes.Instance(parent.Operator)
	route, err := s.routes.Route(parent.Mode, parent.Country, parent.Network, pirogue.CashOut)
	if code := pirogue.CodeOf(err); code != "" && code != pirogue.CountryNotSupported {
		return nil, collector, err
	}
	if _, gives := collector.Operator.(operator.Refunder); !gives && len(route) == 0 {
		return nil, collector, pirogue.Errorf(pirogue.RefundNotAllowed,
			"nobody pays into a wallet of %s in %s", parent.Network, parent.Country)
	}
	return route, collector, nil
}

// getRefund responds with a refund. A payment of another kind is not found.
func (s *Server) getRefund(c *gin.Context, v *requestContext) error {
	p, err := s.find(c, v, "refund_id", pirogue.Refund)
	if err != nil {
		return err
	}
	view := refundOf(p, v.tongue)
	s.addWaiting(c.Request.Context(), &view.paymentView, p)
	c.JSON(http.StatusOK, responseBody[refundView]{view})
	return nil
}
