package admin

import (
	"context"
	"slices"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// feeRoutes serves the contracts of merchants.
type feeRoutes struct {
	*actions

	fees Fees
}

// register adds the routes.
func (h feeRoutes) register(in routeGroup) {
	in.read("/merchants/:id/fees", h.list)
	in.put("/merchants/:id/fees", h.set)
	in.remove("/merchants/:id/fees", h.remove)
}

// feeBody is the body of PUT /merchants/{id}/fees.
type feeBody struct {
	reasonBody
	Fee
}

// set replaces one rule of a merchant's contract.
func (h feeRoutes) set(c *gin.Context, rc *requestContext) error {
	var body feeBody
	id, err := readMerchantBody(c, &body, func() []rule { return append(body.Fee.rules(), body.rule()) })
	if err != nil {
		return err
	}
	fee := body.feeRule()
	if err := fee.Validate(); err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionFee, needs: support.RoleFinance, subject: subject(id, body.Fee), reason: body.Reason,
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			return done("Payments accepted from here on have this fee.", h.fees.SetFee(ctx, id, fee))
		}),
	})
}

// removeFeeBody is the body of DELETE /merchants/{id}/fees.
type removeFeeBody struct {
	reasonBody
	FeeKey
}

// remove removes one rule of a merchant's contract.
func (h feeRoutes) remove(c *gin.Context, rc *requestContext) error {
	var body removeFeeBody
	id, err := readMerchantBody(c, &body, func() []rule { return append(body.FeeKey.rules(), body.rule()) })
	if err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionRemoveFee, needs: support.RoleFinance, subject: subject(id, body.FeeKey), reason: body.Reason,
		do: twice(h.removal(id, body.FeeKey)),
	})
}

// removal returns the call that removes a rule. A rule that is gone after a lost response counts as
// removed.
func (h feeRoutes) removal(id pirogue.MerchantID, key FeeKey) call {
	lost := false
	return func(ctx context.Context) (support.ActionResult, error) {
		err := h.fees.RemoveFee(ctx, id, key.Kind, key.Country, key.Network)
		if lost && pirogue.CodeOf(err) == pirogue.NotFound {
			return done("The contract has no such rule.", nil)
		}
		lost = httpkit.CodeOf(err) == pirogue.ServiceUnavailable
		return done("The rule is removed. Payments accepted from here on have the fee of the rules that are left.", err)
	}
}

// rules returns the conditions on the fields that name a rule.
func (k FeeKey) rules() []rule {
	_, known := pirogue.CountryByCode(k.Country)
	kinds := []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut, pirogue.Refund}
	return []rule{
		{"type", k.Kind == "", slices.Contains(kinds, k.Kind)},
		{field: "country_code", good: k.Country == "" || known},
		{field: "network", good: isNetwork(k.Network)},
	}
}

// isNetwork reports whether a rule of fees may name n.
func isNetwork(n pirogue.Network) bool {
	return slices.Contains([]pirogue.Network{"", pirogue.Orange, pirogue.MTN, pirogue.Moov, pirogue.Wave}, n)
}

// rules returns the conditions on a fee's fields that pirogue.FeeRule.Validate relies on.
func (f Fee) rules() []rule {
	_, known := pirogue.CountryByCode(f.Country)
	return []rule{
		{"type", f.Kind == "", true},
		{"payer", f.Payer == "", true},
		{field: "country_code", good: f.Country == "" || known},
		{field: "network", good: isNetwork(f.Network)},
	}
}

// list responds with a merchant's contract.
func (h feeRoutes) list(ctx context.Context, c *gin.Context) (any, error) {
	id, err := merchantOf(c)
	if err != nil {
		return nil, err
	}
	fees, err := h.fees.Fees(ctx, id)
	return each(fees, feeOf), err
}

// Fee is a rule of a merchant's contract, like pirogue.FeeRule. Amounts are minor units of the
// country's currency, basis points hundredths of a per cent.
type Fee struct {
	Kind        pirogue.PaymentKind `json:"type"`
	Country     pirogue.CountryCode `json:"country_code,omitempty"` // "": every country
	Network     pirogue.Network     `json:"network,omitempty"`      // "": every network
	Fixed       int64               `json:"fixed"`
	BasisPoints int64               `json:"basis_points"`
	Min         int64               `json:"min"`
	Max         int64               `json:"max"` // 0: no upper bound
	Payer       pirogue.FeePayer    `json:"payer"`
	Returned    bool                `json:"returned"` // a refund gives the fee back in proportion
}

// FeeKey names the one rule of a contract for a kind, country and network.
type FeeKey struct {
	Kind    pirogue.PaymentKind `json:"type"`
	Country pirogue.CountryCode `json:"country_code,omitempty"` // "": the rule of every country
	Network pirogue.Network     `json:"network,omitempty"`      // "": the rule of every network
}

// feeRule returns f as the domain's rule.
func (f Fee) feeRule() pirogue.FeeRule { return pirogue.FeeRule(f) }

// feeOf returns support's view of a fee's rule.
func feeOf(r pirogue.FeeRule) Fee { return Fee(r) }
