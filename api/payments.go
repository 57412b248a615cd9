package api

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/listing"
)

// page is the body of a list's response.
type page[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor"`
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

// getPayment responds with a payment of any kind.
func (s *Server) getPayment(c *gin.Context, v *requestContext) error {
	p, err := s.find(c, v, "transaction_id", "")
	if err != nil {
		return err
	}
	view := viewOf(p, v.tongue)
	s.addWaiting(c.Request.Context(), &view, p)
	c.JSON(http.StatusOK, responseBody[paymentView]{view})
	return nil
}

// find returns the payment whose ID is in the path. With the wait parameter it returns once the
// status changes or the wait is over. It fails with TransactionNotFound, also for a payment of
// another kind; "" allows any kind.
func (s *Server) find(c *gin.Context, v *requestContext, name string, only pirogue.PaymentKind) (pirogue.Payment, error) {
	q := readQuery(c.Request.URL.RawQuery, "wait")
	seconds := q.number("wait", 0, maxWait, 0)
	if err := q.err(); err != nil {
		return pirogue.Payment{}, err
	}
	id, err := idOf(c, name)
	if err != nil {
		return pirogue.Payment{}, err
	}
	p, err := s.store.Payments.Payment(v.ctx, v.owner(), id)
	if err == nil && only != "" && p.Kind != only {
		err = pirogue.Errorf(pirogue.TransactionNotFound, "a %s is no %s", p.Kind, only)
	}
	if err != nil || seconds == 0 || p.Status.Terminal() {
		return p, err
	}
	v.rest()
	return s.hold(c.Request.Context(), v.owner(), p, seconds)
}

// addWaiting adds what an open payment waits for, if its workflow responds within waitingTime. A
// read succeeds without a worker.
func (s *Server) addWaiting(life context.Context, view *paymentView, p pirogue.Payment) {
	if p.Status.Terminal() {
		return
	}
	ctx, cancel := context.WithTimeout(life, waitingTime)
	defer cancel()
	now := s.clock.Now()
	w, err := s.workflows.Waiting(ctx, p.ID, p.Kind, now)
	if err != nil {
		return
	}
	if next, err := s.store.Payments.NextPoll(ctx, p.ID); err == nil {
		w = w.PolledAt(next)
	}
	view.wait(w, now)
}

// getTimeline responds with every event of a payment.
func (s *Server) getTimeline(c *gin.Context, v *requestContext) error {
	if err := readQuery(c.Request.URL.RawQuery).err(); err != nil {
		return err
	}
	id, err := idOf(c, "transaction_id")
	if err != nil {
		return err
	}
	moments, err := s.store.Reports.Timeline(v.ctx, v.owner(), id)
	if err != nil {
		return err
	}
	events := page[eventView]{Data: []eventView{}}
	for _, m := range moments {
		events.Data = append(events.Data, eventOf(m, v.tongue))
	}
	c.JSON(http.StatusOK, events)
	return nil
}

// getBalances responds with the merchant's balances, one per country.
func (s *Server) getBalances(c *gin.Context, v *requestContext) error {
	if err := readQuery(c.Request.URL.RawQuery).err(); err != nil {
		return err
	}
	balances, err := s.store.Reports.Balances(v.ctx, v.owner())
	if err != nil {
		return err
	}
	lines := page[balanceView]{Data: []balanceView{}}
	for _, b := range balances {
		lines.Data = append(lines.Data, balanceOf(b))
	}
	c.JSON(http.StatusOK, lines)
	return nil
}

// listPayments responds with one page of payments, newest first. A full page has a cursor; the page
// after it may be empty.
func (s *Server) listPayments(c *gin.Context, v *requestContext) error {
	filter, err := readFilter(c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	found, err := s.store.Payments.List(v.ctx, v.owner(), filter)
	if err != nil {
		return err
	}
	list := page[paymentView]{Data: []paymentView{}}
	for _, p := range found {
		list.Data = append(list.Data, viewOf(p, v.tongue))
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
	q := readQuery(raw, "merchant_order_id", "status", "type", "country_code", "operator",
		"created_from", "created_to", "cursor", "limit")
	f := listing.PaymentFilter{
		OrderID:     q.text("merchant_order_id", orderID.MatchString),
		Status:      pirogue.Status(q.text("status", oneOf(pirogue.Statuses...))),
		Kind:        pirogue.PaymentKind(q.text("type", oneOf(pirogue.CashIn, pirogue.CashOut, pirogue.Refund))),
		Country:     pirogue.CountryCode(q.text("country_code", countryText.MatchString)),
		Operator:    pirogue.OperatorCode(q.text("operator", operatorText.MatchString)),
		CreatedFrom: q.moment("created_from"),
		CreatedTo:   q.moment("created_to"),
		Limit:       q.number("limit", 1, listing.MaxPage, defaultPage),
	}
	q.ordered(f.CreatedFrom, f.CreatedTo, "created_to")
	f.Before = cursorIn[pirogue.PaymentID](q, transactionID)
	return f, q.err()
}

// cursors encodes cursors so that their content is not readable and clients build none themselves.
var cursors = base64.RawURLEncoding.Strict()

// cursorAfter returns the cursor of the page that begins after the row with this ID.
func cursorAfter[T ~string](id T) string { return cursors.EncodeToString([]byte(id)) }

// behind returns the ID that a page begins after. It is false for a text that is no cursor. The row
// with this ID may belong to another merchant; the page holds the owner's rows only.
func behind[T ~string](cursor string, id *regexp.Regexp) (T, bool) {
	held, err := cursors.DecodeString(cursor)
	return T(held), err == nil && id.Match(held)
}

// cursorIn returns the ID that a page begins after, "" for the first page.
func cursorIn[T ~string](q *query, id *regexp.Regexp) (before T) {
	q.text("cursor", func(text string) (ok bool) {
		before, ok = behind[T](text, id)
		return ok
	})
	return before
}
