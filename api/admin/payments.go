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
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/support"
)

// uuidText is the only accepted form of a payment's or a merchant's ID.
var uuidText = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// idOf returns the payment's ID in the path. It fails with TransactionNotFound.
func idOf(c *gin.Context) (pirogue.PaymentID, error) {
	if !uuidText.MatchString(c.Param("id")) {
		return "", pirogue.Errorf(pirogue.TransactionNotFound, "not an id")
	}
	return pirogue.PaymentID(c.Param("id")), nil
}

// findPayments responds with the payments that match a term.
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
	found, err := s.store.Payments.Find(ctx, term, limit)
	return each(found, paymentOf), err
}

// showPayment responds with the facts about a payment, except its timeline. They include what it
// waits on, its cases, and the allowed actions.
func (s *Server) showPayment(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	p, err := s.store.Payments.AnyPayment(ctx, id)
	if err != nil {
		return nil, err
	}
	cases, err := s.store.Cases.Cases(ctx, id)
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

// waiting returns what an open payment waits on. It is nil when its workflow does not respond
// within waitingTime, so that a read never depends on a worker.
func (s *Server) waiting(ctx context.Context, p pirogue.Payment) *lifecycle.WaitState {
	if p.Status.Terminal() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, waitingTime)
	defer cancel()
	w, err := s.workflows.Waiting(ctx, p.ID, p.Kind, s.clock.Now())
	if err != nil {
		return nil
	}
	if next, err := s.store.Payments.NextPoll(ctx, p.ID); err == nil {
		w = w.PolledAt(next)
	}
	return &w
}

// allowed returns the actions to offer for a payment. Its workflow decides: it also knows what its
// watch over an ended payment can still find.
func allowed(p pirogue.Payment, cases []support.Case) []support.SupportActionKind {
	verbs := []support.SupportActionKind{}
	open := slices.IndexFunc(cases, func(c support.Case) bool { return c.ClosedAt.IsZero() })
	blocked := slices.ContainsFunc(cases, func(c support.Case) bool {
		return c.ClosedAt.IsZero() && c.Cause == support.CauseNotBooked
	})
	switch {
	case blocked: // its workflow waits for its own write
	case open >= 0:
		verbs = append(verbs, cases[open].Cause.AllowedActions()...)
	case p.Status == pirogue.StatusExpired || p.Status == pirogue.StatusFailed || p.Status == pirogue.StatusSuccess:
		verbs = append(verbs, support.ActionRecheck)
	case p.Status.Terminal() || p.Status == pirogue.StatusCreated: // no workflow acts on it, or none yet
	case p.Kind.MoneyOut():
		verbs = append(verbs, support.ActionRecheck, support.ActionRedrive, support.ActionResolve)
	default:
		verbs = append(verbs, support.ActionRecheck)
	}
	if p.Sequence > 0 {
		verbs = append(verbs, support.ActionResend)
	}
	return verbs
}

// showTimeline responds with every event of a payment.
func (s *Server) showTimeline(ctx context.Context, c *gin.Context) (any, error) {
	id, err := idOf(c)
	if err != nil {
		return nil, err
	}
	moments, err := s.store.Payments.AnyTimeline(ctx, id)
	return each(moments, timelineEntryOf), err
}

// readQuery reads a URL's parameters. Each must be among the known names and occur once.
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

// limitOf returns the number of rows for a list: 1 to pirogue.MaxPage.
func limitOf(q url.Values) (int, error) {
	if !q.Has("limit") {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > listing.MaxPage {
		return 0, pirogue.FieldError(pirogue.InvalidParameter, "limit")
	}
	return limit, nil
}
