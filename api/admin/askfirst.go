package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// The verbs of the audit log about a restored database.
const (
	VerbAskFirst support.SupportActionKind = "ask-first"
	VerbLooked   support.SupportActionKind = "ask-first-looked"
	VerbAskEnd   support.SupportActionKind = "ask-first-end"
)

// AskFirstMode controls ask-first mode, in which every operator is asked before anything is sent. Its
// methods fail with NotFound while the mode is off.
type AskFirstMode interface {
	// AskFirstReport returns the mode's progress, with one row for each configured operator.
	AskFirstReport(ctx context.Context, configured []pirogue.OperatorCode) (lifecycle.AskFirstReport, error)
	// OperatorLooked records where a person looked instead of asking an operator.
	OperatorLooked(ctx context.Context, o pirogue.OperatorCode, evidence, by string) error
	// EndAskFirst ends the mode on a second person's request and records a first person's proposal.
	// It refuses while operators are left to ask, and returns them.
	EndAskFirst(
		ctx context.Context, configured []pirogue.OperatorCode, actor string, at time.Time,
	) (support.ActionResult, error)
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

// showAskFirst responds with the mode's progress.
func (s *Server) showAskFirst(ctx context.Context, _ *gin.Context) (any, error) {
	r, err := s.store.AskFirst.AskFirstReport(ctx, s.operators)
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
	why

	Evidence string `json:"evidence"`
}

// looked records where a person looked, for an operator that cannot be asked.
func (s *Server) looked(c *gin.Context, v *requestContext) error {
	var body lookedBody
	if err := readBody(c, &body); err != nil {
		return err
	}
	code := c.Param("operator")
	err := demand(body.rule(), needed("operator", code, maxID), needed("evidence", body.Evidence, maxEvidence))
	if err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: VerbLooked, needs: support.RoleFinance, subject: "operator " + code + ": " + body.Evidence, reason: body.Reason,
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := stepOf(ctx)
			defer cancel()
			err := s.store.AskFirst.OperatorLooked(ctx, pirogue.OperatorCode(code), body.Evidence, v.actor)
			return done("The operator counts as asked.", err)
		},
	})
}

// endAskFirst ends the mode. Payments are sent again after it, so it needs the role finance.
func (s *Server) endAskFirst(c *gin.Context, v *requestContext) error {
	var body why
	if err := readBody(c, &body); err != nil {
		return err
	}
	if err := demand(body.rule()); err != nil {
		return err
	}
	return s.carryOut(c, v, supportRequest{
		verb: VerbAskEnd, needs: support.RoleFinance, reason: body.Reason,
		do: func(ctx context.Context, _ string) (support.ActionResult, error) {
			ctx, cancel := stepOf(ctx)
			defer cancel()
			return s.store.AskFirst.EndAskFirst(ctx, s.operators, v.actor, s.clock.Now())
		},
	})
}

// AskFirst returns the mode's progress.
func (c *Client) AskFirst(ctx context.Context) (AskFirst, error) {
	return get[AskFirst](ctx, c, "/ask-first", nil)
}

// Looked records where a person looked, for an operator that cannot be asked.
func (c *Client) Looked(ctx context.Context, o pirogue.OperatorCode, evidence, reason string) (AuditEntry, error) {
	path := "/ask-first/operators/" + url.PathEscape(string(o))
	return c.act(ctx, http.MethodPost, path, lookedBody{why{reason}, evidence})
}

// EndAskFirst ends the mode, or proposes its end to a second person.
func (c *Client) EndAskFirst(ctx context.Context, reason string) (AuditEntry, error) {
	return c.act(ctx, http.MethodPost, "/ask-first/end", why{reason})
}
