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

// page is the page of a deep link, on which a customer pays a QR code.
type page struct {
	engine   *engine.Engine
	settings *settings
	codes    *codes
	checkout engine.Checkout
}

// ServeHTTP serves the page and its form.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, found := p.codes.find(r.PathValue("id"))
	t := wordsFor(r)
	switch {
	case !found:
		p.render(w, http.StatusNotFound, t, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: t.UnknownTitle, Text: t.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		p.visit(w, c, t)
	case r.Method == http.MethodHead:
		p.render(w, http.StatusOK, t, p.view(c, t))
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		p.cancel(w, r, c, t)
	default:
		p.pay(w, r, c, t)
	}
}

// render writes the page in the language of t.
func (p page) render(w http.ResponseWriter, status int, t pageTexts, v engine.CheckoutView) {
	v.T, v.Up, v.CodeField, v.CodeHint = t, "../", "pin", CustomerPIN
	p.checkout.Render(w, status, t.Lang, v)
}

// visit shows the current code. A visit makes the automatic customer step back.
func (p page) visit(w http.ResponseWriter, c code, t pageTexts) {
	now := p.engine.Now()
	after, err := p.codes.change(c.ID, func(x *code) bool { return x.visit(now) })
	if err != nil {
		p.engine.Log.Error("visit not stored", "error", err)
		after = c
	}
	p.render(w, http.StatusOK, t, p.view(after, t))
}

// cancel cancels the payment and redirects the person to the merchant. A paid code
// cannot be cancelled; the page then shows that.
func (p page) cancel(w http.ResponseWriter, r *http.Request, c code, t pageTexts) {
	after, err := p.codes.cancel(c.ID)
	switch {
	case err != nil:
		p.engine.Log.Error("cancellation not stored", "error", err)
		p.down(w, r)
	case after.Cancelled && after.CancelURL != "":
		engine.Redirect(w, after.CancelURL)
	default:
		engine.Redirect(w, "?lang="+t.Lang)
	}
}

// pay executes a person's confirmation. A second press pays nothing: it finds the
// code used and shows the result.
func (p page) pay(w http.ResponseWriter, r *http.Request, c code, t pageTexts) {
	number, pin := engine.StripNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("pin"))
	view := p.view(c, t)
	view.MSISDN, view.Problem = r.PostFormValue("msisdn"), ""
	if view.Face == engine.FaceForm && !accepts(&view, t, number, pin) {
		p.render(w, http.StatusUnprocessableEntity, t, view)
		return
	}
	msisdn := fullNumber(number)
	paid, err := p.codes.pay(confirmation{
		codeID: c.ID, msisdn: msisdn, behaviour: p.engine.Faults.Read().BehaviourOf(msisdn), at: p.engine.Now(),
		settling: p.settings.settling(),
	})
	var refused problem
	switch {
	case errors.As(err, &refused) && refused.code == invalidInput.code:
		view.Problem = t.TooLittle
		p.render(w, http.StatusUnprocessableEntity, t, view)
		return
	case errors.As(err, &refused): // expired or used meanwhile: the page shows it
	case err != nil:
		p.engine.Log.Error("confirmation not stored", "error", err)
		p.down(w, r)
		return
	default:
		p.engine.Proceed(paid)
	}
	engine.Redirect(w, "?lang="+t.Lang)
}

// view returns the page of a code in the language of t.
func (p page) view(c code, t pageTexts) engine.CheckoutView {
	left := c.ValidUntil.Sub(p.engine.Now())
	v := engine.CheckoutView{
		Face: engine.FaceForm, Merchant: c.Name, Amount: engine.FormatFrancs(c.Amount), Order: c.Reference, MSISDN: c.MSISDN,
		Next: c.CancelURL, MinutesLeft: engine.MinutesLeft(left),
	}
	try, tried := p.codes.lastTry(c)
	switch {
	case tried && try.State == engine.Executed:
		v.Face, v.Title, v.Text, v.Next = engine.FacePaid, t.PaidTitle, t.PaidText, c.SuccessURL
		v.TxnID = try.ID
	case tried && try.Open():
		v.Face, v.Title, v.Text = engine.FacePending, t.PendingTitle, t.PendingText
	case c.Cancelled:
		v.Face, v.Title, v.Text = engine.FaceCancelled, t.CancelledTitle, t.CancelledText
	case left < 0:
		v.Face, v.Title, v.Text = engine.FaceExpired, t.ExpiredTitle, t.ExpiredText
	case tried:
		v.Problem = t.FailedText
	}
	return v
}

// accepts sets the error texts for a person's input, and reports whether there are none.
func accepts(v *engine.CheckoutView, t pageTexts, number, pin string) bool {
	if !engine.IsCompleteNumber(number) {
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

// down serves the page of an operator that is down.
func (p page) down(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	p.render(w, http.StatusServiceUnavailable, t,
		engine.CheckoutView{Face: engine.FaceDown, Title: t.DownTitle, Text: t.DownText})
}
