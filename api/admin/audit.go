package admin

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/support"
)

// auditRoutes serves the audit log.
type auditRoutes struct{ audit AuditLog }

// register adds the route.
func (h auditRoutes) register(in routeGroup) { in.read("/audit", h.list) }

// list responds with the audit log, newest first: of one payment, or of all.
func (h auditRoutes) list(ctx context.Context, c *gin.Context) (any, error) {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "payment", "limit")
	payment, limit := pirogue.PaymentID(q.Text("payment", uuidText.MatchString)), limitOf(q)
	if err := q.Err(); err != nil {
		return nil, err
	}
	entries, err := h.audit.AuditEntries(ctx, payment, limit)
	return each(entries, auditEntryOf), err
}

// AuditEntry is a row of the audit log.
type AuditEntry struct {
	ID        string                    `json:"audit_id"`
	At        time.Time                 `json:"at"`
	Actor     string                    `json:"actor"` // the token's name
	Role      support.Role              `json:"role"`
	Action    support.SupportActionKind `json:"action"`
	PaymentID pirogue.PaymentID         `json:"transaction_id,omitempty"` // "" when the action concerns none
	Subject   string                    `json:"subject,omitempty"`        // another object of the action: a merchant
	Reason    string                    `json:"reason"`
	Result    *support.ActionResult     `json:"result,omitempty"`  // absent: under way, or interrupted
	EndedAt   time.Time                 `json:"ended_at,omitzero"` // zero: under way, or interrupted
}

// auditEntryOf returns support's view of an audit entry. Its result is absent while the action is under
// way.
func auditEntryOf(a support.AuditEntry) AuditEntry {
	view := AuditEntry{
		ID: a.ID, At: a.At, Actor: a.Actor, Role: a.Role, Action: a.Action, PaymentID: a.PaymentID, Subject: a.Subject,
		Reason: a.Reason, EndedAt: a.EndedAt,
	}
	if a.Result.Decision != "" {
		view.Result = &a.Result
	}
	return view
}
