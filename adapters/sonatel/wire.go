package sonatel

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The headers of this API.
const (
	headerAPIKey      = "X-Api-Key" //nolint:gosec // a name, not a credential
	headerCallbackURL = "X-Callback-Url"
)

// headerSandboxMSISDN carries the customer's number in E.164 to a simulator, so that it can
// play the test numbers. A QR itself names no customer. We send it only to an instance
// configured as a simulator.
const headerSandboxMSISDN = "X-Sandbox-Msisdn"

// get returns a GET request with a JSON content type. Without it Orange's gateway answers
// 415, although a GET has no body.
func (a *account) get(path string, query url.Values) client.Request {
	req := client.Get(path, query)
	req.Header.Set("Content-Type", "application/json")
	a.setAPIKey(req)
	return req
}

// post returns a POST request with a JSON body.
func (a *account) post(path string, body any) (client.Request, error) {
	req, err := client.PostJSON(path, body)
	if err == nil {
		a.setAPIKey(req)
	}
	return req, err
}

// setAPIKey adds the API key, where the contract requires one.
func (a *account) setAPIKey(req client.Request) {
	if key := a.conf.Credentials[credAPIKey]; key != "" {
		req.Header.Set(headerAPIKey, key)
	}
}

// defaultTokenPath is the path where Orange issues access tokens. Older clients have
// "/oauth/token".
const defaultTokenPath = "/oauth/v1/token" //nolint:gosec // an address, not a credential

// fetchToken requests an access token, which lives 299 seconds. The specification expects
// the credentials in the form.
func (a *account) fetchToken(ctx context.Context) (client.Token, error) {
	path := cmp.Or(a.conf.Credentials[credTokenPath], defaultTokenPath)
	return a.RequestToken(ctx, client.PostForm(path, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {a.conf.Credentials[credClientID]},
		"client_secret": {a.conf.Credentials[credClientSecret]},
	}))
}

// Orange's types for the sides of a transaction.
const (
	idMSISDN = "MSISDN" // a wallet, by its local number
	idCode   = "CODE"   // a merchant, by its code
)

// unit is Orange's spelling of the only currency of this API.
const unit = string(pirogue.XOF)

// money is an amount in a request, in francs.
type money struct {
	Value int64  `json:"value"`
	Unit  string `json:"unit"`
}

// side is one side of a transaction in a request. The password and the PIN belong to the
// side that pays.
type side struct {
	IDType           string `json:"idType"`
	ID               string `json:"id"`
	OTP              string `json:"otp,omitempty"`
	EncryptedPINCode string `json:"encryptedPinCode,omitempty"`
}

// executedResponse is the body of a response to cashins and to onestep.
type executedResponse struct {
	TransactionID string `json:"transactionId"`
	Status        string `json:"status"`
	Description   string `json:"description"`
	Reference     string `json:"reference"`
}

// readExecuted reads the response to an accepted order of ref. A body that it cannot read is
// Unknown, because the order may have been executed.
func (a *account) readExecuted(
	body []byte, ref pirogue.OperatorRef, secrets ...string,
) (operator.OperatorResult, error) {
	var got executedResponse
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "not the JSON of the specification: %w", err)
	}
	// A response about another order proves nothing about this one.
	if got.Reference != "" && got.Reference != string(ref) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "an answer about another order than %s", ref)
	}
	result, err := a.Result(client.StatusFields{
		ID: got.TransactionID, Key: keyTransactionID, Status: got.Status, Text: got.Description,
	}, secrets...)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return result, nil
}

// link returns the first address that a customer may be sent to: https, or http of a
// simulator. It drops other schemes, because the QR holds the same address.
func (a *account) link(addresses ...string) string {
	for _, address := range addresses {
		if client.IsPageURL(address, a.conf.Simulator) {
			return address
		}
	}
	return ""
}

// checkAccepted returns an error unless Orange accepted the request. The response has no
// documented body, so it may be empty or any JSON.
func (a *account) checkAccepted(r client.Response, secrets ...string) error {
	if !r.OK() {
		return a.ResponseError(r, pirogue.CashOut, secrets...)
	}
	if len(r.Body) > 0 && !json.Valid(r.Body) {
		return pirogue.Errorf(operator.Unknown, "status %d, then no JSON", r.Status)
	}
	return nil
}

// errorBody is the body of an error: problem+json whose status and code are strings.
type errorBody struct {
	Code       client.Text `json:"code"`
	Title      string      `json:"title"`
	Detail     string      `json:"detail"` // for people, often in French
	Violations []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"violations"`
}

// readErrorBody returns the content of an error body. A page of some proxy on the way does not
// speak for Orange and has no code. Text of an undocumented form loses only the text.
func readErrorBody(body []byte) errorBody {
	var got errorBody
	if err := json.Unmarshal(body, &got); err != nil {
		return errorBody{Code: got.Code}
	}
	return got
}

// String returns the text for people.
func (p errorBody) String() string {
	parts := []string{p.Title, p.Detail}
	for _, v := range p.Violations {
		parts = append(parts, v.Field+" "+v.Message)
	}
	return strings.Join(parts, " ")
}
