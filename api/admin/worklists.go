package admin

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"pirogue"
	"pirogue/api/httpkit"
	"pirogue/listing"
	"pirogue/support"
)

// worklistRoutes serves the lists that support works through.
type worklistRoutes struct {
	stuck StuckPayments
	cases Cases
	clock pirogue.Clock
}

// register adds the routes.
func (h worklistRoutes) register(in routeGroup) {
	in.read("/stuck", h.listStuck)
	in.read("/cases", h.listCases)
}

// listStuck responds with the payments that support should look at, each with its cause and the
// allowed actions.
func (h worklistRoutes) listStuck(ctx context.Context, c *gin.Context) (any, error) {
	f, err := workFilter(c)
	if err != nil {
		return nil, err
	}
	page, err := h.stuck.Stuck(ctx, h.clock.Now(), f)
	return worklist[Stuck]{each(page.Rows, stuckOf), page.Next, each(page.Tallies, tallyOf)}, err
}

// listCases responds with the open cases, which only a person can settle.
func (h worklistRoutes) listCases(ctx context.Context, c *gin.Context) (any, error) {
	f, err := workFilter(c)
	if err != nil {
		return nil, err
	}
	page, err := h.cases.OpenCases(ctx, f)
	return worklist[OpenCase]{each(page.Rows, openCaseOf), page.Next, each(page.Tallies, tallyOf)}, err
}

// workFilter reads the filter of a list.
func workFilter(c *gin.Context) (support.WorkFilter, error) {
	q := httpkit.ReadQuery(c.Request.URL.RawQuery,
		"cause", "operator", "merchant", "country", "type", "before", "cursor", "limit")
	f := support.WorkFilter{
		Cause: q.Text("cause", isTerm), Operator: pirogue.OperatorCode(q.Text("operator", isTerm)),
		Merchant: pirogue.MerchantID(q.Text("merchant", isTerm)), Country: pirogue.CountryCode(q.Text("country", isTerm)),
		Kind: pirogue.PaymentKind(q.Text("type", isTerm)), Before: q.Time("before"), After: q.Text("cursor", anyText),
		Limit: limitOf(q),
	}
	return f, q.Err()
}

// isTerm accepts a text of one line.
func isTerm(text string) bool { return isLine(text, maxTerm) }

// anyText accepts every text.
func anyText(string) bool { return true }

// limitOf returns the number of rows for a list: 1 to listing.MaxPage.
func limitOf(q *httpkit.Query) int { return q.Number("limit", 1, listing.MaxPage, defaultPage) }

// Case is a question about a payment that only a person can settle.
type Case struct {
	ID       support.CaseID `json:"case_id"`
	Cause    support.Cause  `json:"cause"`
	Note     string         `json:"note"`           // the evidence, redacted
	Paid     int64          `json:"paid,omitempty"` // minor units that wait in suspense
	OpenedAt time.Time      `json:"opened_at"`
	ClosedAt time.Time      `json:"closed_at,omitzero"` // zero: open
}

// caseOf returns support's view of a case.
func caseOf(c support.Case) Case {
	return Case{ID: c.ID, Cause: c.Cause, Note: c.Note, Paid: c.Paid, OpenedAt: c.OpenedAt, ClosedAt: c.ClosedAt}
}

// OpenCase is a case with its payment and the allowed actions.
type OpenCase struct {
	Case

	Payment    Payment                     `json:"payment"`
	Allowed    []support.SupportActionKind `json:"allowed"`
	Unreadable string                      `json:"unreadable,omitempty"` // why a part of the payment is missing here
}

// openCaseOf returns support's view of an open case. Allowed is an empty list for no action, never
// null.
func openCaseOf(c support.CaseView) OpenCase {
	return OpenCase{Case: caseOf(c.Case), Payment: paymentOf(c.Payment), Allowed: c.Allowed, Unreadable: c.Unreadable}
}

// Stuck is a payment that support should look at, with its cause.
type Stuck struct {
	Cause   support.StuckCause          `json:"cause"`
	Since   time.Time                   `json:"since"`
	Message string                      `json:"message,omitempty"` // the operator's latest message, redacted
	Payment Payment                     `json:"payment"`
	Allowed []support.SupportActionKind `json:"allowed"`
	// Unreadable holds the reason why a part of the payment, such as its number, is missing here.
	Unreadable string `json:"unreadable,omitempty"`
}

// stuckOf returns support's view of a stuck payment.
func stuckOf(s support.Stuck) Stuck {
	return Stuck{
		Cause: s.Cause, Since: s.Since, Message: s.OperatorMessage, Payment: paymentOf(s.Payment), Allowed: s.Allowed,
		Unreadable: s.Unreadable,
	}
}

// Tally counts the payments that wait for one cause in one currency, with their amount at stake.
type Tally struct {
	Cause    string           `json:"cause"`
	Currency pirogue.Currency `json:"currency"`
	Payments int              `json:"payments"`
	Amount   int64            `json:"amount"` // minor units
}

// tallyOf returns support's view of a tally.
func tallyOf(t support.WorkTally) Tally { return Tally(t) }

// worklist is the body of one page of a list that support works through.
type worklist[T any] struct {
	Data    []T     `json:"data"`
	Next    string  `json:"next_cursor,omitempty"` // absent: no row is left
	Tallies []Tally `json:"tallies"`               // of all rows, by cause
}
