package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/access"
	"pirogue/api/httpkit"
	"pirogue/routing"
)

// refundRoutes serves the refunds: a cash-in, or a part of it, back to its payer.
type refundRoutes struct {
	acceptance *acceptance
	payments   Payments
	routes     Routes
	urls       httpkit.URLRules
	reads      paymentRoutes
}

// register adds the routes.
func (h refundRoutes) register(in routeGroup) {
	in.post("/refunds", h.create)
	in.get("/refunds/:refund_id", h.get)
}

// refundRequest is a merchant's request for a refund, read and checked.
type refundRequest struct {
	original  pirogue.PaymentID // as the request holds it; it may be no valid ID
	reference string
	amount    int64 // 0: all that is left
	reason    string
	notifyURL string
	metadata  map[string]string
}

// refundFields lists every field of the request, in the contract's order.
var refundFields = []string{"transaction_id", "merchant_refund_id", "amount", "reason", "notify_url", "metadata"}

// read reads a refund. It fails like paymentRequests.read. It does not check the original's ID. A text
// that cannot be an ID is not found later, like any unknown one.
func (h refundRoutes) read(body []byte, m pirogue.Mode) (refundRequest, error) {
	f, err := readForm(body, refundFields...)
	if err != nil {
		return refundRequest{}, err
	}
	f.require("transaction_id", "merchant_refund_id")
	in := refundRequest{
		original:  pirogue.PaymentID(f.text("transaction_id", pirogue.InvalidParameter, line(maxDescription))),
		reference: f.text("merchant_refund_id", pirogue.InvalidOrderID, orderID.MatchString),
		amount:    f.amount("amount"),
		reason:    f.text("reason", pirogue.InvalidParameter, line(maxDescription)),
		notifyURL: f.text("notify_url", pirogue.InvalidURL, h.urls.Webhook(m)),
		metadata:  f.metadata("metadata"),
	}
	return in, f.err()
}

// create gives a cash-in, or part of it, back to its payer. It looks up the reference first,
// so that a repeat gets its 409 whatever the cash-in's status is.
func (h refundRoutes) create(c *gin.Context, rc *requestContext) error {
	in, err := h.read(rc.body, rc.key.Mode)
	if err != nil {
		return err
	}
	clash := func(original pirogue.Payment) error { return in.conflict(original, rc.language) }
	// A repeat may come after the cash-in is REVERSED, which no check below would allow.
	original, err := h.payments.ByReference(rc.ctx, rc.owner(), pirogue.Refund, in.reference)
	switch pirogue.CodeOf(err) {
	case "":
		return clash(original)
	case pirogue.TransactionNotFound:
	default:
		return err
	}
	parent, err := h.collected(rc.ctx, rc.owner(), in.original)
	if err != nil {
		return err
	}
	amount, err := in.share(parent, rc.language)
	if err != nil {
		return err
	}
	collector, _ := h.routes.Instance(parent.Operator)
	route, err := routing.NewRefundRoute(h.routes, parent, collector)
	if err != nil {
		return err
	}
	p := pirogue.Payment{
		Kind: pirogue.Refund, ParentID: parent.ID, OrderID: in.reference, Amount: amount,
		Country: parent.Country, MSISDN: parent.MSISDN, Network: parent.Network, CustomerName: parent.CustomerName,
		Description: in.reason, NotifyURL: in.notifyURL, Metadata: in.metadata,
	}
	return h.acceptance.accept(c, rc, newPayment{payment: p, candidates: route.Operators, conflict: clash})
}

// collected returns the cash-in that a refund names. It fails with TransactionNotFound, and with
// RefundNotAllowed for a payment that is no successful cash-in.
func (h refundRoutes) collected(ctx context.Context, o access.Owner, id pirogue.PaymentID) (pirogue.Payment, error) {
	if !transactionID.MatchString(string(id)) {
		return pirogue.Payment{}, pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	p, err := h.payments.Payment(ctx, o, id)
	if err == nil && (p.Kind != pirogue.CashIn || p.Status != pirogue.StatusSuccess) {
		err = pirogue.Errorf(pirogue.RefundNotAllowed, "%s %s cannot be refunded", p.Status, p.Kind)
	}
	return p, err
}

// share returns the part of a cash-in to give back. It fails with RefundExceedsPayment, and with
// RefundInProgress when refunds under way already cover the rest. The database checks again,
// because another refund may come in between.
func (in refundRequest) share(parent pirogue.Payment, lang uiLanguage) (pirogue.Money, error) {
	amount, left := parent.Amount, parent.Refundable()
	amount.Minor = left
	switch {
	case in.amount > left:
		return amount, pirogue.FieldError(pirogue.RefundExceedsPayment, "amount")
	case in.amount > 0:
		amount.Minor = in.amount
	// The request names no amount, and other refunds hold all that is left.
	case left == 0:
		underWay := pirogue.Errorf(pirogue.RefundInProgress, "%d of %s are held", parent.RefundHeld, parent.Amount)
		return amount, &problem{error: underWay, data: shown(parent, lang)}
	}
	return amount, nil
}

// conflict returns the 409 for a reference that exists. A field that the request leaves out matches
// any value, such as an absent amount.
func (in refundRequest) conflict(original pirogue.Payment, lang uiLanguage) error {
	request := original
	request.ParentID, request.Description, request.NotifyURL = in.original, in.reason, in.notifyURL
	request.Metadata = in.metadata
	if in.amount > 0 {
		request.Amount.Minor = in.amount
	}
	return conflict(original, request, lang)
}

// get responds with a refund. A payment of another kind is not found.
func (h refundRoutes) get(c *gin.Context, rc *requestContext) error {
	p, err := h.reads.find(c, rc, pathPayment{param: "refund_id", kind: pirogue.Refund})
	if err != nil {
		return err
	}
	view := refundOf(p, rc.language)
	h.reads.addWaiting(c.Request.Context(), &view.paymentView, p)
	c.JSON(http.StatusOK, responseBody[refundView]{view})
	return nil
}

// refundView is a refund in the responses of POST /refunds. Its transaction_id is the cash-in that
// it gives back, and the refund has fields of its own. Elsewhere, in lists and webhooks, a refund's
// transaction_id is its own.
type refundView struct {
	ID        pirogue.PaymentID `json:"refund_id"`
	Original  pirogue.PaymentID `json:"transaction_id"`
	Reference string            `json:"merchant_refund_id"`
	paymentView
}

// refundOf returns a refund's view, with its texts in a language.
func refundOf(p pirogue.Payment, lang uiLanguage) refundView {
	view := refundView{ID: p.ID, Original: p.ParentID, Reference: p.OrderID, paymentView: viewOf(p, lang)}
	view.paymentView.Original = "" // it is transaction_id
	return view
}
