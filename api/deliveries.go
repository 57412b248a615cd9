package api

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/listing"
)

// deliveryRoutes serves a merchant's webhooks: the log of their deliveries, and their repetition.
type deliveryRoutes struct {
	events    Events
	workflows Workflows
	log       *zap.Logger
}

// register adds the routes.
func (h deliveryRoutes) register(in routeGroup) {
	in.get("/webhooks/deliveries", h.list)
	in.post("/webhooks/deliveries/resend", h.resendMany)
	in.post("/webhooks/deliveries/:event_id/resend", h.resendOne)
}

// eventID is the only accepted form of an event's ID.
var eventID = regexp.MustCompile(`^evt_[0-9a-f]{32}_[1-9][0-9]{0,8}$`)

// eventStates lists the states by which deliveries can be filtered.
var eventStates = []pirogue.EventState{
	pirogue.EventWaiting, pirogue.EventDelivered, pirogue.EventExhausted, pirogue.EventUnwanted,
}

// eventSummary is an event in a list of the merchant API, without its body.
type eventSummary struct {
	ID        pirogue.EventID    `json:"event_id"`
	PaymentID pirogue.PaymentID  `json:"transaction_id,omitempty"` // of a payment's event
	BulkID    pirogue.BulkID     `json:"bulk_id,omitempty"`        // of a bulk's event
	URL       string             `json:"url,omitempty"`            // absent when the merchant had no webhook address
	State     pirogue.EventState `json:"state"`
	Round     int                `json:"round"`
	CreatedAt string             `json:"created_at"`
}

// deliveryView is an event with its body and all its deliveries.
type deliveryView struct {
	eventSummary
	Payload  json.RawMessage `json:"payload"`
	Attempts []attemptView   `json:"attempts"`
}

// attemptView is one delivery. Without an end it is under way, or a crash interrupted it.
type attemptView struct {
	Round      int    `json:"round"`
	Number     int    `json:"number"`
	StartedAt  string `json:"started_at"`
	EndedAt    string `json:"ended_at,omitempty"`
	HTTPStatus int    `json:"http_status,omitempty"`
	Error      string `json:"error,omitempty"`
}

// summaryOf returns the view of an event for its merchant.
func summaryOf(e pirogue.Event) eventSummary {
	return eventSummary{
		ID: e.ID, PaymentID: e.PaymentID, BulkID: e.BulkID, URL: e.URL, State: e.State, Round: e.Round,
		CreatedAt: moment(e.CreatedAt),
	}
}

// deliveryOf returns the view of an event with its deliveries.
func deliveryOf(l listing.EventLog) deliveryView {
	view := deliveryView{eventSummary: summaryOf(l.Event), Payload: l.Body, Attempts: []attemptView{}}
	for _, d := range l.Deliveries {
		view.Attempts = append(view.Attempts, attemptView{
			Round: d.Round, Number: d.Number, StartedAt: moment(d.StartedAt), EndedAt: moment(d.EndedAt),
			HTTPStatus: d.HTTPStatus, Error: d.Error,
		})
	}
	return view
}

// readEventFilter reads the filter of a list of events.
func readEventFilter(raw string) (listing.EventFilter, error) {
	q := httpkit.ReadQuery(raw, "transaction_id", "state", "created_from", "created_to", "cursor", "limit")
	f := listing.EventFilter{
		PaymentID: pirogue.PaymentID(q.Text("transaction_id", transactionID.MatchString)),
		State:     pirogue.EventState(q.Text("state", oneOf(eventStates...))),
		From:      q.Time("created_from"),
		To:        q.Time("created_to"),
		Before:    cursorIn[pirogue.EventID](q, eventID),
		Limit:     q.Number("limit", 1, listing.MaxPage, defaultPage),
	}
	q.Ordered(f.From, f.To, "created_to")
	return f, q.Err()
}

// list responds with one page of events, newest first. A full page has a cursor; the page
// after it may be empty.
func (h deliveryRoutes) list(c *gin.Context, rc *requestContext) error {
	filter, err := readEventFilter(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	found, err := h.events.Deliveries(rc.ctx, rc.owner(), filter)
	if err != nil {
		return err
	}
	list := page[deliveryView]{Data: []deliveryView{}}
	for _, l := range found {
		list.Data = append(list.Data, deliveryOf(l))
	}
	if len(found) == filter.Limit {
		cursor := cursorAfter(found[len(found)-1].ID)
		list.NextCursor = &cursor
	}
	c.JSON(http.StatusOK, list)
	return nil
}

// resendOne sends an event again. It fails with InvalidParameter when the event has no address, or
// was sent again too often. The body must be an object. The signature of an empty one would equal a
// GET's, which any reader of a GET could reuse. event_id is allowed in it, so that two requests in
// one second have different signatures.
func (h deliveryRoutes) resendOne(c *gin.Context, rc *requestContext) error {
	f, err := readForm(rc.body, "event_id")
	if err != nil {
		return err
	}
	id := c.Param("event_id")
	f.text("event_id", pirogue.InvalidParameter, func(text string) bool { return text == id })
	if err := f.err(); err != nil {
		return err
	}
	if !eventID.MatchString(id) {
		return pirogue.Errorf(pirogue.NotFound, "not an event's id")
	}
	if err := h.workflows.Ready(rc.ctx); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "workflows are unavailable: %w", err)
	}
	event, err := h.resend(c, rc, pirogue.EventID(id))
	if err != nil {
		return err
	}
	if event.State != pirogue.EventWaiting {
		return pirogue.FieldError(pirogue.InvalidParameter, "event_id")
	}
	c.JSON(http.StatusAccepted, responseBody[eventSummary]{summaryOf(event)})
	return nil
}

// resendMany sends the events of a payment again, or the exhausted events of a period. It sends at
// most maxResent of them, newest first. A full response has a cursor for the next request.
func (h deliveryRoutes) resendMany(c *gin.Context, rc *requestContext) error {
	filter, err := readResend(rc.body)
	if err != nil {
		return err
	}
	if err := h.workflows.Ready(rc.ctx); err != nil {
		return pirogue.Errorf(pirogue.ServiceUnavailable, "workflows are unavailable: %w", err)
	}
	found, err := h.events.Deliveries(rc.ctx, rc.owner(), filter)
	if err != nil {
		return err
	}
	list := page[eventSummary]{Data: []eventSummary{}}
	for _, l := range found {
		event, err := h.resend(c, rc, l.ID)
		if err != nil {
			return err
		}
		if event.State == pirogue.EventWaiting {
			list.Data = append(list.Data, summaryOf(event))
		}
	}
	if len(found) == filter.Limit {
		cursor := cursorAfter(found[len(found)-1].ID)
		list.NextCursor = &cursor
	}
	c.JSON(http.StatusAccepted, list)
	return nil
}

// readResend reads which events to send again: a payment's, or the exhausted ones of a period. It
// fails with MissingField when the request names neither.
func readResend(body []byte) (listing.EventFilter, error) {
	f, err := readForm(body, "transaction_id", "from", "to", "cursor")
	if err != nil {
		return listing.EventFilter{}, err
	}
	filter := listing.EventFilter{Limit: maxResent}
	filter.PaymentID = pirogue.PaymentID(f.text("transaction_id", pirogue.InvalidParameter, transactionID.MatchString))
	filter.From, filter.To = f.time("from"), f.time("to")
	if filter.To.Before(filter.From) && f.has("to") {
		f.reject("to", pirogue.InvalidParameter)
	}
	f.text("cursor", pirogue.InvalidParameter, func(text string) (ok bool) {
		filter.Before, ok = behind[pirogue.EventID](text, eventID)
		return ok
	})
	switch {
	case f.has("transaction_id"):
	case f.has("from"):
		filter.State = pirogue.EventExhausted
	default:
		f.require("transaction_id")
	}
	return filter, f.err()
}

// resend makes an event WAITING again and starts its delivery. An event that is not WAITING
// afterwards cannot be sent. It only logs a failed start, because the stored event waits and the
// sweep starts its delivery.
func (h deliveryRoutes) resend(c *gin.Context, rc *requestContext, id pirogue.EventID) (pirogue.Event, error) {
	event, err := h.events.Resend(rc.ctx, rc.owner(), id)
	if err != nil || event.State != pirogue.EventWaiting {
		return event, err
	}
	start, stop := context.WithTimeout(context.WithoutCancel(c.Request.Context()), deliverTime)
	defer stop()
	if err := h.workflows.Deliver(start, event); err != nil {
		h.log.Warn("delivery is left to the sweep",
			zap.String("request_id", rc.id), zap.String("event_id", string(id)), zap.Error(err))
	}
	return event, nil
}
