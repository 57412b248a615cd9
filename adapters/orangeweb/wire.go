package orangeweb

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"pirogue"
	"pirogue/adapters/outbound"
	"pirogue/operator"
)

// The limits of a session, in characters.
const (
	maxOrderID   = 30
	maxURL       = 120
	maxReference = 30
)

// currencyDev is the play currency that Orange's dev system expects in place of the
// national one. It never leaves this package.
const currencyDev = "OUV"

// headerSandboxMSISDN carries the customer's number in E.164 to a simulator, so that it can
// play the test numbers. Orange's own API has no such field, because the customer types the
// number on Orange's page. We send it only to an instance configured as a simulator.
const headerSandboxMSISDN = "X-Sandbox-Msisdn"

// The keys of a session's handle.
const (
	keyPayToken   = "pay_token"
	keyNotifToken = "notif_token"
)

// sessionRequest is the body of POST webpayment.
type sessionRequest struct {
	MerchantKey string `json:"merchant_key"` // names the merchant's Orange Money account
	Currency    string `json:"currency"`
	OrderID     string `json:"order_id"` // unique for ever, at most 30 characters
	Amount      int64  `json:"amount"`   // francs
	ReturnURL   string `json:"return_url"`
	CancelURL   string `json:"cancel_url"`
	NotifURL    string `json:"notif_url"`
	Lang        string `json:"lang"`
	Reference   string `json:"reference"` // the merchant's name on Orange's page, at most 30 characters
}

// sessionAnswer is the body of its answer 201.
type sessionAnswer struct {
	Message    string `json:"message"`
	PayToken   string `json:"pay_token"`
	PaymentURL string `json:"payment_url"`
	NotifToken string `json:"notif_token"`
}

// statusRequest is the body of POST transactionstatus. Orange requires all three fields.
type statusRequest struct {
	OrderID  string `json:"order_id"`
	Amount   int64  `json:"amount"`
	PayToken string `json:"pay_token"`
}

// statusAnswer is the body of its answer, 201 in the guide and 200 in practice.
type statusAnswer struct {
	Status  string      `json:"status"`
	OrderID string      `json:"order_id"`
	TxnID   string      `json:"txnid"`
	Amount  json.Number `json:"amount"` // not in the guide; a number or a string, checked if present
}

// notification is the body that Orange posts to notif_url, for SUCCESS and FAILED only. It
// is not signed and names neither the order nor the amount.
type notification struct {
	Status     string `json:"status"`
	NotifToken string `json:"notif_token"`
	TxnID      string `json:"txnid"`
}

// failure is the body of an error of Orange's gateway. Its codes are numbers that no guide
// lists, so nothing depends on them.
type failure struct {
	Code        json.RawMessage `json:"code"`
	Message     string          `json:"message"`
	Description string          `json:"description"`
}

// outcomes holds every status word of Orange.
var outcomes = outbound.StatusTable{
	"INITIATED": pirogue.OutcomePending, // the customer has not typed number and password
	"PENDING":   pirogue.OutcomePending, // the customer confirmed, Orange is processing
	"EXPIRED":   pirogue.OutcomeExpired, // the customer confirmed after the session's end
	"SUCCESS":   pirogue.OutcomePaid,
	"FAILED":    pirogue.OutcomeDeclined, // Orange gives no reason
}

// classes maps the HTTP statuses that are no plain refusal to codes.
var classes = map[int]pirogue.Code{
	http.StatusRequestTimeout:  operator.Unknown, // the gateway may have passed it on already
	http.StatusConflict:        operator.Unknown, // the order exists: an earlier call arrived, its pay_token is lost
	http.StatusTooManyRequests: operator.NotSent, // the gateway's quota rejects calls before it passes them on
}

// Our words for the refusals under any other 4xx with Orange's error body.
const (
	wordNo       = "no"
	wordNoAccess = "no access"
)

// guide describes Orange's guide. Two refusals concern our account alone: it has no
// subscription, or the API does not serve this country.
var guide = outbound.Spec{
	Name: "Orange", Promised: promises, StatusTable: outcomes, StatusCodes: classes, ReadError: outbound.JSONErrors(no),
	Limits:     outbound.Limits{Name: "Orange", Reference: maxOrderID}, // the guide has no limits of amount
	ErrorTable: map[string]pirogue.Code{wordNo: operator.Refused, wordNoAccess: operator.Unable},
}

// no returns the word for an error and its text. Both are "" for a body that is not
// Orange's.
func no(status int, got failure) (word, said string) {
	if len(got.Code) == 0 && got.Message == "" {
		return "", ""
	}
	said = fmt.Sprintf("%s %s %s", strings.Trim(string(got.Code), `"`), got.Message, got.Description)
	if status == http.StatusForbidden || status == http.StatusNotFound {
		return wordNoAccess, said
	}
	return wordNo, said
}

// opened reads the response to webpayment. A session needs all three values. Without them
// it is Unknown whether the session exists. The result then holds the tokens in the
// response: a pay_token makes the status readable.
func (o *adapter) opened(body []byte, expires time.Time) (operator.OperatorResult, error) {
	var got sessionAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "session: not the JSON of the guide: %w", err)
	}
	if got.PayToken == "" {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "session without pay_token")
	}
	if got.NotifToken == "" {
		named := operator.OperatorResult{Handle: pirogue.Handle{keyPayToken: got.PayToken}}
		return named, pirogue.Errorf(operator.Unknown, "session without notif_token")
	}
	named := operator.OperatorResult{Handle: pirogue.Handle{keyPayToken: got.PayToken, keyNotifToken: got.NotifToken}}
	if !outbound.IsPage(got.PaymentURL, o.conf.Simulator) {
		return named, pirogue.Errorf(operator.Unknown, "session whose payment_url is not an https address")
	}
	named.Outcome = pirogue.OutcomePending
	named.NextAction = pirogue.NextAction{Type: pirogue.ActionRedirect, URL: got.PaymentURL, ExpiresAt: expires}
	named.Message = o.Redact(got.Message, got.PayToken, got.NotifToken)
	return named, nil
}

// became reads the response to transactionstatus about the attempt ref.
func (o *adapter) became(body []byte, ref pirogue.OperatorRef) (operator.OperatorResult, error) {
	var got statusAnswer
	if err := json.Unmarshal(body, &got); err != nil {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status: not the JSON of the guide: %w", err)
	}
	if got.OrderID != string(ref) {
		return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status of another order than %s", ref)
	}
	receipt, err := o.told(got.Status, got.TxnID)
	if err != nil {
		return operator.OperatorResult{}, err
	}
	if got.Amount != "" {
		francs, err := outbound.Francs(got.Amount)
		if err != nil {
			return operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "status %s: %w", got.Status, err)
		}
		receipt.Amount = pirogue.Money{Minor: francs, Currency: o.conf.Currency}
	}
	return receipt, nil
}

// told returns the operator result of a status word.
func (o *adapter) told(word, txnID string) (operator.OperatorResult, error) {
	receipt, err := o.Result(outbound.StatusFields{ID: txnID, Status: word})
	if err != nil {
		return operator.OperatorResult{}, err
	}
	return receipt, nil
}

// secrets returns the values that no stored text of Orange may contain.
func (o *adapter) secrets() []string {
	return []string{o.conf.Credentials[credClientSecret], o.conf.Credentials[credMerchantKey]}
}
