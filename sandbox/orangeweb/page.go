package orangeweb

import (
	"cmp"
	"embed"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pirogue/sandbox/engine"
)

//go:embed assets
var files embed.FS

// typed holds a person's input in the form, and the magic number of the switch Force at
// that time.
type typed struct {
	msisdn, otp, force string
}

// page serves the payment page and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	kept, found := s.book.find(r.PathValue("pay_token"))
	switch {
	case !found:
		t := wordsFor(r, "")
		s.shows(w, http.StatusNotFound, t, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: t.UnknownTitle, Text: t.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		s.showPage(w, r)
	case r.Method == http.MethodHead:
		s.showSession(w, r, http.StatusOK, kept)
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		s.cancelOnPage(w, r)
	default:
		s.payOnPage(w, r, kept)
	}
}

// showSession shows a session in the language of the visitor.
func (s *Simulator) showSession(w http.ResponseWriter, r *http.Request, status int, kept session) {
	t := wordsFor(r, kept.Order.Lang)
	s.shows(w, status, t, s.viewOf(kept, t))
}

// shows writes the page in the language of t.
func (s *Simulator) shows(w http.ResponseWriter, status int, t words, v engine.CheckoutView) {
	v.T, v.Up, v.CodeField, v.CodeHint = t, "../../", "otp", OTP
	s.checkout.Render(w, status, t.Lang, v)
}

// showPage shows the current session. A visit makes the automatic customer step back.
func (s *Simulator) showPage(w http.ResponseWriter, r *http.Request) {
	now := s.Now()
	kept, _, err := s.book.change(r.PathValue("pay_token"), now, func(x *session) event { return x.visit(now) })
	if err != nil {
		s.Log.Error("visit not kept", "error", err)
	}
	s.showSession(w, r, http.StatusOK, kept)
}

// cancelOnPage cancels the session and redirects the person to the merchant. A payment that
// has ended cannot be cancelled; the page then shows that.
func (s *Simulator) cancelOnPage(w http.ResponseWriter, r *http.Request) {
	kept, _, err := s.book.change(r.PathValue("pay_token"), s.Now(), (*session).cancel)
	switch {
	case err != nil:
		s.Log.Error("cancellation not kept", "error", err)
		s.pageDown(w, r)
	case kept.Cancelled:
		engine.Redirect(w, kept.Order.CancelURL)
	default:
		engine.Redirect(w, "?lang="+wordsFor(r, kept.Order.Lang).Lang)
	}
}

// payOnPage executes a person's confirmation. A second press confirms nothing: it finds the
// session ended and shows the result.
func (s *Simulator) payOnPage(w http.ResponseWriter, r *http.Request, kept session) {
	t := wordsFor(r, kept.Order.Lang)
	sent := typed{msisdn: engine.BareNumber(r.PostFormValue("msisdn")), otp: strings.TrimSpace(r.PostFormValue("otp"))}
	view := s.viewOf(kept, t)
	view.MSISDN = r.PostFormValue("msisdn")
	if view.Face == engine.FaceForm && !accepts(&view, t, sent) {
		s.shows(w, http.StatusUnprocessableEntity, t, view)
		return
	}
	now, settling := s.Now(), s.Faults.Read().Settling()
	sent.force = s.Faults.Read().Force
	after, what, err := s.book.change(kept.PayToken, now, func(x *session) event {
		return x.pay(sent, now, settling)
	})
	switch {
	case err != nil:
		s.Log.Error("confirmation not kept", "error", err)
		s.pageDown(w, r)
		return
	case what == wrongOTP:
		view.CodeError = t.refuseOTP(maxTries - after.WrongOTPs)
		s.shows(w, http.StatusUnprocessableEntity, t, view)
		return
	case what == paid || what == failed:
		s.announce(kept.PayToken, 1)
		s.mayCorrect(after, now)
	}
	s.arrange(after)
	engine.Redirect(w, "?lang="+t.Lang)
}

// pay confirms a session with a person's number and OTP. From then on the typed number is
// the customer's, and a magic one decides the end.
func (s *session) pay(sent typed, now time.Time, settling time.Duration) event {
	inTime := !now.After(s.ValidUntil)
	if inTime && sent.otp != OTP {
		return s.mistype()
	}
	if inTime { // too late, the input is ignored
		s.MSISDN, s.Force = sent.msisdn, sent.force
	}
	return s.confirm(now, now, settling)
}

// viewOf returns the page of a session in the language of t.
func (s *Simulator) viewOf(kept session, t words) engine.CheckoutView {
	left := kept.ValidUntil.Sub(s.Now())
	v := engine.CheckoutView{
		Merchant: cmp.Or(kept.Order.Reference, t.SomeMerchant), Amount: money(kept.Order.Amount, kept.Order.Currency),
		Order: kept.Order.OrderID, TxnID: kept.TxnID, MSISDN: kept.MSISDN, Next: kept.Order.CancelURL,
		MinutesLeft: engine.MinutesLeft(left),
	}
	switch {
	case kept.Status == Success:
		v.Face, v.Title, v.Text, v.Next = engine.FacePaid, t.PaidTitle, t.PaidText, kept.Order.ReturnURL
	case kept.Status == Failed:
		v.Face, v.Title, v.Text = engine.FaceFailed, t.FailedTitle, t.FailedText
	case kept.Status == Pending:
		v.Face, v.Title, v.Text = engine.FacePending, t.PendingTitle, t.PendingText
	case kept.Cancelled:
		v.Face, v.Title, v.Text = engine.FaceCancelled, t.CancelledTitle, t.CancelledText
	case kept.Status == Expired || left < 0:
		v.Face, v.Title, v.Text = engine.FaceExpired, t.ExpiredTitle, t.ExpiredText
	default:
		v.Face = engine.FaceForm
	}
	return v
}

// accepts checks the form of the input, and sets the error texts of the page.
func accepts(v *engine.CheckoutView, t words, sent typed) bool {
	if !engine.CompleteNumber(sent.msisdn) {
		v.NumberError = t.BadNumber
	}
	if sent.otp == "" {
		v.CodeError = t.NoCode
	}
	return v.NumberError == "" && v.CodeError == ""
}

// refuseOTP returns the text about a wrong OTP, with the number of tries left.
func (t words) refuseOTP(triesLeft int) string {
	says := t.WrongCode + engine.NoBreak + strconv.Itoa(triesLeft) + "."
	if triesLeft == 1 {
		says += " " + t.LastTry
	}
	return says
}

// pageDown serves the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r, "")
	s.shows(w, http.StatusServiceUnavailable, t,
		engine.CheckoutView{Face: engine.FaceDown, Title: t.DownTitle, Text: t.DownText})
}
