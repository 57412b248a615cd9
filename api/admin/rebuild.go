package admin

import (
	"context"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// VerbRebuild starts workflows again that are gone.
const VerbRebuild pirogue.Verb = "rebuild"

// showLost answers with the workflows that are gone although they have something to do. It
// starts none.
func (s *Server) showLost(c *gin.Context, v *visit) error {
	if err := v.need(pirogue.RoleReader); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), remedyTime)
	defer cancel()
	found, err := s.workflows.Rebuild(ctx, true)
	if err != nil {
		return err
	}
	lost := Lost{Found: append([]pirogue.LostWorkflow{}, found.Found...), NotAll: found.NotAll}
	c.JSON(http.StatusOK, answer[Lost]{lost})
	return nil
}

// Lost lists workflows that are gone.
type Lost struct {
	Found  []pirogue.LostWorkflow `json:"found"`
	NotAll []pirogue.FollowedKind `json:"not_all,omitempty"` // kinds of which some rows were not looked at
}

// rebuild starts workflows again that are gone, as the sweep does.
func (s *Server) rebuild(c *gin.Context, v *visit) error {
	reason, err := readReason(c)
	if err != nil {
		return err
	}
	return s.carryOut(c, v, deed{
		verb: VerbRebuild, needs: pirogue.RoleSupport, reason: reason,
		do: func(ctx context.Context, _ string) (pirogue.Verdict, error) {
			ctx, cancel := context.WithTimeout(ctx, remedyTime)
			defer cancel()
			found, err := s.workflows.Rebuild(ctx, false)
			return pirogue.Verdict{Decision: pirogue.DecisionSettled, Reason: fmt.Sprintf(
				"Started again: %d payments, %d bulks, %d webhooks. Cases: %d.",
				found.Payments, found.Bulks, found.Events, found.Cases)}, err
		},
	})
}
