package admin

import (
	"context"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/access"
)

// MerchantClient calls the part of a Server that is about merchants. Its methods fail like those of
// Client.
type MerchantClient struct {
	client *Client
}

// Fees returns a merchant's contract.
func (m MerchantClient) Fees(ctx context.Context, id pirogue.MerchantID) ([]Fee, error) {
	return get[[]Fee](ctx, readRequest(m.client, merchantPath(id, "/fees"), nil))
}

// SetFee replaces one rule of a merchant's contract.
func (m MerchantClient) SetFee(ctx context.Context, id pirogue.MerchantID, f Fee, reason string) (AuditEntry, error) {
	return clientRequest{m.client, http.MethodPut, merchantPath(id, "/fees")}.act(ctx, feeBody{reasonBody{reason}, f})
}

// RemoveFee removes one rule of a merchant's contract.
func (m MerchantClient) RemoveFee(
	ctx context.Context, id pirogue.MerchantID, k FeeKey, reason string,
) (AuditEntry, error) {
	return clientRequest{m.client, http.MethodDelete, merchantPath(id, "/fees")}.act(ctx,
		removeFeeBody{reasonBody{reason}, k})
}

// Settlements returns a merchant's settlements of one mode.
func (m MerchantClient) Settlements(ctx context.Context, o access.Owner) ([]Settlement, error) {
	query := url.Values{"mode": {string(o.Mode)}}
	return get[[]Settlement](ctx, readRequest(m.client, merchantPath(o.MerchantID, "/settlements"), query))
}

// Settle books a transfer to a merchant's bank. A repeated ID books it once.
func (m MerchantClient) Settle(
	ctx context.Context, id pirogue.MerchantID, p Settlement, reason string,
) (AuditEntry, error) {
	path := merchantPath(id, "/settlements")
	return clientRequest{m.client, http.MethodPost, path}.act(ctx, settlementBody{reasonBody{reason}, p})
}

// SetLatePolicy sets the policy for a merchant's late money.
func (m MerchantClient) SetLatePolicy(
	ctx context.Context, id pirogue.MerchantID, p pirogue.LatePolicy, reason string,
) (AuditEntry, error) {
	path := merchantPath(id, "/late-policy")
	return clientRequest{m.client, http.MethodPut, path}.act(ctx, policyBody{reasonBody{reason}, p})
}

// SetNotifyURL sets the address of a merchant's webhooks, "" for none.
func (m MerchantClient) SetNotifyURL(
	ctx context.Context, id pirogue.MerchantID, address, reason string,
) (AuditEntry, error) {
	path := merchantPath(id, "/notify-url")
	return clientRequest{m.client, http.MethodPut, path}.act(ctx, notifyURLBody{reasonBody{reason}, &address})
}

// Suspend refuses a merchant's requests and sends none of its payments that have not left.
func (m MerchantClient) Suspend(ctx context.Context, id pirogue.MerchantID, reason string) (AuditEntry, error) {
	return clientRequest{m.client, http.MethodPost, merchantPath(id, "/suspend")}.act(ctx, reasonBody{reason})
}

// Resume ends a suspension.
func (m MerchantClient) Resume(ctx context.Context, id pirogue.MerchantID, reason string) (AuditEntry, error) {
	return clientRequest{m.client, http.MethodPost, merchantPath(id, "/resume")}.act(ctx, reasonBody{reason})
}

// merchantPath returns the path of a part of a merchant.
func merchantPath(id pirogue.MerchantID, part string) string {
	return "/merchants/" + url.PathEscape(string(id)) + part
}
