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

// ActionRebuild is the audit log's verb for the start of lost workflows.
const ActionRebuild support.SupportActionKind = "rebuild"

// showLost responds with the workflows that are gone although their rows have work for them. It
// starts none.
func (s *Server) showLost(c *gin.Context, v *requestContext) error {
	if err := v.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), remedyTime)
	defer cancel()
	found, err := s.workflows.Rebuild(ctx, true)
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
func (s *Server) rebuild(c *gin.Context, v *requestContext) error {
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: ActionRebuild, needs: support.RoleSupport, reason: reason,
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := context.WithTimeout(ctx, remedyTime)
			defer cancel()
			found, err := s.workflows.Rebuild(ctx, false)
			return support.ActionResult{Decision: support.DecisionSettled, Reason: fmt.Sprintf(
				"Started again: %d payments, %d bulks, %d webhooks. Cases: %d.",
				found.Payments, found.Bulks, found.Events, found.Cases)}, err
		},
	})
}

// VerbUnblock is the audit log's verb for the restart of workflows that cannot continue.
const VerbUnblock support.SupportActionKind = "rebuild-blocked"

// showBlocked responds with the payments whose workflow is open and cannot continue.
func (s *Server) showBlocked(c *gin.Context, v *requestContext) error {
	if err := v.need(support.RoleReader); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), remedyTime)
	defer cancel()
	found, err := s.workflows.Blocked(ctx)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, responseBody[[]lifecycle.LostWorkflow]{append([]lifecycle.LostWorkflow{}, found...)})
	return nil
}

// blockedBody is the body of POST /rebuild/blocked.
type blockedBody struct {
	why

	Expected int `json:"expected"` // the number of blocked workflows in the response of GET
}

// rebuildBlocked ends the workflows that cannot continue and starts each again from its rows. It
// requires the number that the actor has seen, so that the actor restarts no others.
func (s *Server) rebuildBlocked(c *gin.Context, v *requestContext) error {
	var body blockedBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(body.rule(), rule{"expected", body.Expected == 0, body.Expected > 0}); err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: VerbUnblock, needs: support.RoleSupport, reason: body.Reason, subject: fmt.Sprint(body.Expected),
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := context.WithTimeout(ctx, remedyTime)
			defer cancel()
			return s.unblock(ctx, body.Expected)
		},
	})
}

// unblock starts the workflows of blocked payments again. It refuses when their number differs from
// expected. A workflow that cannot be started stays as it is.
func (s *Server) unblock(ctx context.Context, expected int) (support.ActionResult, error) {
	found, err := s.workflows.Blocked(ctx)
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
		if err := s.startAnew(ctx, pirogue.PaymentID(blocked.ID)); err != nil {
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

// startAnew ends the workflow of a payment and starts it again from its rows.
func (s *Server) startAnew(ctx context.Context, id pirogue.PaymentID) error {
	r, err := s.store.Restarts.Restart(ctx, id)
	if err == nil {
		err = r.Err
	}
	if err != nil {
		return err
	}
	r.Anew = true
	return s.workflows.Restart(ctx, r)
}
