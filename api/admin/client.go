package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// Client calls a Server. Its methods fail with the codes of the server's responses, and with
// ServiceUnavailable when they do not reach it.
type Client struct {
	URL   string // such as "http://127.0.0.1:8083"
	Token string
}

// Limits of a response.
const (
	clientTime = verifyTime + writeTime // for the whole response: the longest time the server may take
	maxAnswer  = 16 << 20               // bytes
)

// Find returns the payments that match a term.
func (c *Client) Find(ctx context.Context, term string, limit int) ([]Payment, error) {
	return get[[]Payment](ctx, readRequest(c, "/payments", url.Values{"find": {term}, "limit": {strconv.Itoa(limit)}}))
}

// Payment returns the facts about a payment, except its timeline.
func (c *Client) Payment(ctx context.Context, id pirogue.PaymentID) (Details, error) {
	return get[Details](ctx, readRequest(c, "/payments/"+url.PathEscape(string(id)), nil))
}

// Timeline returns every event of a payment.
func (c *Client) Timeline(ctx context.Context, id pirogue.PaymentID) ([]TimelineEntry, error) {
	return get[[]TimelineEntry](ctx, readRequest(c, "/payments/"+url.PathEscape(string(id))+"/timeline", nil))
}

// Worklist is one page of a list that support works through.
type Worklist[T any] struct {
	Rows    []T     `json:"data"`
	Next    string  `json:"next_cursor"` // of the next page; "" when no row is left
	Tallies []Tally `json:"tallies"`     // of all rows, by cause
}

// Stuck returns a page of the payments that support should look at.
func (c *Client) Stuck(ctx context.Context, f support.WorkFilter) (Worklist[Stuck], error) {
	return work[Stuck](ctx, readRequest(c, "/stuck", workQuery(f)))
}

// Cases returns a page of the open cases, which only a person can settle.
func (c *Client) Cases(ctx context.Context, f support.WorkFilter) (Worklist[OpenCase], error) {
	return work[OpenCase](ctx, readRequest(c, "/cases", workQuery(f)))
}

// workQuery returns the query of a worklist.
func workQuery(f support.WorkFilter) url.Values {
	query := url.Values{"limit": {strconv.Itoa(f.Limit)}}
	for name, value := range map[string]string{
		"cause": f.Cause, "operator": string(f.Operator), "merchant": string(f.Merchant), "country": string(f.Country),
		"type": string(f.Kind), "cursor": f.After,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if !f.Before.IsZero() {
		query.Set("before", f.Before.UTC().Format(time.RFC3339))
	}
	return query
}

// work reads a page of a worklist.
func work[T any](ctx context.Context, r clientRequest) (Worklist[T], error) {
	raw, failed, err := r.send(ctx, nil)
	if err != nil {
		return Worklist[T]{}, err
	}
	if _, err := read[json.RawMessage](raw, failed); err != nil {
		return Worklist[T]{}, err
	}
	var page Worklist[T]
	if err := json.Unmarshal(raw, &page); err != nil {
		return page, pirogue.Errorf(pirogue.ServiceUnavailable, "the admin API answers something else: %w", err)
	}
	return page, nil
}

// Merchants returns the client of a merchant's contract, settlements and suspension.
func (c *Client) Merchants() MerchantClient { return MerchantClient{c} }

// AuditEntries returns the audit log, newest first: of one payment, or of all for "".
func (c *Client) AuditEntries(ctx context.Context, id pirogue.PaymentID, limit int) ([]AuditEntry, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if id != "" {
		query.Set("payment", string(id))
	}
	return get[[]AuditEntry](ctx, readRequest(c, "/audit", query))
}

// Recheck asks the operator for a payment's status at once.
func (c *Client) Recheck(ctx context.Context, id pirogue.PaymentID, reason string) (AuditEntry, error) {
	return actionOnPayment(c, id, support.ActionRecheck).act(ctx, reasonBody{reason})
}

// Redrive asks the operator for a payment's status, and submits the payment again if that can pay
// nobody twice.
func (c *Client) Redrive(ctx context.Context, id pirogue.PaymentID, reason string) (AuditEntry, error) {
	return actionOnPayment(c, id, support.ActionRedrive).act(ctx, reasonBody{reason})
}

// Resolve decides with evidence what the operator cannot report.
func (c *Client) Resolve(
	ctx context.Context, id pirogue.PaymentID, as Resolution, reason string,
) (AuditEntry, error) {
	return actionOnPayment(c, id, support.ActionResolve).act(ctx, resolveBody{reasonBody{reason}, as})
}

// Resend sends a webhook of a payment again: the given event, or the latest for "".
func (c *Client) Resend(
	ctx context.Context, id pirogue.PaymentID, event pirogue.EventID, reason string,
) (AuditEntry, error) {
	return actionOnPayment(c, id, support.ActionResend).act(ctx, resendBody{reasonBody{reason}, event})
}

// Bulk returns a bulk's progress.
func (c *Client) Bulk(ctx context.Context, id pirogue.BulkID) (Bulk, error) {
	return get[Bulk](ctx, readRequest(c, "/bulks/"+url.PathEscape(string(id)), nil))
}

// Lost returns the workflows that are gone although their rows have work for them.
func (c *Client) Lost(ctx context.Context) (Lost, error) {
	return get[Lost](ctx, readRequest(c, "/rebuild", nil))
}

// Rebuild starts the lost workflows again.
func (c *Client) Rebuild(ctx context.Context, reason string) (AuditEntry, error) {
	return clientRequest{c, http.MethodPost, "/rebuild"}.act(ctx, reasonBody{reason})
}

// CancelBulk cancels the lines of a bulk that were not sent.
func (c *Client) CancelBulk(ctx context.Context, id pirogue.BulkID, reason string) (AuditEntry, error) {
	path := "/bulks/" + url.PathEscape(string(id)) + "/cancel"
	return clientRequest{c, http.MethodPost, path}.act(ctx, reasonBody{reason})
}

// Operators returns every operator with its availability.
func (c *Client) Operators(ctx context.Context) ([]Operator, error) {
	return get[[]Operator](ctx, readRequest(c, "/operators", nil))
}

// Park takes an operator out of service.
func (c *Client) Park(ctx context.Context, o pirogue.OperatorCode, reason string) (AuditEntry, error) {
	return actionOnOperator(c, o, support.ActionPark).act(ctx, reasonBody{reason})
}

// Unpark puts an operator back into service.
func (c *Client) Unpark(ctx context.Context, o pirogue.OperatorCode, reason string) (AuditEntry, error) {
	return actionOnOperator(c, o, support.ActionUnpark).act(ctx, reasonBody{reason})
}

// Verify checks the books and returns the rows that break a rule.
func (c *Client) Verify(ctx context.Context) ([]Violation, error) {
	raw, failed, err := clientRequest{c, http.MethodPost, "/verify"}.send(ctx, nil)
	if err != nil {
		return nil, err
	}
	return read[[]Violation](raw, failed)
}

// Blocked returns the payments whose workflow is open and cannot continue.
func (c *Client) Blocked(ctx context.Context) ([]lifecycle.LostWorkflow, error) {
	return get[[]lifecycle.LostWorkflow](ctx, readRequest(c, "/rebuild/blocked", nil))
}

// RebuildBlocked ends the workflows that cannot continue and starts them again. It refuses when
// their number differs from expected.
func (c *Client) RebuildBlocked(ctx context.Context, expected int, reason string) (AuditEntry, error) {
	return clientRequest{c, http.MethodPost, "/rebuild/blocked"}.act(ctx, blockedBody{reasonBody{reason}, expected})
}

// AskFirst returns the mode's progress.
func (c *Client) AskFirst(ctx context.Context) (AskFirst, error) {
	return get[AskFirst](ctx, readRequest(c, "/ask-first", nil))
}

// Looked records where a person looked, for an operator that cannot be asked.
func (c *Client) Looked(ctx context.Context, o pirogue.OperatorCode, evidence, reason string) (AuditEntry, error) {
	path := "/ask-first/operators/" + url.PathEscape(string(o))
	return clientRequest{c, http.MethodPost, path}.act(ctx, lookedBody{reasonBody{reason}, evidence})
}

// EndAskFirst ends the mode, or proposes its end to a second person.
func (c *Client) EndAskFirst(ctx context.Context, reason string) (AuditEntry, error) {
	return clientRequest{c, http.MethodPost, "/ask-first/end"}.act(ctx, reasonBody{reason})
}

// clientRequest is one request to the admin API.
type clientRequest struct {
	client       *Client
	method, path string
}

// readRequest returns the request to read a path.
func readRequest(c *Client, path string, query url.Values) clientRequest {
	return clientRequest{c, http.MethodGet, path + "?" + query.Encode()}
}

// actionOnPayment returns the request for an action on one payment.
func actionOnPayment(c *Client, id pirogue.PaymentID, k support.SupportActionKind) clientRequest {
	return clientRequest{c, http.MethodPost, "/payments/" + url.PathEscape(string(id)) + "/" + string(k)}
}

// actionOnOperator returns the request for an action on one operator.
func actionOnOperator(c *Client, o pirogue.OperatorCode, k support.SupportActionKind) clientRequest {
	return clientRequest{c, http.MethodPost, "/operators/" + url.PathEscape(string(o)) + "/" + string(k)}
}

// get sends a request to read and decodes its data.
func get[T any](ctx context.Context, r clientRequest) (T, error) {
	raw, failed, err := r.send(ctx, nil)
	if err != nil {
		var none T
		return none, err
	}
	return read[T](raw, failed)
}

// act requests an action. A refused action returns its entry in the audit log, with the error that
// gives the reason.
func (r clientRequest) act(ctx context.Context, body any) (AuditEntry, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return AuditEntry{}, pirogue.Errorf(pirogue.Internal, "encode the request: %w", err)
	}
	raw, failed, err := r.send(ctx, encoded)
	if err != nil {
		return AuditEntry{}, err
	}
	return read[AuditEntry](raw, failed)
}

// send sends a request and returns the body of the response, and whether it is an error.
func (r clientRequest) send(ctx context.Context, body []byte) (raw []byte, failed bool, err error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.client.URL+r.path, bytes.NewReader(body))
	if err != nil {
		return nil, false, pirogue.Errorf(pirogue.Internal, "make the request: %w", err)
	}
	req.Header.Set("Authorization", bearer+r.client.Token)
	if r.method != http.MethodGet {
		req.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Timeout: clientTime}
	resp, err := client.Do(req)
	if err != nil {
		return nil, false, pirogue.Errorf(pirogue.ServiceUnavailable, "the admin API: %w", err)
	}
	defer resp.Body.Close()
	raw, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, false, pirogue.Errorf(pirogue.ServiceUnavailable, "the admin API: %w", err)
	}
	return raw, resp.StatusCode >= http.StatusMultipleChoices, nil
}

// read decodes the data of a response, and of an error response also its error.
func read[T any](raw []byte, failed bool) (T, error) {
	var body struct {
		Data      T               `json:"data"`
		Error     string          `json:"error"`
		Code      pirogue.Code    `json:"code"`
		RequestID string          `json:"request_id"`
		Params    []pirogue.Param `json:"params"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return body.Data, pirogue.Errorf(pirogue.ServiceUnavailable, "the admin API answers something else: %w", err)
	}
	if !failed {
		return body.Data, nil
	}
	said := fmt.Errorf("%s (%s)", body.Error, body.RequestID)
	for _, p := range body.Params {
		said = fmt.Errorf("%w %s: %s", said, p.Field, p.Code)
	}
	return body.Data, &pirogue.Error{Code: body.Code, Params: body.Params, Err: said}
}
