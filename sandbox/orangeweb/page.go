package orangeweb

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"pirogue/sandbox/stage"
)

//go:embed page.html assets
var files embed.FS

var pageTemplate = template.Must(template.ParseFS(files, "page.html"))

// pagePolicy lets the page load its own style and nothing else. It leaves
// form-action out on purpose: browsers apply it to the whole chain of redirects
// after "cancel", and that chain belongs to the merchant.
const pagePolicy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"

const assetsMaxAge = "public, max-age=300" // seconds

// The faces of the page.
const (
	faceForm      = "form"
	facePending   = "pending"
	facePaid      = "paid"
	faceFailed    = "failed"
	faceExpired   = "expired"
	faceCancelled = "cancelled"
	faceUnknown   = "unknown"
	faceDown      = "down"
)

// pageView is what the template shows.
type pageView struct {
	T                            words
	Face                         string
	Title, Text                  string // of every face but the form
	Merchant, Amount, OrderID    string
	TxnID                        string
	MinutesLeft                  int
	MSISDN, NumberError, OTPHint string
	OTPError                     string
	Next                         string // where the way on leads
}

// typed is what a person sent with the form, and the magic number that everybody was
// made to behave as by then.
type typed struct {
	msisdn, otp, force string
}

// page serves the payment page and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kept, found := s.book.find(r.PathValue("pay_token"))
	switch {
	case !found:
		t := wordsFor(r, "")
		s.render(w, http.StatusNotFound, pageView{T: t, Face: faceUnknown, Title: t.UnknownTitle, Text: t.UnknownText})
	case r.Method == http.MethodGet:
		s.showPage(w, r)
	case r.Method == http.MethodHead:
		s.render(w, http.StatusOK, s.viewOf(kept, wordsFor(r, kept.Order.Lang)))
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	case r.PostFormValue("action") == "cancel":
		s.cancelOnPage(w, r)
	default:
		s.payOnPage(w, r, kept)
	}
}

// showPage shows a session as it stands; a person who looks makes the automatic
// customer step back.
func (s *Simulator) showPage(w http.ResponseWriter, r *http.Request) {
	now := s.clock.Now().UTC()
	kept, _, err := s.book.change(r.PathValue("pay_token"), now, func(x *session) event { return x.visit(now) })
	if err != nil {
		s.log.Error("visit not kept", "error", err)
	}
	s.render(w, http.StatusOK, s.viewOf(kept, wordsFor(r, kept.Order.Lang)))
}

// cancelOnPage gives the session up and sends the person back to the merchant.
// A payment that has already ended cannot be cancelled; the page then says so.
func (s *Simulator) cancelOnPage(w http.ResponseWriter, r *http.Request) {
	kept, _, err := s.book.change(r.PathValue("pay_token"), s.clock.Now().UTC(), (*session).cancel)
	switch {
	case err != nil:
		s.log.Error("cancellation not kept", "error", err)
		s.pageDown(w, r)
	case kept.Cancelled:
		redirect(w, kept.Order.CancelURL)
	default:
		redirect(w, "?lang="+wordsFor(r, kept.Order.Lang).Lang)
	}
}

// payOnPage takes a person's confirmation. Pressing twice confirms once: the
// second press finds the session ended and shows how.
func (s *Simulator) payOnPage(w http.ResponseWriter, r *http.Request, kept session) {
	t := wordsFor(r, kept.Order.Lang)
	sent := typed{msisdn: bareNumber(r.PostFormValue("msisdn")), otp: strings.TrimSpace(r.PostFormValue("otp"))}
	view := s.viewOf(kept, t)
	view.MSISDN = r.PostFormValue("msisdn")
	if view.Face == faceForm && !view.accepts(sent) {
		s.render(w, http.StatusUnprocessableEntity, view)
		return
	}
	now, settling := s.clock.Now().UTC(), s.settling()
	sent.force = s.board.Read().Force
	after, what, err := s.book.change(kept.PayToken, now, func(x *session) event {
		return x.pay(sent, now, settling)
	})
	switch {
	case err != nil:
		s.log.Error("confirmation not kept", "error", err)
		s.pageDown(w, r)
		return
	case what == wrongOTP:
		view.refuseOTP(maxTries - after.WrongOTPs)
		s.render(w, http.StatusUnprocessableEntity, view)
		return
	case what == paid || what == failed:
		s.announce(kept.PayToken, 1)
		s.mayCorrect(after, now)
	}
	s.arrange(after)
	redirect(w, "?lang="+t.Lang)
}

// pay is a person confirming with a number and an OTP. From then on the number
// typed is the customer's: a magic one ends the payment as its behaviour says.
func (s *session) pay(sent typed, now time.Time, settling time.Duration) event {
	inTime := !now.After(s.ValidUntil)
	if inTime && sent.otp != OTP {
		return s.mistype()
	}
	if inTime { // too late, nobody looks at what was typed
		s.MSISDN, s.Force = sent.msisdn, sent.force
	}
	return s.confirm(now, now, settling)
}

// viewOf is the page of a session in the language of t.
func (s *Simulator) viewOf(kept session, t words) pageView {
	v := pageView{
		T: t, Merchant: kept.Order.Reference, Amount: money(kept.Order.Amount, kept.Order.Currency),
		OrderID: kept.Order.OrderID, TxnID: kept.TxnID, MSISDN: kept.MSISDN, OTPHint: OTP,
		Next: kept.Order.CancelURL,
	}
	if v.Merchant == "" {
		v.Merchant = t.SomeMerchant
	}
	left := kept.ValidUntil.Sub(s.clock.Now())
	v.MinutesLeft = int((left + time.Minute - 1) / time.Minute) // the last minute counts as one
	switch {
	case kept.Status == Success:
		v.Face, v.Title, v.Text, v.Next = facePaid, t.PaidTitle, t.PaidText, kept.Order.ReturnURL
	case kept.Status == Failed:
		v.Face, v.Title, v.Text = faceFailed, t.FailedTitle, t.FailedText
	case kept.Status == Pending:
		v.Face, v.Title, v.Text = facePending, t.PendingTitle, t.PendingText
	case kept.Cancelled:
		v.Face, v.Title, v.Text = faceCancelled, t.CancelledTitle, t.CancelledText
	case kept.Status == Expired || left < 0:
		v.Face, v.Title, v.Text = faceExpired, t.ExpiredTitle, t.ExpiredText
	default:
		v.Face = faceForm
	}
	return v
}

// accepts checks what can be checked without Orange, and notes what is wrong.
func (v *pageView) accepts(sent typed) bool {
	if !bareDigits.MatchString(sent.msisdn) {
		v.NumberError = v.T.BadNumber
	}
	if sent.otp == "" {
		v.OTPError = v.T.NoCode
	}
	return v.NumberError == "" && v.OTPError == ""
}

// refuseOTP notes a wrong OTP and how many tries are left.
func (v *pageView) refuseOTP(triesLeft int) {
	v.OTPError = v.T.WrongCode + noBreak + strconv.Itoa(triesLeft) + "."
	if triesLeft == 1 {
		v.OTPError += " " + v.T.LastTry
	}
}

// pageDown is the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r, "")
	s.render(w, http.StatusServiceUnavailable, pageView{T: t, Face: faceDown, Title: t.DownTitle, Text: t.DownText})
}

// render writes the page whole or not at all: a template that fails half-way
// leaves no half page.
func (s *Simulator) render(w http.ResponseWriter, status int, v pageView) {
	var html bytes.Buffer
	if err := pageTemplate.Execute(&html, v); err != nil {
		s.log.Error("page not written", "error", err)
		http.Error(w, v.T.DownTitle, http.StatusInternalServerError)
		return
	}
	stage.PageHeaders(w.Header(), pagePolicy)
	w.Header().Set("Content-Language", v.T.Lang)
	w.WriteHeader(status)
	w.Write(html.Bytes())
}

// redirect sends a browser on with a GET. The address may be relative to the page
// as the browser sees it, which http.Redirect cannot know behind a stripped path.
func redirect(w http.ResponseWriter, address string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

// bareDigits is a number without what people put between digits.
var bareDigits = regexp.MustCompile(`^\+?[0-9]{8,15}$`)

// bareNumber strips what people put between digits, and writes 00 as +.
func bareNumber(s string) string {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()\u00a0\u202f", r) {
			return -1
		}
		return r
	}, s)
	if international, found := strings.CutPrefix(bare, "00"); found {
		return "+" + international
	}
	return bare
}

// asset serves the style and the drawings of the page.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", assetsMaxAge)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.FileServerFS(files).ServeHTTP(w, r)
}
