package admin

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// askFirstRoutes serves ask-first mode on a restored database.
type askFirstRoutes struct {
	*actions

	askFirst   AskFirstMode
	configured []pirogue.OperatorCode
}

// register adds the routes.
func (h askFirstRoutes) register(in routeGroup) {
	in.read("/ask-first", h.show)
	in.post("/ask-first/operators/:operator", h.recordLooked)
	in.post("/ask-first/end", h.end)
}

// show responds with the mode's progress.
func (h askFirstRoutes) show(ctx context.Context, _ *gin.Context) (any, error) {
	r, err := h.askFirst.AskFirstReport(ctx, h.configured)
	if err != nil {
		return nil, err
	}
	return AskFirst{
		Since: r.Since, BegunAt: r.Begun, BegunBy: r.Actor, Reason: r.Reason, TemporalAsked: r.TemporalAsked,
		Outdated: r.Outdated, ProposedBy: r.ProposedBy, LostCount: r.LostCount,
		Operators: each(r.Operators, func(o lifecycle.AskedOperator) AskedOperator {
			return AskedOperator{o.Operator, o.Asked(r.Begun), o.ListedTo, o.Unanswered, o.Evidence, o.EvidenceBy}
		}),
		Sums: each(r.Sums, func(u lifecycle.UnmatchedSum) UnmatchedSum { return UnmatchedSum(u) }),
		Lines: each(r.Lines, func(l lifecycle.UnmatchedLine) UnmatchedLine {
			return UnmatchedLine{l.Operator, l.TxID, l.Ref, l.Kind, l.Outcome, l.Amount.Minor, l.Amount.Currency, l.At}
		}),
		Lost: each(r.Lost, func(l lifecycle.LostRow) LostRow {
			return LostRow{l.WorkflowID, l.What, l.MerchantID, l.Mode, l.Reference, l.State, l.StartedAt}
		}),
	}, nil
}

// lookedBody is the body of POST /ask-first/operators/{operator}.
type lookedBody struct {
	reasonBody

	Evidence string `json:"evidence"`
}

// recordLooked records where a person looked, for an operator that cannot be asked.
func (h askFirstRoutes) recordLooked(c *gin.Context, rc *requestContext) error {
	var body lookedBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	code := c.Param("operator")
	err := demand(body.rule(), needed("operator", code, maxID), needed("evidence", body.Evidence, maxEvidence))
	if err != nil {
		return err
	}
	return h.perform(c, rc, request{
		action: support.ActionAskFirstLooked, needs: support.RoleFinance, reason: body.Reason,
		subject: "operator " + code + ": " + body.Evidence,
		do: once(func(ctx context.Context) (support.ActionResult, error) {
			err := h.askFirst.OperatorLooked(ctx, pirogue.OperatorCode(code), body.Evidence, rc.actor)
			return done("The operator counts as asked.", err)
		}),
	})
}

// end ends the mode. Payments are sent again after it, so it needs the role finance.
func (h askFirstRoutes) end(c *gin.Context, rc *requestContext) error {
	return h.performWithReason(c, rc, request{
		action: support.ActionAskFirstEnd, needs: support.RoleFinance,
		do: once(func(ctx context.Context) (support.ActionResult, error) {
			return h.askFirst.EndAskFirst(ctx, h.configured, rc.actor, h.clock.Now())
		}),
	})
}

// AskFirst is the progress of ask-first mode in support's view.
type AskFirst struct {
	Since         time.Time       `json:"since"` // the restore point
	BegunAt       time.Time       `json:"begun_at"`
	BegunBy       string          `json:"begun_by"`
	Reason        string          `json:"reason"`
	TemporalAsked time.Time       `json:"temporal_asked_at,omitzero"`
	Outdated      int             `json:"workflows_to_start_again"`
	ProposedBy    string          `json:"end_proposed_by,omitempty"`
	Operators     []AskedOperator `json:"operators"`
	Sums          []UnmatchedSum  `json:"unmatched"`
	Lines         []UnmatchedLine `json:"unmatched_lines"` // the oldest ones
	Lost          []LostRow       `json:"lost"`            // the oldest ones
	LostCount     int             `json:"lost_count"`
}

// AskedOperator shows whether an operator was asked about everything.
type AskedOperator struct {
	Operator   pirogue.OperatorCode `json:"operator"`
	Asked      bool                 `json:"asked"`
	ListedTo   time.Time            `json:"list_read_until,omitzero"`
	Unanswered int                  `json:"unanswered_attempts"`
	Evidence   string               `json:"evidence,omitempty"`
	EvidenceBy string               `json:"evidence_by,omitempty"`
}

// UnmatchedSum counts lines of an operator's list that no attempt of ours matches.
type UnmatchedSum struct {
	Operator pirogue.OperatorCode `json:"operator"`
	Kind     pirogue.PaymentKind  `json:"type,omitempty"`
	Currency pirogue.Currency     `json:"currency,omitempty"`
	Lines    int                  `json:"lines"`
	Amount   int64                `json:"amount"`
}

// UnmatchedLine is one line of an operator's list that no attempt of ours matches.
type UnmatchedLine struct {
	Operator  pirogue.OperatorCode `json:"operator"`
	TxID      string               `json:"provider_tx_id,omitempty"`
	Reference pirogue.OperatorRef  `json:"reference,omitempty"`
	Kind      pirogue.PaymentKind  `json:"type,omitempty"`
	Outcome   pirogue.Outcome      `json:"outcome,omitempty"`
	Amount    int64                `json:"amount"`
	Currency  pirogue.Currency     `json:"currency,omitempty"`
	At        time.Time            `json:"at,omitzero"`
}

// LostRow is a workflow whose row the restored database lacks.
type LostRow struct {
	WorkflowID string                 `json:"workflow_id"`
	What       lifecycle.FollowedKind `json:"what"`
	MerchantID pirogue.MerchantID     `json:"merchant_id,omitempty"`
	Mode       pirogue.Mode           `json:"mode,omitempty"`
	Reference  string                 `json:"reference,omitempty"`
	State      string                 `json:"workflow_state"`
	StartedAt  time.Time              `json:"started_at"`
}
