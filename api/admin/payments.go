package admin

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/lifecycle"
	"pirogue/support"
)

// paymentRoutes serves the payments of every merchant.
type paymentRoutes struct {
	payments   Payments
	cases      Cases
	workflows  Workflows
	clock      pirogue.Clock
	workflowID func(pirogue.PaymentID, pirogue.PaymentKind) string
}

// register adds the routes.
func (h paymentRoutes) register(in routeGroup) {
	in.read("/payments", h.find)
	in.read("/payments/:id", h.show)
	in.read("/payments/:id/timeline", h.showTimeline)
}

// uuidText is the only accepted form of a payment's or a merchant's ID.
var uuidText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// idOf returns the payment's ID in the path. It fails with TransactionNotFound.
func idOf(c *gin.Context) (pirogue.PaymentID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	return pirogue.PaymentID(c.Param("id")), nil
}

// paymentIn returns the payment in the request's path. It fails with TransactionNotFound.
func paymentIn(c *gin.Context, payments Payments) (pirogue.Payment, error) {
	id, err := idOf(c)
	if err != nil {
		return pirogue.Payment{}, err
	}
	ctx, cancel := withinStoreTime(c.Request.Context())
	defer cancel()
	p, err := payments.AnyPayment(ctx, id)
	return p.Payment, err
}

// find responds with the payments that match a term.
func (h paymentRoutes) find(ctx context.Context, c *gin.Context) (any, error) {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "find", "limit")
	term := strings.TrimSpace(q.Text("find", anyText))
	limit := limitOf(q)
	if err := q.Err(); err != nil {
		return nil, err
	}
	if err := demand(needed("find", term, maxTerm)); err != nil {
		return nil, err
	}
	found, err := h.payments.Find(ctx, term, limit)
	return each(found, paymentOf), err
}

// show responds with the facts about a payment, except its timeline. They include what it
// waits on, its cases, and the allowed actions.
func (h paymentRoutes) show(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	p, err := h.payments.AnyPayment(ctx, id)
	if err != nil {
		return nil, err
	}
	cases, err := h.cases.Cases(ctx, id)
	if err != nil {
		return nil, err
	}
	return Details{
		Payment: paymentOf(p.Payment), WorkflowID: h.workflowID(p.ID, p.Kind), Waiting: h.waiting(ctx, p.Payment),
		Cases: each(cases, caseOf), Allowed: support.AllowedActions(p.Payment, cases), Unreadable: p.Unreadable,
		CustomerName: p.CustomerName, Description: p.Description, Metadata: p.Metadata,
		ReturnURL: p.ReturnURL, CancelURL: p.CancelURL, NotifyURL: p.NotifyURL,
	}, nil
}

// waiting returns what an open payment waits on. It is nil when its workflow does not respond
// within waitingTime, so that a read never depends on a worker.
func (h paymentRoutes) waiting(ctx context.Context, p pirogue.Payment) *lifecycle.WaitState {
	if p.Status.Terminal() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waitingTime)
	defer cancel()
	w, err := h.workflows.Waiting(ctx, p.ID, p.Kind, h.clock.Now())
	if err != nil {
		return nil
	}
	if next, err := h.payments.NextPoll(ctx, p.ID); err == nil {
		w = w.PolledAt(next)
	}
	return &w
}

// showTimeline responds with every event of a payment.
func (h paymentRoutes) showTimeline(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	entries, err := h.payments.AnyTimeline(ctx, id)
	return each(entries, timelineEntryOf), err
}

// Payment is a payment in support's view. The number is masked; amounts are minor units of
// Currency.
type Payment struct {
	ID           pirogue.PaymentID    `json:"transaction_id"`
	MerchantID   pirogue.MerchantID   `json:"merchant_id"`
	Mode         pirogue.Mode         `json:"mode"`
	Kind         pirogue.PaymentKind  `json:"type"`
	OrderID      string               `json:"merchant_order_id"`
	ParentID     pirogue.PaymentID    `json:"original_transaction_id,omitempty"`
	Late         bool                 `json:"late,omitempty"` // a refund of late money from suspense
	Status       pirogue.Status       `json:"status"`
	Amount       int64                `json:"amount"`
	Fee          int64                `json:"fee"` // frozen at acceptance
	FeePayer     pirogue.FeePayer     `json:"fee_payer,omitempty"`
	Currency     pirogue.Currency     `json:"currency"`
	Country      pirogue.CountryCode  `json:"country_code"`
	MSISDN       string               `json:"msisdn"` // masked
	Network      pirogue.Network      `json:"network"`
	Operator     pirogue.OperatorCode `json:"operator"` // of the latest attempt
	ProviderTxID string               `json:"provider_tx_id,omitempty"`
	Refunded     int64                `json:"refunded_amount"` // given back so far
	RefundHeld   int64                `json:"refund_held"`     // reserved for refunds under way
	Failure      *pirogue.Failure     `json:"failure,omitempty"`
	CreatedAt    time.Time            `json:"created_at"`
	UpdatedAt    time.Time            `json:"updated_at"`
	ExpiresAt    time.Time            `json:"expires_at,omitzero"`
	SettledAt    time.Time            `json:"settled_at,omitzero"` // zero until SUCCESS
}

// Details holds the facts about a payment, except its timeline.
type Details struct {
	Payment

	WorkflowID   string                      `json:"workflow_id"`       // its ID in the Temporal Web UI
	Waiting      *lifecycle.WaitState        `json:"waiting,omitempty"` // nil: ended, or its workflow does not respond
	Cases        []Case                      `json:"cases"`
	Allowed      []support.SupportActionKind `json:"allowed"` // offered actions; the workflow decides
	CustomerName string                      `json:"customer_name,omitempty"`
	Description  string                      `json:"description,omitempty"`
	Metadata     map[string]string           `json:"metadata,omitempty"`
	ReturnURL    string                      `json:"return_url,omitempty"`
	CancelURL    string                      `json:"cancel_url,omitempty"`
	NotifyURL    string                      `json:"notify_url,omitempty"`
	Unreadable   string                      `json:"unreadable,omitempty"` // why a part of the payment is missing here
}

// paymentOf returns support's view of a payment.
func paymentOf(p pirogue.Payment) Payment {
	view := Payment{
		ID: p.ID, MerchantID: p.MerchantID, Mode: p.Mode, Kind: p.Kind, OrderID: p.OrderID, ParentID: p.ParentID,
		Late: p.Late, Status: p.Status, Amount: p.Amount.Minor, Fee: p.Fee.Minor, FeePayer: p.FeePayer,
		Currency: p.Amount.Currency, Country: p.Country, MSISDN: p.MSISDN.Masked(), Network: p.Network,
		Operator: p.Operator, ProviderTxID: p.ProviderTxID, Refunded: p.Refunded, RefundHeld: p.RefundHeld,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt, ExpiresAt: p.ExpiresAt, SettledAt: p.SettledAt,
	}
	if p.Failure.Code != "" {
		view.Failure = &p.Failure
	}
	return view
}

// TimelineEntry is one line of a payment's timeline.
type TimelineEntry struct {
	At      time.Time                 `json:"at"`
	Type    support.TimelineEntryType `json:"type"`
	Source  support.Source            `json:"source"`
	Message string                    `json:"message"`
	Details map[string]any            `json:"details,omitempty"`
}

// timelineEntryOf returns support's view of a timeline's line, with its English text.
func timelineEntryOf(e support.TimelineEntry) TimelineEntry {
	return TimelineEntry{
		At: e.At, Type: e.Type, Source: e.Source, Message: support.TimelineTexts[e.Type].EN, Details: e.Details,
	}
}
