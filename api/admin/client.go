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
	"pirogue/access"
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
	return get[[]Payment](ctx, c, "/payments", url.Values{"find": {term}, "limit": {strconv.Itoa(limit)}})
}

// Payment returns the facts about a payment, except its timeline.
func (c *Client) Payment(ctx context.Context, id pirogue.PaymentID) (Details, error) {
	return get[Details](ctx, c, "/payments/"+url.PathEscape(string(id)), nil)
}

// Timeline returns every event of a payment.
func (c *Client) Timeline(ctx context.Context, id pirogue.PaymentID) ([]TimelineEntry, error) {
	return get[[]TimelineEntry](ctx, c, "/payments/"+url.PathEscape(string(id))+"/timeline", nil)
}

// Worklist is one page of a list that support works through.
type Worklist[T any] struct {
	Rows    []T     `json:"data"`
	Next    string  `json:"next_cursor"` // of the next page; "" when no row is left
	Tallies []Tally `json:"tallies"`     // of all rows, by cause
}

// Stuck returns a page of the payments that support should look at.
func (c *Client) Stuck(ctx context.Context, f support.WorkFilter) (Worklist[Stuck], error) {
	return work[Stuck](ctx, c, "/stuck", f)
}

// Cases returns a page of the open cases, which only a person can settle.
func (c *Client) Cases(ctx context.Context, f support.WorkFilter) (Worklist[OpenCase], error) {
	return work[OpenCase](ctx, c, "/cases", f)
}

// work reads a page of a worklist.
func work[T any](ctx context.Context, c *Client, path string, f support.WorkFilter) (Worklist[T], error) {
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
	raw, failed, err := send(ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
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

// AuditEntries returns the audit log, newest first: of one payment, or of all for "".
func (c *Client) AuditEntries(ctx context.Context, id pirogue.PaymentID, limit int) ([]AuditEntry, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if id != "" {
		query.Set("payment", string(id))
	}
	return get[[]AuditEntry](ctx, c, "/audit", query)
}

// Fees returns a merchant's contract.
func (c *Client) Fees(ctx context.Context, id pirogue.MerchantID) ([]Fee, error) {
	return get[[]Fee](ctx, c, "/merchants/"+url.PathEscape(string(id))+"/fees", nil)
}

// Settlements returns a merchant's settlements of one mode.
func (c *Client) Settlements(ctx context.Context, o access.Owner) ([]Settlement, error) {
	query := url.Values{"mode": {string(o.Mode)}}
	return get[[]Settlement](ctx, c, "/merchants/"+url.PathEscape(string(o.MerchantID))+"/settlements", query)
}

// Recheck asks the operator for a payment's status at once.
func (c *Client) Recheck(ctx context.Context, id pirogue.PaymentID, reason string) (AuditEntry, error) {
	return actOnPayment(ctx, c, id, support.ActionRecheck, reasonBody{reason})
}

// Redrive asks the operator for a payment's status, and submits the payment again if that can pay
// nobody twice.
func (c *Client) Redrive(ctx context.Context, id pirogue.PaymentID, reason string) (AuditEntry, error) {
	return actOnPayment(ctx, c, id, support.ActionRedrive, reasonBody{reason})
}

// Resolve decides with evidence what the operator cannot report.
func (c *Client) Resolve(
	ctx context.Context, id pirogue.PaymentID, as Resolution, reason string,
) (AuditEntry, error) {
	return actOnPayment(ctx, c, id, support.ActionResolve, resolveBody{reasonBody{reason}, as})
}

// Resend sends a webhook of a payment again: the given event, or the latest for "".
func (c *Client) Resend(
	ctx context.Context, id pirogue.PaymentID, event pirogue.EventID, reason string,
) (AuditEntry, error) {
	return actOnPayment(ctx, c, id, support.ActionResend, resendBody{reasonBody{reason}, event})
}

// Settle books a transfer to a merchant's bank. A repeated ID books it once.
func (c *Client) Settle(ctx context.Context, id pirogue.MerchantID, p Settlement, reason string) (AuditEntry, error) {
	path := "/merchants/" + url.PathEscape(string(id)) + "/settlements"
	return act(ctx, c, http.MethodPost, path, settlementBody{reasonBody{reason}, p})
}

// SetFee replaces one rule of a merchant's contract.
func (c *Client) SetFee(ctx context.Context, id pirogue.MerchantID, f Fee, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPut, "/merchants/"+url.PathEscape(string(id))+"/fees", feeBody{reasonBody{reason}, f})
}

// SuspendMerchant refuses a merchant's requests and sends none of its payments that have not left.
func (c *Client) SuspendMerchant(ctx context.Context, id pirogue.MerchantID, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/merchants/"+url.PathEscape(string(id))+"/suspend", reasonBody{reason})
}

// ResumeMerchant ends a suspension.
func (c *Client) ResumeMerchant(ctx context.Context, id pirogue.MerchantID, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/merchants/"+url.PathEscape(string(id))+"/resume", reasonBody{reason})
}

// Bulk returns a bulk's progress.
func (c *Client) Bulk(ctx context.Context, id pirogue.BulkID) (Bulk, error) {
	return get[Bulk](ctx, c, "/bulks/"+url.PathEscape(string(id)), nil)
}

// Lost returns the workflows that are gone although their rows have work for them.
func (c *Client) Lost(ctx context.Context) (Lost, error) {
	return get[Lost](ctx, c, "/rebuild", nil)
}

// Rebuild starts the lost workflows again.
func (c *Client) Rebuild(ctx context.Context, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/rebuild", reasonBody{reason})
}

// CancelBulk cancels the lines of a bulk that were not sent.
func (c *Client) CancelBulk(ctx context.Context, id pirogue.BulkID, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/bulks/"+url.PathEscape(string(id))+"/cancel", reasonBody{reason})
}

// SetLatePolicy sets the policy for a merchant's late money.
func (c *Client) SetLatePolicy(
	ctx context.Context, id pirogue.MerchantID, p pirogue.LatePolicy, reason string,
) (AuditEntry, error) {
	path := "/merchants/" + url.PathEscape(string(id)) + "/late-policy"
	return act(ctx, c, http.MethodPut, path, policyBody{reasonBody{reason}, p})
}

// Operators returns every operator with its availability.
func (c *Client) Operators(ctx context.Context) ([]Operator, error) {
	return get[[]Operator](ctx, c, "/operators", nil)
}

// Park takes an operator out of service.
func (c *Client) Park(ctx context.Context, o pirogue.OperatorCode, reason string) (AuditEntry, error) {
	return actOnOperator(ctx, c, o, support.ActionPark, reason)
}

// Unpark puts an operator back into service.
func (c *Client) Unpark(ctx context.Context, o pirogue.OperatorCode, reason string) (AuditEntry, error) {
	return actOnOperator(ctx, c, o, support.ActionUnpark, reason)
}

// Verify checks the books and returns the rows that break a rule.
func (c *Client) Verify(ctx context.Context) ([]Violation, error) {
	raw, failed, err := send(ctx, c, http.MethodPost, "/verify", nil)
	if err != nil {
		return nil, err
	}
	return read[[]Violation](raw, failed)
}

// Blocked returns the payments whose workflow is open and cannot continue.
func (c *Client) Blocked(ctx context.Context) ([]lifecycle.LostWorkflow, error) {
	return get[[]lifecycle.LostWorkflow](ctx, c, "/rebuild/blocked", nil)
}

// RebuildBlocked ends the workflows that cannot continue and starts them again. It refuses when
// their number differs from expected.
func (c *Client) RebuildBlocked(ctx context.Context, expected int, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/rebuild/blocked", blockedBody{reasonBody{reason}, expected})
}

// AskFirst returns the mode's progress.
func (c *Client) AskFirst(ctx context.Context) (AskFirst, error) {
	return get[AskFirst](ctx, c, "/ask-first", nil)
}

// Looked records where a person looked, for an operator that cannot be asked.
func (c *Client) Looked(ctx context.Context, o pirogue.OperatorCode, evidence, reason string) (AuditEntry, error) {
	path := "/ask-first/operators/" + url.PathEscape(string(o))
	return act(ctx, c, http.MethodPost, path, lookedBody{reasonBody{reason}, evidence})
}

// EndAskFirst ends the mode, or proposes its end to a second person.
func (c *Client) EndAskFirst(ctx context.Context, reason string) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/ask-first/end", reasonBody{reason})
}

// actOnPayment requests an action on one payment.
func actOnPayment(
	ctx context.Context, c *Client, id pirogue.PaymentID, k support.SupportActionKind, body any,
) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/payments/"+url.PathEscape(string(id))+"/"+string(k), body)
}

// actOnOperator requests an action on one operator.
func actOnOperator(
	ctx context.Context, c *Client, o pirogue.OperatorCode, k support.SupportActionKind, reason string,
) (AuditEntry, error) {
	return act(ctx, c, http.MethodPost, "/operators/"+url.PathEscape(string(o))+"/"+string(k), reasonBody{reason})
}

// get reads one path and decodes its data.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	raw, failed, err := send(ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
	if err != nil {
		var none T
		return none, err
	}
	return read[T](raw, failed)
}

// act requests an action. A refused action returns its entry in the audit log, with the error that
// gives the reason.
func act(ctx context.Context, c *Client, method, path string, body any) (AuditEntry, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return AuditEntry{}, pirogue.Errorf(pirogue.Internal, "encode the request: %w", err)
	}
	raw, failed, err := send(ctx, c, method, path, encoded)
	if err != nil {
		return AuditEntry{}, err
	}
	return read[AuditEntry](raw, failed)
}

// send sends a request and returns the body of the response, and whether it is an error.
func send(
	ctx context.Context, c *Client, method, path string, body []byte,
) (raw []byte, failed bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, false, pirogue.Errorf(pirogue.Internal, "make the request: %w", err)
	}
	req.Header.Set("Authorization", bearer+c.Token)
	if method != http.MethodGet {
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
