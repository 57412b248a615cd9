package api

import (
	"github.com/gin-gonic/gin"

	"pirogue"
)

// cashOutRoutes serves the cash-outs: money from the merchant to a wallet.
type cashOutRoutes struct {
	requests   paymentRequests
	acceptance *acceptance
}

// register adds the route.
func (h cashOutRoutes) register(in routeGroup) { in.post("/payments/cashout", h.create) }

// create accepts a cash-out, like cashInRoutes.create.
func (h cashOutRoutes) create(c *gin.Context, rc *requestContext) error {
	in, err := h.requests.read(rc, pirogue.CashOut)
	if err != nil {
		return err
	}
	route, err := h.requests.route(&in, rc.key.Mode)
	if err != nil {
		return err
	}
	p := in.payment()
	clash := func(original pirogue.Payment) error { return conflict(original, p, rc.language) }
	return h.acceptance.accept(c, rc, newPayment{payment: p, candidates: withinLimits(route), conflict: clash})
}
