package novasend

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"

	"pirogue/sandbox/stage"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pagePolicy allows the page its own style and nothing else, scripts least of all.
var pagePolicy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; style-src 'sha256-" +
	styleHash() + "'"

// styleHash is what lets a browser apply the style that stands in the page.
func styleHash() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// maxForm bounds the form of the page.
const maxForm = 1 << 10 // bytes

// What the buttons say.
const (
	accept  = "accept"
	decline = "decline"
)

// pageView is what the template shows.
type pageView struct {
	T                 texts
	Style             template.CSS
	Amount, Reference string
	MSISDN            string
	Face              string // form, good, bad or down
	Title, Text       string // of every face but the form
	Next              string // where the way on leads; empty for nowhere
}

// page is what a paymentUrl leads to: it asks the customer, and tells how it ended.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	o, found := s.visited(r.PathValue("code"))
	switch {
	case !found:
		s.render(w, http.StatusNotFound, pageView{T: t, Face: "bad", Title: t.UnknownTitle, Text: t.UnknownText})
	case s.till.Down(o.Direction, o.MSISDN):
		s.pageDown(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.render(w, http.StatusOK, viewOf(o, t))
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	default:
		s.decided(w, r, o, t)
	}
}

// visited returns the order behind a short code, which is the order's identifier
// without its prefix.
func (s *Simulator) visited(code string) (stage.Order, bool) {
	for _, prefix := range []string{prefixSeed, prefixCurrent} {
		if o, found := s.till.Order(prefix + code); found && hasPage(o) {
			return o, true
		}
	}
	return stage.Order{}, false
}

// decided takes a person's answer. Who comes too late, or presses twice, is shown how it
// ended. A customer who is too poor stays so whatever they press.
func (s *Simulator) decided(w http.ResponseWriter, r *http.Request, o stage.Order, t texts) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	state, why := stage.Executed, stage.Reason("")
	switch pressed := r.PostFormValue("action"); {
	case pressed == decline:
		state, why = stage.Declined, stage.SaidNo
	case pressed != accept:
		http.Error(w, "accept or decline", http.StatusBadRequest)
		return
	case o.EndsReason == stage.TooPoor:
		state, why = stage.Declined, stage.TooPoor
	}
	if _, err := s.till.Decide(o.ID, state, why); err != nil && !errors.Is(err, stage.ErrNoOrder) {
		s.log.Error("answer of a customer not kept", "error", err)
		s.pageDown(w, r)
		return
	}
	// Relative to the page as the browser sees it, which http.Redirect cannot know behind
	// a stripped path.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", "?lang="+t.Lang)
	w.WriteHeader(http.StatusSeeOther)
}

// viewOf is the page of an order in the language of t. The payer sees what they are
// debited, fee included.
func viewOf(o stage.Order, t texts) pageView {
	v := pageView{
		T: t, Amount: stage.Grouped(o.Asked+fee(o)) + " F" + stage.NoBreak + "CFA", Reference: o.Reference,
		MSISDN: o.MSISDN, Face: "form",
	}
	switch {
	case o.State == stage.Executed:
		v.Face, v.Title, v.Text, v.Next = "good", t.PaidTitle, t.PaidText, o.Notes[noteSuccess]
	case o.State == stage.Lapsed:
		v.Face, v.Title, v.Text, v.Next = "bad", t.ExpiredTitle, t.ExpiredText, o.Notes[noteFailure]
	case o.Reason == stage.TooPoor:
		v.Face, v.Title, v.Text, v.Next = "bad", t.PoorTitle, t.PoorText, o.Notes[noteFailure]
	case o.State == stage.Declined:
		v.Face, v.Title, v.Text, v.Next = "bad", t.DeclinedTitle, t.DeclinedText, o.Notes[noteFailure]
	}
	return v
}

// pageDown is the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	s.render(w, http.StatusServiceUnavailable, pageView{T: t, Face: "bad", Title: t.DownTitle, Text: t.DownText})
}

// render writes the page whole or not at all.
func (s *Simulator) render(w http.ResponseWriter, status int, v pageView) {
	v.Style = template.CSS(pageStyle) //nolint:gosec // our own file
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
