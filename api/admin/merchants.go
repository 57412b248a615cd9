package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// merchantRoutes serves the suspension of merchants, their policies and addresses.
type merchantRoutes struct {
	*actions

	merchants Merchants
	urls      httpkit.URLRules
}

// register adds the routes.
func (h merchantRoutes) register(in routeGroup) {
	in.put("/merchants/:id/late-policy", h.setLatePolicy)
	in.put("/merchants/:id/notify-url", h.setNotifyURL)
	in.post("/merchants/:id/suspend", h.suspend)
	in.post("/merchants/:id/resume", h.resume)
}

// policyBody is the body of PUT /merchants/{id}/late-policy.
type policyBody struct {
	reasonBody

	LatePolicy pirogue.LatePolicy `json:"late_policy"`
}

// notifyURLBody is the body of PUT /merchants/{id}/notify-url.
type notifyURLBody struct {
	reasonBody

	NotifyURL *string `json:"notify_url"` // "" for none
}

// merchantOf returns the merchant's ID in the path. It fails with NotFound.
func merchantOf(c *gin.Context) (pirogue.MerchantID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.NotFound, "not a merchant's id")
	}
	return pirogue.MerchantID(c.Param("id")), nil
}

// readMerchantBody returns the merchant's ID in the path and decodes the body of the request. It
// demands the rules of the decoded body.
func readMerchantBody(c *gin.Context, body any, rules func() []rule) (pirogue.MerchantID, error) {
	id, err := merchantOf(c)
	if err != nil {
		return "", err
	}
	if err := readBody(c, body); err != nil {
		return "", err
	}
	return id, demand(rules()...)
}

// setLatePolicy sets the policy for a merchant's late money.
func (h merchantRoutes) setLatePolicy(c *gin.Context, rc *requestContext) error {
	var body policyBody
	id, err := readMerchantBody(c, &body, func() []rule {
		known := []pirogue.LatePolicy{pirogue.LateReturn, pirogue.LateAccept}
		return []rule{body.rule(), {"late_policy", body.LatePolicy == "", slices.Contains(known, body.LatePolicy)}}
	})
	if err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionLatePolicy, needs: support.RoleFinance, reason: body.Reason,
		subject: subject(id, body.LatePolicy),
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			return done("The policy is set.", h.merchants.SetLatePolicy(ctx, id, body.LatePolicy))
		}),
	})
}

// setNotifyURL sets the address of a merchant's webhooks.
func (h merchantRoutes) setNotifyURL(c *gin.Context, rc *requestContext) error {
	var body notifyURLBody
	id, err := readMerchantBody(c, &body, func() []rule {
		return []rule{body.rule(), {"notify_url", body.NotifyURL == nil, true}}
	})
	if err != nil {
		return err
	}
	url := *body.NotifyURL
	if url != "" {
		if err := h.urls.CheckMerchantWebhook(url); err != nil {
			return err
		}
	}
	return h.perform(c, rc, request{
		action: support.ActionNotifyURL, needs: support.RoleFinance, reason: body.Reason, subject: subject(id, url),
		do: twice(func(ctx context.Context) (support.ActionResult, error) {
			return done("Events from here on have this address. Earlier ones get it when they are sent again.",
				h.merchants.SetNotifyURL(ctx, id, url))
		}),
	})
}

// suspend refuses a merchant's requests, and sends none of its payments that have not left.
func (h merchantRoutes) suspend(c *gin.Context, rc *requestContext) error {
	return h.switchMerchant(c, rc, merchantSwitch{
		action: support.ActionSuspend, needs: support.RoleSupport, set: h.merchants.SuspendMerchant,
		text: "The merchant's requests are refused. " +
			"What has not left waits with its hold; what was perhaps sent is followed.",
	})
}

// resume ends a suspension. Payments are sent after it, so it needs the role finance.
func (h merchantRoutes) resume(c *gin.Context, rc *requestContext) error {
	return h.switchMerchant(c, rc, merchantSwitch{
		action: support.ActionResume, needs: support.RoleFinance, set: h.merchants.ResumeMerchant,
		text: "The merchant's requests are accepted again. What waited is sent within ten minutes.",
	})
}

// merchantSwitch describes a suspension or its end.
type merchantSwitch struct {
	action support.SupportActionKind
	needs  support.Role
	set    func(context.Context, pirogue.MerchantID) error
	text   string // the result's text for the actor
}

// switchMerchant suspends or resumes the merchant in the request's path.
func (h merchantRoutes) switchMerchant(c *gin.Context, rc *requestContext, to merchantSwitch) error {
	id, err := merchantOf(c)
	if err != nil {
		return err
	}
	return h.performWithReason(c, rc, request{
		action: to.action, needs: to.needs, subject: "merchant " + string(id),
		do: twice(func(ctx context.Context) (support.ActionResult, error) { return done(to.text, to.set(ctx, id)) }),
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
