package api

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
	"pirogue/webhook"
)

// paymentRoutes serves the reads of payments.
type paymentRoutes struct {
	payments Payments
	routes   Routes
	clock    pirogue.Clock
	waits    *statusWaits
}

// register adds the routes.
func (h paymentRoutes) register(in routeGroup) {
	in.get("/payments", h.list)
	in.get("/payments/:transaction_id", h.get)
}

// transactionID is the only accepted form of a payment's ID. Any other form is not found, also
// upper case. Two texts for one ID would be two keys in a merchant's books.
var transactionID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// idOf returns the ID in the path parameter name. It fails with TransactionNotFound for a text that
// cannot be an ID. The database fails so for another merchant's payment.
func idOf(c *gin.Context, name string) (pirogue.PaymentID, error) {
	text := c.Param(name)
	if !transactionID.MatchString(text) {
		return "", pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	return pirogue.PaymentID(text), nil
}

// get responds with a payment of any kind.
func (h paymentRoutes) get(c *gin.Context, rc *requestContext) error {
	p, err := h.find(c, rc, pathPayment{param: "transaction_id"})
	if err != nil {
		return err
	}
	view := viewOf(p, rc.language)
	h.addWaiting(c.Request.Context(), &view, p)
	c.JSON(http.StatusOK, responseBody[paymentView]{view})
	return nil
}

// pathPayment is the payment that a path names.
type pathPayment struct {
	param string              // of the path, which holds the payment's ID
	kind  pirogue.PaymentKind // the only one that is found; "" for any
}

// find returns the payment whose ID is in the path. With the wait parameter it returns once the
// status changes or the wait is over. It fails with TransactionNotFound, also for a payment of
// another kind.
func (h paymentRoutes) find(c *gin.Context, rc *requestContext, in pathPayment) (pirogue.Payment, error) {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery, "wait")
	seconds := q.Number("wait", 0, maxWait, 0)
	if err := q.Err(); err != nil {
		return pirogue.Payment{}, err
	}
	id, err := idOf(c, in.param)
	if err != nil {
		return pirogue.Payment{}, err
	}
	p, err := h.payments.Payment(rc.ctx, rc.owner(), id)
	if err == nil && in.kind != "" && p.Kind != in.kind {
		err = pirogue.Errorf(pirogue.TransactionNotFound, "a %s is no %s", p.Kind, in.kind)
	}
	if err != nil || seconds == 0 || p.Status.Terminal() {
		return p, err
	}
	rc.leaveLimiter()
	return h.waits.awaitChange(c.Request.Context(), rc.owner(), p, seconds)
}

// addWaiting adds what an open payment waits for. It reads our rows only: no read of a payment depends on
// Temporal or a worker. The fields are left out if the database takes longer than waitingTime.
func (h paymentRoutes) addWaiting(life context.Context, view *paymentView, p pirogue.Payment) {
	if p.Status.Terminal() {
		return
	}
	ctx, cancel := context.WithTimeout(life, waitingTime)
	defer cancel()
	attempt, err := h.payments.Progress(ctx, p.ID)
	if err != nil {
		return
	}
	var policy operator.RouteCandidate
	if instance, configured := h.routes.Instance(attempt.Operator); configured {
		policy = operator.NewRouteCandidate(p.Kind, instance)
	}
	view.wait(attempt.WaitState(p, policy), h.clock.Now())
}

// list responds with one page of payments, newest first. A full page has a cursor; the page
// after it may be empty.
func (h paymentRoutes) list(c *gin.Context, rc *requestContext) error {
	filter, err := readFilter(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	found, err := h.payments.List(rc.ctx, rc.owner(), filter)
	if err != nil {
		return err
	}
	list := page[paymentView]{Data: []paymentView{}}
	for _, p := range found {
		list.Data = append(list.Data, viewOf(p, rc.language))
	}
	if len(found) == filter.Limit {
		cursor := cursorAfter(found[len(found)-1].ID)
		list.NextCursor = &cursor
	}
	c.JSON(http.StatusOK, list)
	return nil
}

// The accepted forms in a filter. An unknown country or operator selects nothing, but a text that
// cannot be one is a mistake.
var (
	countryText  = regexp.MustCompile(`^[A-Z]{2}$`)
	operatorText = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
)

// readFilter reads the filter of a list of payments.
func readFilter(raw string) (listing.PaymentFilter, error) {
	q := httpkit.ReadQuery(raw, "merchant_order_id", "status", "type", "country_code", "operator",
		"created_from", "created_to", "cursor", "limit")
	f := listing.PaymentFilter{
		OrderID:     q.Text("merchant_order_id", orderID.MatchString),
		Status:      pirogue.Status(q.Text("status", oneOf(pirogue.Statuses...))),
		Kind:        pirogue.PaymentKind(q.Text("type", oneOf(pirogue.CashIn, pirogue.CashOut, pirogue.Refund))),
		Country:     pirogue.CountryCode(q.Text("country_code", countryText.MatchString)),
		Operator:    pirogue.OperatorCode(q.Text("operator", operatorText.MatchString)),
		CreatedFrom: q.Time("created_from"),
		CreatedTo:   q.Time("created_to"),
		Limit:       q.Number("limit", 1, listing.MaxPage, defaultPage),
	}
	q.Ordered(f.CreatedFrom, f.CreatedTo, "created_to")
	f.Before = cursorIn[pirogue.PaymentID](q, transactionID)
	return f, q.Err()
}

// paymentView is a payment in the merchant API: Neka Paie's fields under their names, then
// Pirogue's. A field that does not apply is left out, never null.
type paymentView struct {
	ID               pirogue.PaymentID    `json:"transaction_id"`
	Original         pirogue.PaymentID    `json:"original_transaction_id,omitempty"` // of a refund
	OrderID          string               `json:"merchant_order_id"`
	Type             pirogue.PaymentKind  `json:"type"`
	Status           pirogue.Status       `json:"status"`
	Amount           int64                `json:"amount"` // minor units, as the merchant asked for
	Fee              int64                `json:"fee"`    // minor units, frozen at acceptance
	Currency         pirogue.Currency     `json:"currency"`
	CountryCode      pirogue.CountryCode  `json:"country_code"`
	MSISDN           string               `json:"msisdn"`   // masked
	Operator         pirogue.OperatorCode `json:"operator"` // of the latest attempt
	Network          pirogue.Network      `json:"network"`
	PaymentURL       string               `json:"payment_url,omitempty"`
	NextAction       *actionView          `json:"next_action,omitempty"`
	RefundedAmount   int64                `json:"refunded_amount"`   // minor units given back so far
	RefundableAmount int64                `json:"refundable_amount"` // minor units that can still be given back
	ProviderTxID     string               `json:"provider_tx_id,omitempty"`
	Failure          *failureView         `json:"failure,omitempty"`
	WaitingFor       string               `json:"waiting_for,omitempty"`   // absent when the database does not say at once
	PollAfter        *int64               `json:"poll_after_ms,omitempty"` // 0: poll at once
	ExpiresAt        string               `json:"expires_at,omitempty"`
	CreatedAt        string               `json:"created_at"`
	UpdatedAt        string               `json:"updated_at"`
	Metadata         map[string]string    `json:"metadata"`
	Livemode         bool                 `json:"livemode"` // false: test money
}

// actionView is the customer's next step.
type actionView struct {
	Type      pirogue.ActionType `json:"type"`
	URL       string             `json:"url,omitempty"`
	QR        string             `json:"qr,omitempty"`
	USSDCode  string             `json:"ussd_code,omitempty"`
	Vendor    string             `json:"vendor,omitempty"` // the network whose menu the code opens
	ExpiresAt string             `json:"expires_at,omitempty"`
}

// failureView is the reason why a payment did not succeed.
type failureView struct {
	Code    pirogue.FailureCode `json:"code"`
	Message string              `json:"message"`
	Moved   int64               `json:"moved_amount,omitempty"` // of a payment that was paid in part, in minor units
}

// viewOf returns a payment's view, with its texts in a language.
func viewOf(p pirogue.Payment, lang uiLanguage) paymentView {
	view := paymentView{
		ID: p.ID, Original: p.ParentID, OrderID: p.OrderID, Type: p.Kind, Status: p.Status,
		Amount: p.Amount.Minor, Fee: p.Fee.Minor, Currency: p.Amount.Currency,
		CountryCode: p.Country, MSISDN: p.MSISDN.Masked(), Operator: p.Operator, Network: p.Network,
		RefundedAmount: p.Refunded, RefundableAmount: p.Refundable(), ProviderTxID: p.ProviderTxID,
		CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
		Metadata: p.Metadata, Livemode: p.Mode == pirogue.Live,
	}
	if view.Metadata == nil {
		view.Metadata = map[string]string{}
	}
	// The page stays in the view of an ended payment. A merchant that redirects to payment_url must
	// find it, even when the customer pays before the merchant has our response.
	if p.NextAction.Type == pirogue.ActionRedirect {
		view.PaymentURL = p.NextAction.URL
	}
	if p.Failure.Code != "" {
		view.Failure = &failureView{Code: p.Failure.Code, Message: reason(p.Failure.Code, lang), Moved: p.Moved}
	}
	if !p.Status.Terminal() {
		view.NextAction = actionOf(p.NextAction)
		view.ExpiresAt = moment(p.ExpiresAt)
	}
	return view
}

// shown returns the view of a payment in the form of the request that created it.
func shown(p pirogue.Payment, lang uiLanguage) any {
	if p.Kind == pirogue.Refund {
		return refundOf(p, lang)
	}
	return viewOf(p, lang)
}

// actionOf returns the view of the customer's next step, nil when there is none.
func actionOf(a pirogue.NextAction) *actionView {
	if a.Type == "" {
		return nil
	}
	return &actionView{
		Type: a.Type, URL: a.URL, QR: a.QR, USSDCode: a.USSDCode, Vendor: a.Vendor, ExpiresAt: moment(a.ExpiresAt),
	}
}

// reason returns a failure's text in a language, or the code itself when it has no text.
func reason(code pirogue.FailureCode, lang uiLanguage) string {
	if text := lang.of(webhook.FailureTexts[code]); text != "" {
		return text
	}
	return string(code)
}

// wait adds what the payment waits for.
func (view *paymentView) wait(w lifecycle.WaitState, now time.Time) {
	view.WaitingFor = w.For
	if !w.NextPoll.IsZero() {
		after := max(0, w.NextPoll.Sub(now).Milliseconds())
		view.PollAfter = &after
	}
	if !w.Deadline.IsZero() {
		view.ExpiresAt = moment(w.Deadline)
	}
}
