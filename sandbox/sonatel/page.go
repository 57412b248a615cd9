package sonatel

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"

	"pirogue/sandbox/stage"
)

//go:embed page.html assets
var files embed.FS

var pageTemplate = template.Must(template.ParseFS(files, "page.html"))

// pagePolicy says nothing of form-action: browsers apply it to the whole chain of
// redirects, and the end of that chain belongs to the merchant.
const pagePolicy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"

const assetsMaxAge = "public, max-age=300" // seconds

// The faces of the page.
const (
	faceForm      = "form"
	facePending   = "pending"
	facePaid      = "paid"
	faceExpired   = "expired"
	faceCancelled = "cancelled"
	faceUnknown   = "unknown"
	faceDown      = "down"
)

// pageView is what the template shows.
type pageView struct {
	T                   words
	Face                string
	Title, Text         string // of every face but the form
	Merchant, Amount    string
	Reference           string
	TransactionID       string
	MinutesLeft         int
	MSISDN, PINHint     string
	Problem             string // that a field has no part in
	NumberError, PINErr string
	Next                string // where the way on leads; empty for nowhere
}

// page serves what a deep link leads to, and its form.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	c, found := s.book.findCode(r.PathValue("id"))
	t := wordsFor(r)
	switch {
	case !found:
		s.render(w, http.StatusNotFound, pageView{T: t, Face: faceUnknown, Title: t.UnknownTitle, Text: t.UnknownText})
	case r.Method == http.MethodGet:
		s.visitPage(w, c, t)
	case r.Method == http.MethodHead:
		s.render(w, http.StatusOK, s.viewOf(c, t))
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	case r.PostFormValue("action") == "cancel":
		s.cancelOnPage(w, r, c, t)
	default:
		s.payOnPage(w, r, c, t)
	}
}

// visitPage shows a code as it stands; a person who looks makes the automatic
// customer step back.
func (s *Simulator) visitPage(w http.ResponseWriter, c code, t words) {
	now := s.clock.Now().UTC()
	after, err := s.book.change(c.ID, func(x *code) bool { return x.visit(now) })
	if err != nil {
		s.log.Error("visit not kept", "error", err)
		after = c
	}
	s.render(w, http.StatusOK, s.viewOf(after, t))
}

// cancelOnPage gives the payment up and sends the person back to the merchant. What
// is paid already cannot be cancelled; the page then says so.
func (s *Simulator) cancelOnPage(w http.ResponseWriter, r *http.Request, c code, t words) {
	after, err := s.book.change(c.ID, (*code).cancel)
	switch {
	case err != nil:
		s.log.Error("cancellation not kept", "error", err)
		s.pageDown(w, r)
	case after.Cancelled && after.CancelURL != "":
		redirect(w, after.CancelURL)
	default:
		redirect(w, "?lang="+t.Lang)
	}
}

// payOnPage takes a person's confirmation. Pressing twice pays once: the second
// press finds the code used and shows how it ended.
func (s *Simulator) payOnPage(w http.ResponseWriter, r *http.Request, c code, t words) {
	number, pin := stage.BareNumber(r.PostFormValue("msisdn")), strings.TrimSpace(r.PostFormValue("pin"))
	view := s.viewOf(c, t)
	view.MSISDN, view.Problem = r.PostFormValue("msisdn"), ""
	if view.Face == faceForm && !view.accepts(number, pin) {
		s.render(w, http.StatusUnprocessableEntity, view)
		return
	}
	confirmed := s.payment(c, s.clock.Now().UTC(), s.board.settling())
	confirmed.msisdn = fullNumber(number)
	confirmed.behaviour = s.board.Read().BehaviourOf(confirmed.msisdn)
	paid, err := s.book.pay(confirmed)
	var refused problem
	switch {
	case errors.As(err, &refused) && refused.code == invalidInput.code:
		view.Problem = t.TooLittle
		s.render(w, http.StatusUnprocessableEntity, view)
		return
	case errors.As(err, &refused): // expired or used meanwhile: the page says it
	case err != nil:
		s.log.Error("confirmation not kept", "error", err)
		s.pageDown(w, r)
		return
	default:
		s.carryOn([]transaction{paid})
	}
	redirect(w, "?lang="+t.Lang)
}

// viewOf is the page of a code in the language of t.
func (s *Simulator) viewOf(c code, t words) pageView {
	left := c.ValidUntil.Sub(s.clock.Now())
	v := pageView{
		T: t, Face: faceForm, Merchant: c.Name, Amount: stage.Grouped(c.Amount) + " F" + stage.NoBreak + "CFA",
		Reference: c.Reference, MSISDN: c.MSISDN, PINHint: CustomerPIN, Next: c.CancelURL,
		MinutesLeft: int((left + time.Minute - 1) / time.Minute), // the last minute counts as one
	}
	try, tried := s.book.find(c.LastTry)
	switch {
	case tried && try.Status == Success && c.PaidBy == try.ID:
		v.Face, v.Title, v.Text, v.Next = facePaid, t.PaidTitle, t.PaidText, c.SuccessURL
		v.TransactionID = try.ID
	case tried && !try.final():
		v.Face, v.Title, v.Text = facePending, t.PendingTitle, t.PendingText
	case c.Cancelled:
		v.Face, v.Title, v.Text = faceCancelled, t.CancelledTitle, t.CancelledText
	case left < 0:
		v.Face, v.Title, v.Text = faceExpired, t.ExpiredTitle, t.ExpiredText
	case tried && try.Status != Success:
		v.Problem = t.FailedText
	}
	return v
}

// accepts notes what is wrong with what a person typed.
func (v *pageView) accepts(number, pin string) bool {
	if !bareDigits.MatchString(number) {
		v.NumberError = v.T.BadNumber
	}
	if pin != CustomerPIN {
		v.PINErr = v.T.WrongPIN
	}
	return v.NumberError == "" && v.PINErr == ""
}

// bareDigits is a number without what people put between digits.
var bareDigits = regexp.MustCompile(`^\+?[0-9]{8,15}$`)

// fullNumber is what a person typed as an international number.
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

// pageDown is the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
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

// asset serves the style and the drawing of the page.
func asset(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", assetsMaxAge)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.FileServerFS(files).ServeHTTP(w, r)
}
