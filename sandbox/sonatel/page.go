package sonatel

import (
	"embed"
	"errors"
	"net/http"
	"strings"

	"pirogue/sandbox/engine"
)

//go:embed assets
var files embed.FS

// page serves the page of a deep link, and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	c, found := s.book.findCode(r.PathValue("id"))
	t := wordsFor(r)
	switch {
	case !found:
		s.shows(w, http.StatusNotFound, t, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: t.UnknownTitle, Text: t.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		s.visitPage(w, c, t)
	case r.Method == http.MethodHead:
		s.shows(w, http.StatusOK, t, s.viewOf(c, t))
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		s.cancelOnPage(w, r, c, t)
	default:
		s.payOnPage(w, r, c, t)
	}
}

// shows writes the page in the language of t.
func (s *Simulator) shows(w http.ResponseWriter, status int, t words, v engine.CheckoutView) {
	v.T, v.Up, v.CodeField, v.CodeHint = t, "../", "pin", CustomerPIN
	s.checkout.Render(w, status, t.Lang, v)
}

// visitPage shows the current code. A visit makes the automatic customer step back.
func (s *Simulator) visitPage(w http.ResponseWriter, c code, t words) {
	now := s.Now()
	after, err := s.book.change(c.ID, func(x *code) bool { return x.visit(now) })
	if err != nil {
		s.Log.Error("visit not kept", "error", err)
		after = c
	}
	s.shows(w, http.StatusOK, t, s.viewOf(after, t))
}

// cancelOnPage cancels the payment and redirects the person to the merchant. A paid code
// cannot be cancelled; the page then shows that.
func (s *Simulator) cancelOnPage(w http.ResponseWriter, r *http.Request, c code, t words) {
	after, err := s.book.change(c.ID, (*code).cancel)
	switch {
	case err != nil:
		s.Log.Error("cancellation not kept", "error", err)
		s.pageDown(w, r)
	case after.Cancelled && after.CancelURL != "":
		engine.Redirect(w, after.CancelURL)
	default:
		engine.Redirect(w, "?lang="+t.Lang)
	}
}

// payOnPage executes a person's confirmation. A second press pays nothing: it finds the
// code used and shows the result.
func (s *Simulator) payOnPage(w http.ResponseWriter, r *http.Request, c code, t words) {
	number, pin := engine.BareNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("pin"))
	view := s.viewOf(c, t)
	view.MSISDN, view.Problem = r.PostFormValue("msisdn"), ""
	if view.Face == engine.FaceForm && !accepts(&view, t, number, pin) {
		s.shows(w, http.StatusUnprocessableEntity, t, view)
		return
	}
	confirmed := s.payment(c, s.Now(), s.board.settling())
	confirmed.msisdn = fullNumber(number)
	confirmed.behaviour = s.Faults.Read().BehaviourOf(confirmed.msisdn)
	paid, err := s.book.pay(confirmed)
	var refused problem
	switch {
	case errors.As(err, &refused) && refused.code == invalidInput.code:
		view.Problem = t.TooLittle
		s.shows(w, http.StatusUnprocessableEntity, t, view)
		return
	case errors.As(err, &refused): // expired or used meanwhile: the page shows it
	case err != nil:
		s.Log.Error("confirmation not kept", "error", err)
		s.pageDown(w, r)
		return
	default:
		s.carryOn([]transaction{paid})
	}
	engine.Redirect(w, "?lang="+t.Lang)
}

// viewOf returns the page of a code in the language of t.
func (s *Simulator) viewOf(c code, t words) engine.CheckoutView {
	left := c.ValidUntil.Sub(s.Now())
	v := engine.CheckoutView{
		Face: engine.FaceForm, Merchant: c.Name, Amount: engine.Francs(c.Amount), Order: c.Reference, MSISDN: c.MSISDN,
		Next: c.CancelURL, MinutesLeft: engine.MinutesLeft(left),
	}
	try, tried := s.book.find(c.LastTry)
	switch {
	case tried && try.Status == Success && c.PaidBy == try.ID:
		v.Face, v.Title, v.Text, v.Next = engine.FacePaid, t.PaidTitle, t.PaidText, c.SuccessURL
		v.TxnID = try.ID
	case tried && !try.final():
		v.Face, v.Title, v.Text = engine.FacePending, t.PendingTitle, t.PendingText
	case c.Cancelled:
		v.Face, v.Title, v.Text = engine.FaceCancelled, t.CancelledTitle, t.CancelledText
	case left < 0:
		v.Face, v.Title, v.Text = engine.FaceExpired, t.ExpiredTitle, t.ExpiredText
	case tried && try.Status != Success:
		v.Problem = t.FailedText
	}
	return v
}

// accepts sets the error texts for a person's input, and reports whether there are none.
func accepts(v *engine.CheckoutView, t words, number, pin string) bool {
	if !engine.CompleteNumber(number) {
		v.NumberError = t.BadNumber
	}
	if pin != CustomerPIN {
		v.CodeError = t.WrongPIN
	}
	return v.NumberError == "" && v.CodeError == ""
}

// fullNumber returns a person's input as an international number.
func fullNumber(typed string) string {
	switch {
	case strings.HasPrefix(typed, "+"):
		return typed
	case localNumber.MatchString(typed):
		return international(typed)
	default:
		return "+" + typed
	}
}

// pageDown serves the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	s.shows(w, http.StatusServiceUnavailable, t,
		engine.CheckoutView{Face: engine.FaceDown, Title: t.DownTitle, Text: t.DownText})
}
