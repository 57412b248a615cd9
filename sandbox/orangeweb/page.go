package orangeweb

import (
	"embed"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"pirogue/sandbox/engine"
)

//go:embed assets
var files embed.FS

// page serves the payment page and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	o, found := s.ByKey(r.PathValue("pay_token"))
	switch {
	case !found:
		t := textsFor(r, "")
		s.render(w, http.StatusNotFound, t, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: t.UnknownTitle, Text: t.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		s.visitPage(w, r, o)
	case r.Method == http.MethodHead:
		s.showSession(w, r, o)
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		s.cancelOnPage(w, r, o)
	default:
		s.payOnPage(w, r, o)
	}
}

// showSession shows a session in the language of the visitor.
func (s *Simulator) showSession(w http.ResponseWriter, r *http.Request, o engine.Order) {
	t := textsFor(r, o.Notes[noteLang])
	s.render(w, http.StatusOK, t, s.viewOf(o, t))
}

// render writes the page in the language of t.
func (s *Simulator) render(w http.ResponseWriter, status int, t texts, v engine.CheckoutView) {
	v.T, v.Up, v.CodeField, v.CodeHint = t, "../../", "otp", OTP
	s.checkout.Render(w, status, t.Lang, v)
}

// visitPage shows the current session. A visit makes the automatic customer step back.
func (s *Simulator) visitPage(w http.ResponseWriter, r *http.Request, o engine.Order) {
	after, err := s.VisitPage(o.ID)
	if err != nil {
		s.Log.Error("visit not recorded", "error", err)
		after = o
	}
	s.showSession(w, r, after)
}

// cancelOnPage cancels the session and redirects the person to the merchant. A payment that
// has ended cannot be cancelled; the page then shows that.
func (s *Simulator) cancelOnPage(w http.ResponseWriter, r *http.Request, o engine.Order) {
	if s.DecideOnPage(o.ID, engine.Lapsed, engine.LeftPage) != nil {
		s.renderDown(w, r)
		return
	}
	if after, _ := s.Order(o.ID); cancelled(after) {
		engine.Redirect(w, o.Notes[noteCancel])
		return
	}
	engine.Redirect(w, "?lang="+textsFor(r, o.Notes[noteLang]).Lang)
}

// payOnPage executes a person's confirmation. A second click confirms nothing: it finds the
// session ended and shows the result.
func (s *Simulator) payOnPage(w http.ResponseWriter, r *http.Request, o engine.Order) {
	t := textsFor(r, o.Notes[noteLang])
	msisdn, otp := engine.StripNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("otp"))
	view := s.viewOf(o, t)
	view.MSISDN = r.PostFormValue("msisdn")
	if view.Face == engine.FaceForm && !validate(&view, t, msisdn, otp) {
		s.render(w, http.StatusUnprocessableEntity, t, view)
		return
	}
	after, err := s.confirm(o, msisdn, otp)
	switch {
	case errors.Is(err, errWrongOTP):
		view.CodeError = t.refuseOTP(maxTries - wrongOTPs(after))
		s.render(w, http.StatusUnprocessableEntity, t, view)
	case err != nil && !errors.Is(err, engine.ErrNoOrder):
		s.Log.Error("confirmation not recorded", "error", err)
		s.renderDown(w, r)
	default:
		engine.Redirect(w, "?lang="+t.Lang)
	}
}

// errWrongOTP reports a wrong OTP that leaves the person another try.
var errWrongOTP = errors.New("the OTP is wrong")

// confirm executes a person's confirmation with a number and an OTP. After the validity it
// ignores both, and the session expires. The last wrong OTP fails the payment.
func (s *Simulator) confirm(o engine.Order, msisdn, otp string) (engine.Order, error) {
	switch {
	case s.Now().After(validUntil(o)):
		return s.Decide(o.ID, engine.Lapsed, engine.Silence)
	case otp == OTP:
		return s.ConfirmOnPage(o.ID, msisdn)
	}
	after, err := s.ChangeOnPage(o.ID, countWrongOTP)
	switch {
	case err != nil:
		return after, err
	case wrongOTPs(after) < maxTries:
		return after, errWrongOTP
	}
	return s.Decide(o.ID, engine.Declined, engine.SaidNo)
}

// countWrongOTP adds one to the wrong OTPs of a session.
func countWrongOTP(o *engine.Order) bool {
	o.Notes = maps.Clone(o.Notes) // the book still holds the old ones
	o.Notes[noteWrongOTPs] = strconv.Itoa(wrongOTPs(*o) + 1)
	return true
}

// wrongOTPs returns the number of wrong OTPs typed in a session.
func wrongOTPs(o engine.Order) int {
	count, _ := strconv.Atoi(o.Notes[noteWrongOTPs]) //nolint:errcheck // no note is 0
	return count
}

// viewOf returns the page of a session in the language of t.
func (s *Simulator) viewOf(o engine.Order, t texts) engine.CheckoutView {
	left := validUntil(o).Sub(s.Now())
	v := engine.CheckoutView{
		Merchant: merchant(o, t.SomeMerchant), Amount: money(o.Asked, o.Currency), Order: o.Reference, TxnID: txnID(o),
		MSISDN: o.MSISDN, Next: o.Notes[noteCancel], MinutesLeft: engine.MinutesLeft(left),
	}
	switch status := statusOf(o); {
	case status == Success:
		v.Face, v.Title, v.Text, v.Next = engine.FacePaid, t.PaidTitle, t.PaidText, o.Notes[noteReturn]
	case status == Failed:
		v.Face, v.Title, v.Text = engine.FaceFailed, t.FailedTitle, t.FailedText
	case status == Pending:
		v.Face, v.Title, v.Text = engine.FacePending, t.PendingTitle, t.PendingText
	case cancelled(o):
		v.Face, v.Title, v.Text = engine.FaceCancelled, t.CancelledTitle, t.CancelledText
	case status == Expired || left < 0:
		v.Face, v.Title, v.Text = engine.FaceExpired, t.ExpiredTitle, t.ExpiredText
	default:
		v.Face = engine.FaceForm
	}
	return v
}

// validate checks the input, and sets the error texts of the page.
func validate(v *engine.CheckoutView, t texts, msisdn, otp string) bool {
	if !engine.IsCompleteNumber(msisdn) {
		v.NumberError = t.BadNumber
	}
	if otp == "" {
		v.CodeError = t.NoCode
	}
	return v.NumberError == "" && v.CodeError == ""
}

// refuseOTP returns the text about a wrong OTP, with the number of tries left.
func (t texts) refuseOTP(triesLeft int) string {
	says := t.WrongCode + engine.NoBreak + strconv.Itoa(triesLeft) + "."
	if triesLeft == 1 {
		says += " " + t.LastTry
	}
	return says
}

// renderDown serves the page of an operator that is down.
func (s *Simulator) renderDown(w http.ResponseWriter, r *http.Request) {
	t := textsFor(r, "")
	s.render(w, http.StatusServiceUnavailable, t,
		engine.CheckoutView{Face: engine.FaceDown, Title: t.DownTitle, Text: t.DownText})
}
