package admin

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"pirogue"
)

// uuidText is the only spelling of a payment's and a merchant's ID.
var uuidText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// idOf returns the payment's ID in the path. It fails with TransactionNotFound.
func idOf(c *gin.Context) (pirogue.PaymentID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	return pirogue.PaymentID(c.Param("id")), nil
}

// findPayments answers with the payments that a term names.
func (s *Server) findPayments(ctx context.Context, c *gin.Context) (any, error) {
	q, err := readQuery(c, "find", "limit")
	if err != nil {
		return nil, err
	}
	term := strings.TrimSpace(q.Get("find"))
	if err := demand(needed("find", term, maxTerm)); err != nil {
		return nil, err
	}
	limit, err := limitOf(q)
	if err != nil {
		return nil, err
	}
	found, err := s.store.Find(ctx, term, limit)
	return each(found, paymentOf), err
}

// showPayment answers with everything about a payment but its timeline: what it
// waits for, its cases, and what can be done about it.
func (s *Server) showPayment(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	p, err := s.store.AnyPayment(ctx, id)
	if err != nil {
		return nil, err
	}
	cases, err := s.store.Cases(ctx, id)
	if err != nil {
		return nil, err
	}
	return Details{
		Payment: paymentOf(p.Payment), WorkflowID: s.workflowID(p.ID, p.Kind), Waiting: s.waiting(ctx, p.Payment),
		Cases: each(cases, caseOf), Allowed: allowed(p.Payment, cases), Unreadable: p.Unreadable,
		CustomerName: p.CustomerName, Description: p.Description, Metadata: p.Metadata,
		ReturnURL: p.ReturnURL, CancelURL: p.CancelURL, NotifyURL: p.NotifyURL,
	}, nil
}

// waiting returns what an open payment waits for, nil when its workflow does not say
// so at once: a read never depends on a worker.
func (s *Server) waiting(ctx context.Context, p pirogue.Payment) *pirogue.Waiting {
	if p.Status.Terminal() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waitingTime)
	defer cancel()
	w, err := s.workflows.Waiting(ctx, p.ID, p.Kind, s.clock.Now())
	if err != nil {
		return nil
	}
	if next, err := s.store.NextPoll(ctx, p.ID); err == nil {
		w = w.PolledAt(next)
	}
	return &w
}

// allowed returns what can be tried on a payment. Its workflow has the last word: it
// also knows what a watch over an ended payment still finds, and what it does not.
func allowed(p pirogue.Payment, cases []pirogue.Case) []pirogue.Verb {
	verbs := []pirogue.Verb{}
	open := slices.IndexFunc(cases, func(c pirogue.Case) bool { return c.ClosedAt.IsZero() })
	blocked := slices.ContainsFunc(cases, func(c pirogue.Case) bool {
		return c.ClosedAt.IsZero() && c.Cause == pirogue.CauseNotBooked
	})
	switch {
	case blocked: // its workflow waits for a write of its own
	case open >= 0:
		verbs = append(verbs, cases[open].Cause.Verbs()...)
	case p.Status == pirogue.StatusExpired || p.Status == pirogue.StatusFailed || p.Status == pirogue.StatusSuccess:
		verbs = append(verbs, pirogue.VerbRecheck)
	case p.Status.Terminal() || p.Status == pirogue.StatusCreated: // nothing follows it, or not yet
	case p.Kind.MoneyOut():
		verbs = append(verbs, pirogue.VerbRecheck, pirogue.VerbRedrive, pirogue.VerbResolve)
	default:
		verbs = append(verbs, pirogue.VerbRecheck)
	}
	if p.Sequence > 0 {
		verbs = append(verbs, pirogue.VerbResend)
	}
	return verbs
}

// showTimeline answers with everything that happened to a payment.
func (s *Server) showTimeline(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	moments, err := s.store.AnyTimeline(ctx, id)
	return each(moments, momentOf), err
}

// readQuery reads a URL's parameters, each of which must be one of these and be
// there once.
func readQuery(c *gin.Context, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		return nil, pirogue.FieldError(pirogue.InvalidParameter, "query")
	}
	for name, given := range values {
		if !slices.Contains(known, name) || len(given) != 1 {
			return nil, pirogue.FieldError(pirogue.InvalidParameter, name)
		}
	}
	return values, nil
}

// limitOf returns how many rows a list may hold: 1 to pirogue.MaxPage.
func limitOf(q url.Values) (int, error) {
	if !q.Has("limit") {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > pirogue.MaxPage {
		return 0, pirogue.FieldError(pirogue.InvalidParameter, "limit")
	}
	return limit, nil
}
