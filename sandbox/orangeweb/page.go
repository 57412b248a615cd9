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

// pageRequest is one request for the payment page: the session in its path and the texts in the
// visitor's language.
type pageRequest struct {
	*Simulator

	w     http.ResponseWriter
	r     *http.Request
	order engine.Order
	texts texts
}

// page serves the payment page and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	o, found := s.ByKey(r.PathValue("pay_token"))
	q := pageRequest{Simulator: s, w: w, r: r, order: o, texts: textsFor(r, o.Notes[noteLang])}
	switch {
	case !found:
		q.render(http.StatusNotFound, engine.CheckoutView{
			Face: engine.FaceUnknown, Title: q.texts.UnknownTitle, Text: q.texts.NoPaymentText,
		})
	case r.Method == http.MethodGet:
		q.visit()
	case r.Method == http.MethodHead:
		q.render(http.StatusOK, q.view(o))
	case !engine.IsPost(w, r):
	case r.PostFormValue("action") == "cancel":
		q.cancel()
	default:
		q.pay()
	}
}

// render writes the page in the visitor's language.
func (q pageRequest) render(status int, v engine.CheckoutView) {
	v.T, v.Lang, v.Up, v.CodeField, v.CodeHint = q.texts, q.texts.Lang, "../../", "otp", OTP
	q.checkout.Render(q.w, status, v)
}

// reload redirects the person to the page, which then shows what became of the session.
func (q pageRequest) reload() { engine.Redirect(q.w, "?lang="+q.texts.Lang) }

// visit shows the current session. A visit makes the automatic customer step back.
func (q pageRequest) visit() {
	after, err := q.VisitPage(q.order.ID)
	if err != nil {
		q.Log.Error("visit not recorded", "error", err)
		after = q.order
	}
	q.render(http.StatusOK, q.view(after))
}

// cancel cancels the session and redirects the person to the merchant. A payment that has ended
// cannot be cancelled; the page then shows that.
func (q pageRequest) cancel() {
	if q.DecideOnPage(q.order.ID, engine.Lapsed, engine.LeftPage) != nil {
		q.renderDown(q.w, q.r)
		return
	}
	if after, _ := q.Order(q.order.ID); cancelled(after) {
		engine.Redirect(q.w, q.order.Notes[noteCancel])
		return
	}
	q.reload()
}

// pay executes a person's confirmation. A second click confirms nothing: it finds the session
// ended and shows the result.
func (q pageRequest) pay() {
	typed := formOf(q.r)
	view := q.view(q.order)
	view.MSISDN = q.r.PostFormValue("msisdn")
	if view.Face == engine.FaceForm && !typed.validate(&view, q.texts) {
		q.render(http.StatusUnprocessableEntity, view)
		return
	}
	after, err := q.confirm(q.order, typed)
	switch {
	case errors.Is(err, errWrongOTP):
		view.CodeError = q.texts.refuseOTP(maxTries - wrongOTPs(after))
		q.render(http.StatusUnprocessableEntity, view)
	case err != nil && !errors.Is(err, engine.ErrNoOrder):
		q.Log.Error("confirmation not recorded", "error", err)
		q.renderDown(q.w, q.r)
	default:
		q.reload()
	}
}

// errWrongOTP reports a wrong OTP that leaves the person another try.
var errWrongOTP = errors.New("the OTP is wrong")

// confirm executes a person's confirmation. After the validity it ignores the input, and the
// session expires. The last wrong OTP fails the payment.
func (s *Simulator) confirm(o engine.Order, typed pageForm) (engine.Order, error) {
	switch {
	case s.Now().After(validUntil(o)):
		return s.Decide(o.ID, engine.Lapsed, engine.Silence)
	case typed.otp == OTP:
		return s.ConfirmOnPage(o.ID, typed.msisdn)
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

// view returns the page of a session in the visitor's language.
func (q pageRequest) view(o engine.Order) engine.CheckoutView {
	t, left := q.texts, validUntil(o).Sub(q.Now())
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

// pageForm is a person's input on the page.
type pageForm struct{ msisdn, otp string }

// formOf returns the input of a request, without separators and outer spaces.
func formOf(r *http.Request) pageForm {
	return pageForm{engine.StripNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("otp"))}
}

// validate reports whether the input is complete, and sets the error texts of the page.
func (f pageForm) validate(v *engine.CheckoutView, t texts) bool {
	if !engine.IsCompleteNumber(f.msisdn) {
		v.NumberError = t.BadNumber
	}
	if f.otp == "" {
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
	q := pageRequest{Simulator: s, w: w, r: r, texts: textsFor(r, "")}
	q.render(http.StatusServiceUnavailable, engine.CheckoutView{
		Face: engine.FaceDown, Title: q.texts.DownTitle, Text: q.texts.DownText,
	})
}
