package novasend

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"pirogue/sandbox/engine"
)

// signatureHeader carries the lower-case hex HMAC-SHA256 of the body.
const signatureHeader = "X-Signature-Value"

// accountWebhook is the webhook of an account in Novasend's portal.
type accountWebhook struct{ url, secret string }

// portal stands for the page of Novasend's portal on which a merchant types the address of
// the webhook. The body is {"key": "<api key>", "url": "http://..."}. A restart drops the
// address; an empty one removes it.
func (s *Simulator) portal(w http.ResponseWriter, r *http.Request) error {
	var typed struct {
		Key string `json:"key"`
		URL string `json:"url"`
	}
	err := engine.ReadJSON(w, r, &typed)
	a, known := s.accounts[typed.Key]
	switch {
	case err != nil:
		return invalidRequest.because("The body is not JSON.")
	case !known:
		return tokenNotFound
	case typed.URL != "" && !engine.IsAddress(typed.URL):
		return invalidRequest.because("url must be an absolute http address.")
	}
	s.hookMu.Lock()
	s.hooks[a.ID] = accountWebhook{typed.URL, a.Secret}
	s.hookMu.Unlock()
	engine.WriteJSON(w, http.StatusOK, map[string]string{"url": typed.URL})
	return nil
}

// webhookBody is the webhook's record in the current shape. Its field is fees where responses
// have fee, and it has no transaction.
type webhookBody struct {
	ID                   string   `json:"id"`
	Fees                 int64    `json:"fees"`
	Type                 string   `json:"type"`
	Amount               int64    `json:"amount"`
	Status               string   `json:"status"`
	Failure              *failure `json:"failure"`
	Currency             string   `json:"currency"`
	Customer             customer `json:"customer"`
	CreatedAt            string   `json:"createdAt"`
	Reference            string   `json:"reference"`
	PaymentURL           *string  `json:"paymentUrl"`
	ChargedAmount        int64    `json:"chargedAmount"`
	ConfirmationStatus   string   `json:"confirmationStatus"`
	ConfirmationRequired bool     `json:"confirmationRequired"`
}

// webhook returns the message about an order's end. The events are confirmed and declined.
// An expired session and a refund have none; our reading.
func (s *Simulator) webhook(o engine.Order) engine.Notification {
	s.hookMu.Lock()
	to := s.hooks[o.Account]
	s.hookMu.Unlock()
	if to.url == "" || o.State == engine.Lapsed || o.Parent != "" {
		return engine.Notification{}
	}
	body, signed, err := s.encodeWebhook(s.webhookRecord(o))
	if err != nil {
		s.Log.Error("webhook not written", "error", err)
		return engine.Notification{}
	}
	mac := hmac.New(sha256.New, []byte(to.secret))
	mac.Write(signed)
	return engine.Notification{
		URL: to.url, Body: body, Header: http.Header{signatureHeader: {hex.EncodeToString(mac.Sum(nil))}},
	}
}

// webhookRecord returns the record of a webhook, in the shape of the call.
func (s *Simulator) webhookRecord(o engine.Order) any {
	if o.Notes[noteShape] == seedShape {
		return s.seedOf(o, s.word(o))
	}
	r := s.recordOf(o, s.word(o))
	return webhookBody{
		ID: r.ID, Fees: r.Fee, Type: r.Type, Amount: r.Amount, Status: r.Status, Failure: r.Failure,
		Currency: r.Currency, Customer: r.Customer, CreatedAt: r.CreatedAt, Reference: r.Reference,
		PaymentURL: r.PaymentURL, ChargedAmount: r.ChargedAmount, ConfirmationStatus: r.ConfirmationStatus,
		ConfirmationRequired: r.ConfirmationRequired,
	}
}

// encodeWebhook returns the bytes to send and the bytes to sign. They differ if the signer
// re-serialises.
func (s *Simulator) encodeWebhook(said any) (sent, signed []byte, err error) {
	var compact bytes.Buffer
	encoder := json.NewEncoder(&compact)
	encoder.SetEscapeHTML(false) // as JavaScript encodes JSON, and a signer that re-serialises it
	if err := encoder.Encode(said); err != nil {
		return nil, nil, err
	}
	plain := bytes.TrimSpace(compact.Bytes())
	sent = plain
	if s.Quirk(signsReserialised) {
		var indented bytes.Buffer
		if err := json.Indent(&indented, plain, "", "  "); err != nil {
			return nil, nil, err
		}
		sent = indented.Bytes()
	}
	if s.Quirk(escapedSlashes) {
		sent = bytes.ReplaceAll(sent, []byte("/"), []byte(`\/`))
	}
	if s.Quirk(signsReserialised) {
		return sent, plain, nil
	}
	return sent, sent, nil
}
