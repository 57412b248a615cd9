package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
)

// settlementBody is the body of POST /merchants/{id}/payouts.
type settlementBody struct {
	why
	Settlement
}

// feeBody is the body of PUT /merchants/{id}/fees.
type feeBody struct {
	why
	Fee
}

// policyBody is the body of PUT /merchants/{id}/late-policy.
type policyBody struct {
	why

	LatePolicy pirogue.LatePolicy `json:"late_policy"`
}

// merchantOf returns the merchant's ID in the path. It fails with NotFound.
func merchantOf(c *gin.Context) (pirogue.MerchantID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.NotFound, "not a merchant's id")
	}
	return pirogue.MerchantID(c.Param("id")), nil
}

// settleMerchant books a transfer to a merchant's bank. The ID is required, because it makes a repeated
// request book the same payout once.
func (s *Server) settleMerchant(c *gin.Context, v *requestContext) error {
	id, err := merchantOf(c)
	if err != nil {
		return err
	}
	var body settlementBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	now := s.clock.Now()
	if err := demand(append(body.Settlement.rules(now), body.rule())...); err != nil {
		return err
	}
	body.PaidAt = cmp.Or(body.PaidAt, now)
	return s.carryOut(c, v, supportRequest{
		verb: ActionSettle, needs: support.RoleFinance, subject: subject(id, body.Settlement), reason: body.Reason,
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			return done("The payout is booked.", s.store.Settlements.RecordSettlement(ctx, body.payout(id)))
		}),
	})
}

// rules returns the conditions on a payout's fields.
func (p Settlement) rules(now time.Time) []rule {
	country, known := pirogue.CountryByCode(p.Country)
	return []rule{
		needed("id", p.ID, maxID),
		{"mode", p.Mode == "", p.Mode == pirogue.Test || p.Mode == pirogue.Live},
		{"country_code", p.Country == "", known},
		{"amount", p.Amount == 0, p.Amount > 0},
		{"currency", p.Currency == "", p.Currency == country.Currency},
		{field: "note", good: isLine(p.Note, maxNote)},
		{field: "paid_at", good: !p.PaidAt.After(now)},
	}
}

// setFee replaces one rule of a merchant's contract.
func (s *Server) setFee(c *gin.Context, v *requestContext) error {
	id, err := merchantOf(c)
	if err != nil {
		return err
	}
	var body feeBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(append(body.Fee.rules(), body.rule())...); err != nil {
		return err
	}
	fee := body.feeRule()
	if err := fee.Validate(); err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: ActionFee, needs: support.RoleFinance, subject: subject(id, body.Fee), reason: body.Reason,
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			return done("Payments accepted from here on have this fee.", s.store.Fees.SetFee(ctx, id, fee))
		}),
	})
}

// rules returns the conditions on a fee's fields that pirogue.FeeRule.Validate relies on.
func (f Fee) rules() []rule {
	_, known := pirogue.CountryByCode(f.Country)
	networks := []pirogue.Network{"", pirogue.Orange, pirogue.MTN, pirogue.Moov, pirogue.Wave}
	return []rule{
		{"type", f.Kind == "", true},
		{"payer", f.Payer == "", true},
		{field: "country_code", good: f.Country == "" || known},
		{field: "network", good: slices.Contains(networks, f.Network)},
	}
}

// setLatePolicy sets the policy for a merchant's late money.
func (s *Server) setLatePolicy(c *gin.Context, v *requestContext) error {
	id, err := merchantOf(c)
	if err != nil {
		return err
	}
	var body policyBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	known := []pirogue.LatePolicy{pirogue.LateReturn, pirogue.LateAccept}
	err = demand(body.rule(), rule{"late_policy", body.LatePolicy == "", slices.Contains(known, body.LatePolicy)})
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: ActionLatePolicy, needs: support.RoleFinance, reason: body.Reason,
		subject: subject(id, body.LatePolicy),
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			return done("The policy is set.", s.store.Merchants.SetLatePolicy(ctx, id, body.LatePolicy))
		}),
	})
}

// suspend refuses a merchant's requests, and sends none of its payments that have not left.
func (s *Server) suspend(c *gin.Context, v *requestContext) error {
	return s.switchMerchant(c, v, merchantSwitch{
		verb: ActionSuspend, needs: support.RoleSupport, turn: s.store.Merchants.SuspendMerchant,
		said: "The merchant's requests are refused. " +
			"What has not left waits with its hold; what was perhaps sent is followed.",
	})
}

// resume ends a suspension. Payments are sent after it, so it needs the role finance.
func (s *Server) resume(c *gin.Context, v *requestContext) error {
	return s.switchMerchant(c, v, merchantSwitch{
		verb: ActionResume, needs: support.RoleFinance, turn: s.store.Merchants.ResumeMerchant,
		said: "The merchant's requests are accepted again. What waited is sent within ten minutes.",
	})
}

// merchantSwitch describes a suspension or its end.
type merchantSwitch struct {
	verb  support.SupportActionKind
	needs support.Role
	turn  func(context.Context, pirogue.MerchantID) error
	said  string // the verdict's text for the actor
}

// switchMerchant suspends or resumes the merchant in the request's path.
func (s *Server) switchMerchant(c *gin.Context, v *requestContext, to merchantSwitch) error {
	id, err := merchantOf(c)
	if err != nil {
		return err
	}
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: to.verb, needs: to.needs, reason: reason, subject: "merchant " + string(id),
		do: step(func(ctx context.Context) (support.ActionResult, error) {
			return done(to.said, to.turn(ctx, id))
		}),
	})
}

// subject returns the audit log's text for the merchant of an action and the value set.
func subject(id pirogue.MerchantID, set any) string {
	raw, err := json.Marshal(set)
	if err != nil {
		return fmt.Sprintf("merchant %s: %+v", id, set)
	}
	return fmt.Sprintf("merchant %s: %s", id, raw)
}

// done returns the verdict on an action of one database call.
func done(reason string, err error) (support.ActionResult, error) {
	return support.ActionResult{Decision: support.DecisionSettled, Reason: reason}, err
}

// listFees responds with a merchant's contract.
func (s *Server) listFees(ctx context.Context, c *gin.Context) (any, error) {
	id, err := merchantOf(c)
	if err != nil {
		return nil, err
	}
	fees, err := s.store.Fees.Fees(ctx, id)
	return each(fees, feeOf), err
}

// listSettlements responds with a merchant's payouts of one mode: ?mode=test or live.
func (s *Server) listSettlements(ctx context.Context, c *gin.Context) (any, error) {
	id, err := merchantOf(c)
	if err != nil {
		return nil, err
	}
	q, err := readQuery(c, "mode")
	if err != nil {
		return nil, err
	}
	mode := pirogue.Mode(q.Get("mode"))
	if err := demand(rule{"mode", mode == "", mode == pirogue.Test || mode == pirogue.Live}); err != nil {
		return nil, err
	}
	payouts, err := s.store.Settlements.Settlements(ctx, access.Owner{MerchantID: id, Mode: mode})
	return each(payouts, settlementOf), err
}
