package api

import (
	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/operator"
)

// createCashIn accepts a cash-in: money from a customer to the merchant.
func (s *Server) createCashIn(c *gin.Context, v *requestContext) error {
	return s.create(c, v, pirogue.CashIn)
}

// createCashOut accepts a cash-out: money from the merchant to a wallet.
func (s *Server) createCashOut(c *gin.Context, v *requestContext) error {
	return s.create(c, v, pirogue.CashOut)
}

// create reads a cash-in or a cash-out, chooses its route and accepts it.
func (s *Server) create(c *gin.Context, v *requestContext, k pirogue.PaymentKind) error {
	in, err := s.readPayment(v.body, v.key.Mode, k)
	if err != nil {
		return err
	}
	in.network, _ = s.routes.Network(v.key.Mode, in.country.Code, in.network, k, in.msisdn)
	route, err := s.routeFor(in, v.key.Mode)
	if err != nil {
		return err
	}
	p := pirogue.Payment{
		Kind: k, OrderID: in.orderID,
		Amount:  pirogue.Money{Minor: in.amount, Currency: in.country.Currency},
		Country: in.country.Code, MSISDN: in.msisdn, Network: in.network,
		CustomerName: in.customerName, Description: in.description,
		ReturnURL: in.returnURL, CancelURL: in.cancelURL, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
	return s.accept(c, v, request{p, within(route), in.otp, func(original pirogue.Payment) error {
		return conflict(original, p, v.tongue)
	}})
}

// routeFor returns the operators to try, in order. It fails with CountryNotSupported.
func (s *Server) routeFor(in paymentForm, m pirogue.Mode) ([]operator.Instance, error) {
	route, err := s.routes.Route(m, in.country.Code, in.network, in.kind)
	if err != nil || len(route) == 0 {
		return nil, s.unserved(in, m, err)
	}
	return route, nil
}

// unserved names the field that asks for a service without an operator. It is the network where the
// country is served without it, and the number otherwise.
func (s *Server) unserved(in paymentForm, m pirogue.Mode, err error) error {
	if code := pirogue.CodeOf(err); code != "" && code != pirogue.CountryNotSupported {
		return err
	}
	if in.network != "" {
		others, err := s.routes.Route(m, in.country.Code, "", in.kind)
		if err == nil && len(others) > 0 {
			return pirogue.FieldError(pirogue.InvalidParameter, "network")
		}
	}
	return pirogue.FieldError(pirogue.CountryNotSupported, numberField[in.kind])
}
