package samples_test

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pirogue/docs/samples/samplestest"
)

// Two payments that exist in the fake from the start.
const (
	idFailed  = "00000000-0000-7000-8000-00000000000f"
	idPending = "00000000-0000-7000-8000-000000000009"
)

// The fake's only merchant key. The secret is 64 hexadecimal characters, used as text.
const (
	key    = "nk_test_sample"
	secret = "0b2cc4dc0b2cc4dc0b2cc4dc0b2cc4dc0b2cc4dc0b2cc4dc0b2cc4dc0b2cc4dc"
)

// settleAfter is the time after which the fake's customer pays.
const settleAfter = 500 * time.Millisecond

// fake is the merchant API by its public document, and nothing else. It shares no code with
// Pirogue's own server, so that the samples follow the document, not a reading of it.
type fake struct {
	t      *testing.T
	mu     sync.Mutex
	orders map[string]*payment
	hasty  map[string]string // timestamp of the first try, by order ID
	wg     sync.WaitGroup
}

type payment struct {
	ID         string `json:"transaction_id"`
	OrderID    string `json:"merchant_order_id"`
	Type       string `json:"type"`
	Status     string `json:"status"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	PaymentURL string `json:"payment_url,omitempty"`
	CreatedAt  string `json:"created_at"`
	notifyURL  string
}

// newFake starts a fake API and returns its address and credentials.
func newFake(t *testing.T) samplestest.API {
	t.Helper()
	f := &fake{t: t, hasty: map[string]string{}, orders: map[string]*payment{
		"failed":  {ID: idFailed, Type: "CASHIN", Status: "FAILED"},
		"pending": {ID: idPending, Type: "CASHIN", Status: "PENDING"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/payments/cashin", f.signed(f.cashIn))
	mux.HandleFunc("GET /api/v1/payments/{id}", f.signed(f.payment))
	server := httptest.NewServer(mux)
	t.Cleanup(func() { f.wg.Wait(); server.Close() })
	return samplestest.API{BaseURL: server.URL + "/api/v1", Key: key, Secret: secret}
}

// signed calls next for requests whose three headers are right, and refuses the others.
func (f *fake) signed(next func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			f.t.Error(err)
		}
		timestamp, err := strconv.ParseInt(r.Header.Get("X-NekaPay-Timestamp"), 10, 64)
		if err != nil || time.Since(time.Unix(timestamp, 0)).Abs() > 300*time.Second {
			refuse(w, http.StatusUnauthorized, "TIMESTAMP_OUT_OF_RANGE", "Horloge décalée", nil)
			return
		}
		want := samplestest.Sign(secret, timestamp, string(body))
		good := hmac.Equal([]byte(r.Header.Get("X-NekaPay-Signature")), []byte(want))
		if r.Header.Get("X-NekaPay-Key") != key || !good {
			refuse(w, http.StatusUnauthorized, "SIGNATURE_INVALID", "Signature incorrecte", nil)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		next(w, r, body)
	}
}

// cashIn accepts an order ID once. The customer with the usual number pays after settleAfter.
func (f *fake) cashIn(w http.ResponseWriter, r *http.Request, body []byte) {
	var order struct {
		ID     string `json:"merchant_order_id"`
		Amount int64  `json:"amount"`
		MSISDN string `json:"customer_msisdn"`
		Notify string `json:"notify_url"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&order); err != nil || order.Amount < 1 ||
		r.Header.Get("Content-Type") != "application/json" {
		refuse(w, http.StatusBadRequest, "INVALID_JSON", "Corps illisible", nil)
		return
	}
	if !strings.HasPrefix(order.MSISDN, "+") {
		refuse(w, http.StatusUnprocessableEntity, "INVALID_MSISDN", "Numéro invalide", nil)
		return
	}
	if f.tooFast(w, r, order.ID) {
		return
	}
	if p := f.orders[order.ID]; p != nil {
		refuse(w, http.StatusConflict, "DUPLICATE_ORDER", "Cette référence existe déjà", p)
		return
	}
	p := &payment{
		ID: fmt.Sprintf("00000000-0000-7000-8000-%012x", 16+len(f.orders)), OrderID: order.ID, Type: "CASHIN",
		Status: "PENDING", Amount: order.Amount, Currency: "XOF", notifyURL: order.Notify,
		CreatedAt: time.Now().UTC().Format(time.RFC3339),
	}
	f.orders[order.ID] = p
	if strings.HasSuffix(order.MSISDN, "555555") {
		refuse(w, http.StatusServiceUnavailable, "OPERATOR_UNAVAILABLE", "Orange indisponible", p)
		return
	}
	p.PaymentURL = "https://pay.example/?a=1&b=2"
	write(w, http.StatusAccepted, map[string]any{"data": p})
	f.wg.Go(func() { f.settle(p) })
}

// tooFast responds 429 to the first try of an order ID that asks for it. It requires a fresh
// signature on the second try.
func (f *fake) tooFast(w http.ResponseWriter, r *http.Request, order string) bool {
	timestamp := r.Header.Get("X-NekaPay-Timestamp")
	first, seen := f.hasty[order]
	if !strings.HasPrefix(order, "hasty_") || seen && first != timestamp {
		return false
	}
	f.hasty[order] = timestamp
	w.Header().Set("Retry-After", "1")
	refuse(w, http.StatusTooManyRequests, "RATE_LIMITED", "Trop de requêtes", nil)
	return true
}

// settle makes the customer pay, and sends the merchant's webhook.
func (f *fake) settle(p *payment) {
	time.Sleep(settleAfter)
	f.mu.Lock()
	p.Status = "SUCCESS"
	f.mu.Unlock()
	if p.notifyURL == "" {
		return
	}
	body, err := json.Marshal(map[string]any{
		"event": "transaction.status_changed", "transaction_id": p.ID, "merchant_order_id": p.OrderID, "type": p.Type,
		"status": "SUCCESS", "amount": p.Amount, "currency": p.Currency,
		"timestamp": time.Now().UTC().Format("2006-01-02T15:04:05-07:00"),
	})
	if err != nil {
		f.t.Error(err)
		return
	}
	now := time.Now().Unix()
	got := samplestest.Deliver(f.t, p.notifyURL, string(body), now, samplestest.Sign(secret, now, string(body)))
	if got != http.StatusOK {
		f.t.Errorf("the receiver at %s answered %d to a webhook, want 200", p.notifyURL, got)
	}
}

// payment responds with a payment's current state.
func (f *fake) payment(w http.ResponseWriter, r *http.Request, _ []byte) {
	for _, p := range f.orders {
		if p.ID == r.PathValue("id") {
			write(w, http.StatusOK, map[string]any{"data": p})
			return
		}
	}
	refuse(w, http.StatusNotFound, "TRANSACTION_NOT_FOUND", "Transaction introuvable", nil)
}

// refuse responds with an error, and with its payment, if any.
func refuse(w http.ResponseWriter, status int, code, text string, p *payment) {
	write(w, status, struct {
		Error string   `json:"error"`
		Code  string   `json:"code"`
		Data  *payment `json:"data,omitempty"`
	}{text, code, p})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(err) // the fake's responses always encode; net/http shows the panic
	}
}
