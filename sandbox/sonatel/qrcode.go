package sonatel

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/piglig/go-qr"

	"pirogue/sandbox/engine"
)

// The form of a QR code. Version 5 has 37 modules a side; at the lowest error correction it
// holds 106 bytes.
const (
	qrVersion = 5
	qrMask    = 0
	qrPixels  = 6 // per module
	qrMargin  = 4 // white modules on every side, which readers need
)

// pagePath is the path of a code's page, before the code's id.
const pagePath = "/qr/"

// maxPublicURL leaves room for the longest link: the path and a code's id.
const maxPublicURL = 60

// codeRequest is the body of a QR code call. Some clients send code as a number.
type codeRequest struct {
	Code      flexibleText      `json:"code"`
	Name      string            `json:"name"`
	Amount    amount            `json:"amount"`
	Reference string            `json:"reference"`
	Validity  wholeNumber       `json:"validity"` // seconds; a day if left out
	Metadata  map[string]string `json:"metadata"`
	// The addresses for the customer's browser afterwards. Callbacks go to the address in the
	// header X-Callback-Url, or to the registered one.
	SuccessURL string `json:"callbackSuccessUrl"`
	CancelURL  string `json:"callbackCancelUrl"`
	// Restrictions let a code be paid once. Otherwise it can be paid until it expires, so two
	// phones can pay one order.
	Restrictions struct {
		SingleUse bool `json:"isSingleUse"`
	} `json:"restrictions"`
}

// codeReply is the response to a QR code call, observed in production. QRCode is the base64
// of a PNG, without a data URI around it.
type codeReply struct {
	QRID      string            `json:"qrId"`
	DeepLink  string            `json:"deepLink"`
	DeepLinks map[string]string `json:"deepLinks"`
	ShortLink string            `json:"shortLink"`
	QRCode    string            `json:"qrCode"`
	Validity  int64             `json:"validity"` // seconds
	Metadata  map[string]string `json:"metadata"`
	ValidFor  validFor          `json:"validFor"`
}

// validFor is the period in which a code can be paid.
type validFor struct {
	Start string `json:"startDateTime"`
	End   string `json:"endDateTime"`
}

// validate returns every violation of the request.
func (q codeRequest) validate() []violation {
	return append(commonViolations(q.Amount, q.Reference, q.Metadata), violationsOf([]rule{
		{"name", "have from 1 to 80 characters", q.Name != "" && utf8.RuneCountInString(q.Name) <= maxName},
		{"validity", "be at most 86400 seconds", q.Validity >= 0 && q.Validity <= wholeNumber(maxValidity/time.Second)},
		{"callbackSuccessUrl", "be an absolute http address", q.SuccessURL == "" || validURL(q.SuccessURL)},
		{"callbackCancelUrl", "be an absolute http address", q.CancelURL == "" || validURL(q.CancelURL)},
	})...)
}

// code returns the code of a request, which its automatic customer pays if it has one.
func (q codeRequest) code(r *http.Request, now time.Time, callbackURL, force string) code {
	life := time.Duration(q.Validity) * time.Second
	if life == 0 {
		life = maxValidity
	}
	c := code{
		Code: Code{
			Reference: q.Reference, MSISDN: r.Header.Get(MSISDNHeader), Amount: int64(q.Amount.Value),
			ResponseLost: engine.ResponseIsLost(r.Context()), CreatedAt: now, ValidUntil: now.Add(life),
		},
		ID: newID(), Name: q.Name, Metadata: q.Metadata, SuccessURL: q.SuccessURL, CancelURL: q.CancelURL,
		CallbackURL: callbackURL, SingleUse: q.Restrictions.SingleUse, Unread: engine.ResponseIsSpoiled(r.Context()),
		Force: force,
	}
	c.scheduleCustomer()
	return c
}

// reply returns a code in the API's form. The real links open apps; those of the sandbox
// all lead to link, its page.
func (c *code) reply(link string) (codeReply, error) {
	picture, err := drawQR(link)
	if err != nil {
		return codeReply{}, err
	}
	return codeReply{
		QRID: c.ID, DeepLink: link, DeepLinks: map[string]string{"OM": link, "MAXIT": link}, ShortLink: link,
		QRCode:   base64.StdEncoding.EncodeToString(picture),
		Validity: int64(c.ValidUntil.Sub(c.CreatedAt) / time.Second), Metadata: c.Metadata,
		ValidFor: validFor{instant(c.CreatedAt), instant(c.ValidUntil)},
	}, nil
}

// qrCode makes a QR code that a customer pays by MAX IT or Orange Money. A caller who
// disconnects before the response has received no code, so no automatic customer pays it.
func (s *Simulator) qrCode(w http.ResponseWriter, r *http.Request) error {
	made, err := s.issueCode(w, r)
	if err != nil {
		return err
	}
	reply, err := made.reply(s.Address(pagePath + made.ID))
	if err != nil {
		return err
	}
	timesOut := s.settings.quirks().ExecutesThenTimesOut
	if made.behaviour().ResponseLost && !s.codes.lostBefore(made) || timesOut || r.Context().Err() != nil {
		return s.loseCode(r, made, timesOut)
	}
	response := engine.JSONHandler(http.StatusOK, reply)
	if early, paid := s.codes.payEarly(made); paid {
		s.ReplyToOpening(w, r, engine.OpeningReply{Orders: []engine.Order{early}, Response: response})
		return nil
	}
	if !made.actsAtOnce() { // scheduled before anyone reads the response
		s.codes.scheduleCustomer(made)
	}
	response.ServeHTTP(w, r)
	if !s.FlushResponse(w) { // nobody received the code
		_, err = s.codes.change(made.ID, (*code).markLost)
		return err
	}
	if made.actsAtOnce() {
		s.codes.scheduleCustomer(made)
	}
	return nil
}

// issueCode reads a QR code call and stores its code, or returns the problem. It checks for
// the number of an operator that is down before every other field of the body.
func (s *Simulator) issueCode(w http.ResponseWriter, r *http.Request) (code, error) {
	var asked codeRequest
	if err := readBody(w, r, &asked); err != nil {
		return code{}, err
	}
	msisdn, switches := r.Header.Get(MSISDNHeader), s.Faults.Read()
	address, err := callbackURL(r)
	switch {
	case msisdn != "" && !engine.IsValidNumber(msisdn):
		return code{}, badMSISDN.withDetail(MSISDNHeader + " must look like +221770123456.")
	case switches.BehaviourOf(msisdn).Down:
		return code{}, unavailable
	case err != nil:
		return code{}, err
	}
	if err := invalid(asked.validate()); err != nil {
		return code{}, err
	}
	if !engine.SameSecret(string(asked.Code), s.credentials.MerchantCode) {
		return code{}, merchantRefused
	}
	return s.codes.issue(asked.code(r, s.Now(), address, switches.Force))
}

// loseCode withholds the response to a QR code call. Nobody received the code, so nobody
// pays it.
func (s *Simulator) loseCode(r *http.Request, made code, timesOut bool) error {
	if _, err := s.codes.change(made.ID, (*code).markLost); err != nil {
		return err
	}
	if timesOut {
		return tryAgain
	}
	if r.Context().Err() == nil {
		s.HangCall(r)
	}
	return nil // the caller has disconnected
}

// drawQR returns the PNG of a QR code for a text. It returns an error for a text that does
// not fit.
func drawQR(text string) ([]byte, error) {
	segment, err := go_qr.MakeBytes([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	drawn, err := go_qr.EncodeSegments([]*go_qr.QrSegment{segment}, go_qr.Low, qrVersion, qrVersion, qrMask, false)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return drawn.ToPNGBytes(go_qr.NewQrCodeImgConfig(qrPixels, qrMargin))
}
