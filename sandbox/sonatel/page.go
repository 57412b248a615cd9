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

// pageRequest is one request for the page: the code in its path and the texts in the visitor's
// language.
type pageRequest struct {
	page

	w     http.ResponseWriter
	r     *http.Request
	code  code
	texts pageTexts
}

// ServeHTTP serves the page and its form.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, found := p.codes.find(r.PathValue("id"))
	q := pageRequest{page: p, w: w, r: r, code: c, texts: textsFor(r)}
	switch {
	case !found:
		q.render(http.StatusNotFound, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: q.texts.UnknownTitle, Text: q.texts.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		q.visit()
	case r.Method == http.MethodHead:
		q.render(http.StatusOK, q.view(c))
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		q.cancel()
	default:
		q.pay()
	}
}

// render writes the page in the visitor's language.
func (q pageRequest) render(status int, v engine.CheckoutView) {
	v.T, v.Lang, v.Up, v.CodeField, v.CodeHint = q.texts, q.texts.Lang, "../", "pin", CustomerPIN
	q.checkout.Render(q.w, status, v)
}

// reload redirects the person to the page, which then shows what became of the code.
func (q pageRequest) reload() { engine.Redirect(q.w, "?lang="+q.texts.Lang) }

// visit shows the current code. A visit makes the automatic customer step back.
func (q pageRequest) visit() {
	now := q.engine.Now()
	after, err := q.codes.change(q.code.ID, func(x *code) bool { return x.visit(now) })
	if err != nil {
		q.engine.Log.Error("visit not stored", "error", err)
		after = q.code
	}
	q.render(http.StatusOK, q.view(after))
}

// cancel cancels the payment and redirects the person to the merchant. A paid code
// cannot be cancelled; the page then shows that.
func (q pageRequest) cancel() {
	after, err := q.codes.cancel(q.code.ID)
	switch {
	case err != nil:
		q.engine.Log.Error("cancellation not stored", "error", err)
		q.renderDown()
	case after.Cancelled && after.CancelURL != "":
		engine.Redirect(q.w, after.CancelURL)
	default:
		q.reload()
	}
}

// pay executes a person's confirmation. A second press pays nothing: it finds the
// code used and shows the result.
func (q pageRequest) pay() {
	typed := formOf(q.r)
	view := q.view(q.code)
	view.MSISDN, view.Problem = q.r.PostFormValue("msisdn"), ""
	if view.Face == engine.FaceForm && !typed.validate(&view, q.texts) {
		q.render(http.StatusUnprocessableEntity, view)
		return
	}
	msisdn := fullNumber(typed.number)
	paid, err := q.codes.pay(confirmation{
		codeID: q.code.ID, msisdn: msisdn, behaviour: q.engine.Faults.Read().BehaviourOf(msisdn), at: q.engine.Now(),
		settling: q.settings.settling(),
	})
	var refused problem
	switch {
	case errors.As(err, &refused) && refused.code == invalidInput.code:
		view.Problem = q.texts.TooLittle
		q.render(http.StatusUnprocessableEntity, view)
		return
	case errors.As(err, &refused): // expired or used meanwhile: the page shows it
	case err != nil:
		q.engine.Log.Error("confirmation not stored", "error", err)
		q.renderDown()
		return
	default:
		q.engine.Proceed(paid)
	}
	q.reload()
}

// view returns the page of a code in the visitor's language.
func (q pageRequest) view(c code) engine.CheckoutView {
	t := q.texts
	left := c.ValidUntil.Sub(q.engine.Now())
	v := engine.CheckoutView{
		Face: engine.FaceForm, Merchant: c.Name, Amount: engine.FormatFrancs(c.Amount), Order: c.Reference, MSISDN: c.MSISDN,
		Next: c.CancelURL, MinutesLeft: engine.MinutesLeft(left),
	}
	try, tried := q.codes.lastTry(c)
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

// pageForm is a person's input on the page.
type pageForm struct{ number, pin string }

// formOf returns the input of a request, without separators and outer spaces.
func formOf(r *http.Request) pageForm {
	return pageForm{engine.StripNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("pin"))}
}

// validate reports whether the input is valid, and sets the error texts of the page.
func (f pageForm) validate(v *engine.CheckoutView, t pageTexts) bool {
	if !engine.IsCompleteNumber(f.number) {
		v.NumberError = t.BadNumber
	}
	if f.pin != CustomerPIN {
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
	pageRequest{page: p, w: w, r: r, texts: textsFor(r)}.renderDown()
}

// renderDown writes the page of an operator that is down.
func (q pageRequest) renderDown() {
	q.render(http.StatusServiceUnavailable, engine.CheckoutView{
		Face: engine.FaceDown, Title: q.texts.DownTitle, Text: q.texts.DownText,
	})
}
