package orangeweb

import (
	"context"
	"encoding/json"
	"net/url"

	"pirogue/adapters/client"
	"pirogue/operator"
)

// lang is the language of Orange's page.
const lang = "fr"

// The keys of a session's handle.
const (
	keyPayToken   = "pay_token"
	keyNotifToken = "notif_token"
)

// headerSandboxMSISDN carries the customer's number in E.164 to a simulator, so that it can
// play the test numbers. Orange's own API has no such field, because the customer types the
// number on Orange's page. We send it only to an instance configured as a simulator.
const headerSandboxMSISDN = "X-Sandbox-Msisdn"

// path returns the path of one of Orange's two calls.
func (o *adapter) path(call string) string {
	return "/orange-money-webpay/" + o.conf.Environment + "/v1/" + call
}

// tokenPath is the path where Orange issues access tokens. In the guide they live about 90
// days. Older material has v2.
const tokenPath = "/oauth/v3/token" //nolint:gosec // an address, not a credential

// fetchToken requests an access token with the instance's credentials.
func (o *adapter) fetchToken(ctx context.Context) (client.Token, error) {
	req := client.PostForm(tokenPath, url.Values{"grant_type": {"client_credentials"}})
	req.Header.Set("Authorization", client.BasicAuth(o.conf.Credentials[credClientID],
		o.conf.Credentials[credClientSecret]))
	return o.RequestToken(ctx, req)
}

// errorBody is the body of an error of Orange's gateway. Its codes are numbers that no guide
// lists, so nothing depends on them.
type errorBody struct {
	Code        json.RawMessage `json:"code"`
	Message     string          `json:"message"`
	Description string          `json:"description"`
}

// resultOf returns the operator result of a status word.
func (o *adapter) resultOf(word, txnID string) (operator.OperatorResult, error) {
	result, err := o.Result(client.StatusFields{ID: txnID, Status: word})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return result, nil
}
