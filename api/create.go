package api

import (
	"github.com/gin-gonic/gin"

	"pirogue"
)

// createCashIn collects from a customer.
func (s *Server) createCashIn(c *gin.Context, v *visit) error { return s.create(c, v, pirogue.CashIn) }

// createCashOut pays into a wallet.
func (s *Server) createCashOut(c *gin.Context, v *visit) error {
	return s.create(c, v, pirogue.CashOut)
}

// create reads a cash-in or a cash-out, finds its operator and has it accepted.
func (s *Server) create(c *gin.Context, v *visit, k pirogue.Kind) error {
	in, err := s.readPayment(v.body, v.key.Mode, k)
	if err != nil {
		return err
	}
	instance, err := s.instanceFor(in, v.key.Mode)
	if err != nil {
		return err
	}
	p := pirogue.Payment{
		Kind: k, OrderID: in.orderID,
		Amount:  pirogue.Money{Minor: in.amount, Currency: in.country.Currency},
		Country: in.country.Code, MSISDN: in.msisdn, Network: instance.Network,
		CustomerName: in.customerName, Description: in.description,
		ReturnURL: in.returnURL, CancelURL: in.cancelURL, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
	return s.accept(c, v, request{p, instance, in.otp, func(original pirogue.Payment) error {
		return conflict(original, p, v.tongue)
	}})
}

// instanceFor returns the operator that is tried first.
func (s *Server) instanceFor(in paymentForm, m pirogue.Mode) (pirogue.Instance, error) {
	route, err := s.routes.Route(m, in.country.Code, in.network, in.kind)
	if err != nil || len(route) == 0 {
		return pirogue.Instance{}, s.unserved(in, m, err)
	}
	return route[0], nil
}

// unserved says which field asked for something that no operator serves: the
// network, when the country is served without it.
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
