package sonatel

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// retries holds the waits before each retry of a callback that got a 5xx or no response. A
// 4xx is final. Sonatel documents the retries; the times are ours. A restart drops waiting
// retries: callbacks are a hint, and the history decides.
var retries = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// otherSecret signs besides the real one while secrets change.
const otherSecret = "sandbox-other-secret"

// forgedKey is the key of a sender who does not know the real one.
const forgedKey = "forged-callback-key"

// registrationRequest is the body of a registration.
type registrationRequest struct {
	Code        flexibleText `json:"code"`
	Name        string       `json:"name"`
	CallbackURL string       `json:"callbackUrl"`
	APIKey      string       `json:"apiKey"`
}

// registration is the address for callbacks without an address of their own, and the key
// sent with them. It is read back with the key in clear, although the document calls the
// key write-only.
type registration struct {
	Code        string `json:"code"`
	MSISDN      string `json:"msisdn"`
	Name        string `json:"name"`
	CallbackURL string `json:"callbackUrl"`
	APIKey      string `json:"apiKey"`
	CreatedAt   string `json:"createdAt"` // dd-MM-yyyy HH:mm:ss
}

// callbacks sends the callbacks of ended transactions, and stores the registration of their
// address.
type callbacks struct {
	engine      *engine.Engine
	settings    *settings
	credentials Credentials
	record      func(entry) error

	mu           sync.Mutex
	registration registration // empty if there is none
}

// register sets the address of callbacks and the key sent with them. The signature secret
// is not part of it: Sonatel hands it out in another way.
func (cb *callbacks) register(w http.ResponseWriter, r *http.Request) error {
	var asked registrationRequest
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	found := violationsOf([]rule{
		{"name", "not be empty", asked.Name != ""},
		{"callbackUrl", "be an absolute http address", validURL(asked.CallbackURL)},
		{"apiKey", "have from 1 to 255 characters", asked.APIKey != "" && len(asked.APIKey) <= maxText},
	})
	if err := invalid(found); err != nil {
		return err
	}
	if !engine.SameSecret(string(asked.Code), cb.credentials.MerchantCode) {
		return merchantRefused
	}
	wanted := registration{
		Code: string(asked.Code), MSISDN: MerchantMSISDN, Name: asked.Name, CallbackURL: asked.CallbackURL,
		APIKey: asked.APIKey, CreatedAt: cb.engine.Now().Format("02-01-2006 15:04:05"),
	}
	if err := cb.save(wanted); err != nil {
		return err
	}
	if cb.settings.quirks().EmptyRegistration {
		w.WriteHeader(http.StatusCreated)
		return nil
	}
	engine.WriteJSON(w, http.StatusCreated, wanted)
	return nil
}

// save journals a registration, then stores it in place of any other.
func (cb *callbacks) save(wanted registration) error {
	cb.mu.Lock()
	defer cb.mu.Unlock()
	if err := cb.record(entry{Registration: &wanted}); err != nil {
		return err
	}
	cb.registration = wanted
	return nil
}

// registered returns the registration.
func (cb *callbacks) registered() registration {
	cb.mu.Lock()
	defer cb.mu.Unlock()
	return cb.registration
}

// serveRegistration serves the registration of a merchant code.
func (cb *callbacks) serveRegistration(w http.ResponseWriter, r *http.Request) error {
	wanted := r.URL.Query().Get("code")
	if wanted == "" {
		return missingParameter.withDetail("code is missing.")
	}
	replies := []registration{}
	if stored := cb.registered(); stored.Code == wanted {
		replies = append(replies, stored)
	}
	engine.WriteJSON(w, http.StatusOK, replies)
	return nil
}

// callback returns the callback of an ended transaction. The switch lets a forged one follow.
func (cb *callbacks) callback(o engine.Order) engine.Notification {
	msg := cb.message(transaction{o}, 0)
	if cb.settings.quirks().ForgedCallbacks {
		forged := cb.forged(transaction{o}, msg.URL)
		msg.Next = &forged
	}
	return msg
}

// message returns one try of a transaction's callback, freshly signed. That of a single deposit
// goes to the registered address too, unless its call named another.
func (cb *callbacks) message(t transaction, tried int) engine.Notification {
	known, quirks := cb.registered(), cb.settings.quirks()
	msg := cb.engine.Notification(cmp.Or(t.CallbackURL, known.CallbackURL), nil, t.reply(quirks))
	secrets := []string{cb.credentials.CallbackSecret}
	if quirks.TwoSignatures {
		secrets = []string{otherSecret, secrets[0]}
	}
	msg.Header = cb.headers(cmp.Or(known.APIKey, cb.credentials.CallbackKey), t.key(), msg.Body, secrets)
	msg.OnResponse = func(status int) { cb.retry(t, tried, status) }
	return msg
}

// headers returns the proof that a callback comes from Sonatel. The key follows Basic
// unchanged, not as the base64 of a name and a password.
func (cb *callbacks) headers(key, idempotency string, body []byte, secrets []string) http.Header {
	at := strconv.FormatInt(cb.engine.MessageTime().Unix(), 10)
	signature := "t=" + at
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + ","))
		mac.Write(body)
		signature += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	h := http.Header{}
	h.Set("Authorization", "Basic "+key)
	h.Set("X-Sonatel-Signature", signature)
	h.Set("X-Sonatel-Idempotency-Key", idempotency)
	return h
}

// retry schedules another try of a callback that got a 5xx or no response.
func (cb *callbacks) retry(t transaction, tried, status int) {
	failed := status == 0 || status >= http.StatusInternalServerError
	if !failed || tried >= len(retries) {
		return
	}
	cb.engine.Scheduler.At(cb.engine.Now().Add(retries[tried]), func() {
		if !cb.engine.Faults.Read().NotificationsOff {
			cb.engine.Notifier.Enqueue(cb.message(t, tried+1))
		}
	})
}

// forged returns the callback of a sender who knows the address and no secret. It reports a
// success. No merchant may believe it.
func (cb *callbacks) forged(t transaction, address string) engine.Notification {
	t.State, t.Reason = engine.Executed, ""
	msg := cb.engine.Notification(address, nil, t.reply(cb.settings.quirks()))
	msg.Header = cb.headers(forgedKey, newID(), msg.Body, []string{otherSecret})
	return msg
}
