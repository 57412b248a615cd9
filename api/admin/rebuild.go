package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// rebuildRoutes serves the restart of lost and blocked workflows.
type rebuildRoutes struct {
	*actions

	restarts  Restarts
	workflows Workflows
}

// register adds the routes.
func (h rebuildRoutes) register(in routeGroup) {
	in.get("/rebuild", h.showLost)
	in.post("/rebuild", h.rebuild)
	in.get("/rebuild/blocked", h.showBlocked)
	in.post("/rebuild/blocked", h.rebuildBlocked)
}

// showLost responds with the workflows that are gone although their rows have work for them. It
// starts none.
func (h rebuildRoutes) showLost(c *gin.Context, rc *requestContext) error {
	if err := rc.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), actionTime)
	defer cancel()
	found, err := h.workflows.Rebuild(ctx, true)
	if err != nil {
		return err
	}
	lost := Lost{Found: append([]lifecycle.LostWorkflow{}, found.Found...), NotAll: found.NotAll}
	c.JSON(http.StatusOK, responseBody[Lost]{lost})
	return nil
}

// Lost lists workflows that are gone.
type Lost struct {
	Found  []lifecycle.LostWorkflow `json:"found"`
	NotAll []lifecycle.FollowedKind `json:"not_all,omitempty"` // kinds whose rows were not all read
}

// rebuild starts the lost workflows again, like the sweep.
func (h rebuildRoutes) rebuild(c *gin.Context, rc *requestContext) error {
	return h.performWithReason(c, rc, request{
		action: support.ActionRebuild, needs: support.RoleSupport,
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := context.WithTimeout(ctx, actionTime)
			defer cancel()
			found, err := h.workflows.Rebuild(ctx, false)
			return support.ActionResult{Decision: support.DecisionSettled, Reason: fmt.Sprintf(
				"Started again: %d payments, %d bulks, %d webhooks. Cases: %d.",
				found.Payments, found.Bulks, found.Events, found.Cases)}, err
		},
	})
}

// showBlocked responds with the payments whose workflow is open and cannot continue.
func (h rebuildRoutes) showBlocked(c *gin.Context, rc *requestContext) error {
	if err := rc.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), actionTime)
	defer cancel()
	found, err := h.workflows.Blocked(ctx)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, responseBody[[]lifecycle.LostWorkflow]{append([]lifecycle.LostWorkflow{}, found...)})
	return nil
}

// blockedBody is the body of POST /rebuild/blocked.
type blockedBody struct {
	reasonBody

	Expected int `json:"expected"` // the number of blocked workflows in the response of GET
}

// rebuildBlocked ends the workflows that cannot continue and starts each again from its rows. It
// requires the number that the actor has seen, so that the actor restarts no others.
func (h rebuildRoutes) rebuildBlocked(c *gin.Context, rc *requestContext) error {
	var body blockedBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(body.rule(), rule{"expected", body.Expected == 0, body.Expected > 0}); err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionRebuildBlocked, needs: support.RoleSupport, reason: body.Reason,
		subject: fmt.Sprint(body.Expected),
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := context.WithTimeout(ctx, actionTime)
			defer cancel()
			return h.restartBlocked(ctx, body.Expected)
		},
	})
}

// restartBlocked starts the workflows of blocked payments again. It refuses when their number differs from
// expected. A workflow that cannot be started stays as it is.
func (h rebuildRoutes) restartBlocked(ctx context.Context, expected int) (support.ActionResult, error) {
	found, err := h.workflows.Blocked(ctx)
	if err != nil {
		return support.ActionResult{}, err
	}
	if len(found) != expected {
		return support.ActionResult{Decision: support.DecisionRefused, Reason: fmt.Sprintf(
			"%d workflows are blocked, not %d: look at them first.", len(found), expected)}, nil
	}
	started := 0
	var left string
	for _, blocked := range found {
		if err := h.restart(ctx, pirogue.PaymentID(blocked.ID)); err != nil {
			left += " " + blocked.ID + ": " + err.Error()
			continue
		}
		started++
	}
	return support.ActionResult{
		Decision: support.DecisionSettled, Reason: fmt.Sprintf("Ended and started again: %d of %d.", started, len(found)),
		Evidence: left,
	}, nil
}

// restart ends the workflow of a payment and starts it again from its rows.
func (h rebuildRoutes) restart(ctx context.Context, id pirogue.PaymentID) error {
	r, err := h.restarts.Restart(ctx, id)
	if err == nil {
		err = r.Err
	}
	if err != nil {
		return err
	}
	r.Anew = true
	return h.workflows.Restart(ctx, r)
}
