package sonatel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
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

// registration is the address for callbacks without an address of their own, and the key
// sent with them.
type registration struct {
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	CallbackURL string    `json:"callback_url"`
	APIKey      string    `json:"api_key"`
	CreatedAt   time.Time `json:"created_at"`
}

// registrationRequest is the body of a registration.
type registrationRequest struct {
	Code        label  `json:"code"`
	Name        string `json:"name"`
	CallbackURL string `json:"callbackUrl"`
	APIKey      string `json:"apiKey"`
}

// registrationReply is a registration as it is read back: with the key in clear, although
// the document calls it write-only.
type registrationReply struct {
	Code        string `json:"code"`
	MSISDN      string `json:"msisdn"`
	Name        string `json:"name"`
	CallbackURL string `json:"callbackUrl"`
	APIKey      string `json:"apiKey"`
	CreatedAt   string `json:"createdAt"` // dd-MM-yyyy HH:mm:ss
}

// register sets the address of callbacks and the key sent with them. The signature secret
// is not part of it: Sonatel hands it out in another way.
func (s *Simulator) register(w http.ResponseWriter, r *http.Request) error {
	var asked registrationRequest
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	found := broken([]rule{
		{"name", "not be empty", asked.Name != ""},
		{"callbackUrl", "be an absolute http address", validURL(asked.CallbackURL)},
		{"apiKey", "have from 1 to 255 characters", asked.APIKey != "" && len(asked.APIKey) <= maxText},
	})
	if err := violating(found); err != nil {
		return err
	}
	if !engine.Same(string(asked.Code), s.options.Credentials.MerchantCode) {
		return merchantRefused
	}
	kept := registration{
		Code: string(asked.Code), Name: asked.Name, CallbackURL: asked.CallbackURL, APIKey: asked.APIKey,
		CreatedAt: s.Now(),
	}
	if err := s.book.register(kept); err != nil {
		return err
	}
	if s.board.quirksNow().EmptyRegistration {
		w.WriteHeader(http.StatusCreated)
		return nil
	}
	engine.WriteJSON(w, http.StatusCreated, kept.reply())
	return nil
}

// registered serves the registration of a merchant code.
func (s *Simulator) registered(w http.ResponseWriter, r *http.Request) error {
	wanted := r.URL.Query().Get("code")
	if wanted == "" {
		return missingParameter.because("code is missing.")
	}
	replies := []registrationReply{}
	if kept := s.book.registered(); kept.Code == wanted {
		replies = append(replies, kept.reply())
	}
	engine.WriteJSON(w, http.StatusOK, replies)
	return nil
}

// reply returns a registration in the API's form.
func (r registration) reply() registrationReply {
	return registrationReply{
		Code: r.Code, MSISDN: MerchantMSISDN, Name: r.Name, CallbackURL: r.CallbackURL, APIKey: r.APIKey,
		CreatedAt: r.CreatedAt.Format("02-01-2006 15:04:05"),
	}
}

// tell sends the callback of an ended transaction, times times, without waiting, or after
// the delay of the switch.
func (s *Simulator) tell(t transaction, times int) {
	s.Notify(func() {
		if m, send := s.callback(t, 0); send {
			m.Copies = times * s.Faults.Read().NotificationCopies
			s.Notifier.Enqueue(m)
			s.forge(t, m.URL)
		}
	})
}

// tellEarly sends one callback and waits for the response. It returns the transaction with
// the callbacks left. If callbacks are delayed all are left, because a delayed one must not
// arrive before the response.
func (s *Simulator) tellEarly(ctx context.Context, t transaction) transaction {
	if s.DelaysNotifications() {
		return t
	}
	if m, send := s.callback(t, 0); send {
		s.Notifier.Deliver(context.WithoutCancel(ctx), m)
	}
	t.Callbacks--
	return t
}

// callback returns one try of a transaction's callback, freshly signed. That of a single
// deposit goes to the registered address too, unless its call named another.
func (s *Simulator) callback(t transaction, tried int) (engine.Notification, bool) {
	known := s.book.registered()
	address, key := t.CallbackURL, known.APIKey
	if address == "" {
		address = known.CallbackURL
	}
	if key == "" {
		key = s.options.Credentials.CallbackKey
	}
	letter := s.Notification(address, nil, s.reply(t))
	secrets := []string{s.options.Credentials.CallbackSecret}
	if s.board.quirksNow().TwoSignatures {
		secrets = []string{otherSecret, secrets[0]}
	}
	letter.Header = s.headers(key, t.key(), letter.Body, secrets)
	letter.Answered = func(status int) { s.retry(t, tried, status) }
	return letter, letter.URL != "" && !s.Faults.Read().NotificationsOff
}

// headers returns the proof that a callback comes from Sonatel. The key follows Basic
// unchanged, not as the base64 of a name and a password.
func (s *Simulator) headers(key, idempotency string, body []byte, secrets []string) http.Header {
	at := strconv.FormatInt(s.Stamp().Unix(), 10)
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
func (s *Simulator) retry(t transaction, tried, status int) {
	failed := status == 0 || status >= http.StatusInternalServerError
	if !failed || tried >= len(retries) {
		return
	}
	s.Scheduler.At(s.Clock.Now().Add(retries[tried]), func() {
		if m, send := s.callback(t, tried+1); send {
			s.Notifier.Enqueue(m)
		}
	})
}

// forge sends a forged callback after a real one: that of a sender who knows the address
// and no secret. No merchant may believe it.
func (s *Simulator) forge(t transaction, address string) {
	if !s.board.quirksNow().ForgedCallbacks {
		return
	}
	t.Status, t.Reason = Success, ""
	letter := s.Notification(address, nil, s.reply(t))
	letter.Header = s.headers(forgedKey, newID(), letter.Body, []string{otherSecret})
	s.Notifier.Enqueue(letter)
}

// register stores a registration in place of any other.
func (b *book) register(wanted registration) error {
	b.Lock()
	defer b.Unlock()
	return b.Record(entry{Registration: &wanted})
}

// registered returns the registration; its fields are empty if there is none.
func (b *book) registered() registration {
	b.Lock()
	defer b.Unlock()
	return b.registration
}
