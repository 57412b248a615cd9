package novasend

import (
	_ "embed"
	"net/http"

	"pirogue/sandbox/engine"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// paymentPage is the template of the page, with its style inside.
var paymentPage = engine.InlinePage(pageHTML, pageCSS, "")

// The actions of the buttons.
const (
	accept  = "accept"
	decline = "decline"
)

// pageView is the content of the template.
type pageView struct {
	T                 texts
	Amount, Reference string
	MSISDN            string
	Face              string // form, good, bad or down
	Title, Text       string // of every face but the form
	Next              string // the address of the link that leads on; empty for none
}

// page serves a paymentUrl: it asks the customer, and shows the result.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	t := textsFor(r)
	o, found := s.orderOfPage(r.PathValue("code"))
	switch {
	case !found:
		renderPage(w, http.StatusNotFound, pageView{T: t, Face: "bad", Title: t.UnknownTitle, Text: t.NoPaymentText})
	case s.Down(o.Direction, o.MSISDN):
		renderDown(w, r)
	case engine.IsGet(r):
		renderPage(w, http.StatusOK, viewOf(o, t))
	case engine.IsPost(w, r):
		s.decide(w, r, o)
	}
}

// orderOfPage returns the order of a short code, which is the order's identifier without its
// prefix.
func (s *Simulator) orderOfPage(code string) (engine.Order, bool) {
	for _, prefix := range []string{prefixSeed, prefixCurrent} {
		if o, found := s.Order(prefix + code); found && hasPage(o) {
			return o, true
		}
	}
	return engine.Order{}, false
}

// decide executes a person's choice. A late or repeated click shows the result. A customer
// whose balance is too low stays so, whatever the person clicks.
func (s *Simulator) decide(w http.ResponseWriter, r *http.Request, o engine.Order) {
	state, why := engine.Executed, engine.Reason("")
	switch pressed := r.PostFormValue("action"); {
	case pressed == decline:
		state, why = engine.Declined, engine.SaidNo
	case pressed != accept:
		http.Error(w, "accept or decline", http.StatusBadRequest)
		return
	case o.EndsReason == engine.TooPoor:
		state, why = engine.Declined, engine.TooPoor
	}
	if err := s.DecideOnPage(o.ID, state, why); err != nil {
		renderDown(w, r)
		return
	}
	engine.Redirect(w, "?lang="+textsFor(r).Lang)
}

// viewOf returns the page of an order in the language of t. The payer sees the amount
// debited, fee included.
func viewOf(o engine.Order, t texts) pageView {
	v := pageView{
		T: t, Amount: engine.FormatFrancs(o.Asked + fee(o)), Reference: o.Reference,
		MSISDN: o.MSISDN, Face: "form",
	}
	switch {
	case o.State == engine.Executed:
		v.Face, v.Title, v.Text, v.Next = "good", t.PaidTitle, t.PaidText, o.Notes[noteSuccess]
	case o.State == engine.Lapsed:
		v.Face, v.Title, v.Text, v.Next = "bad", t.ExpiredTitle, t.ExpiredText, o.Notes[noteFailure]
	case o.Reason == engine.TooPoor:
		v.Face, v.Title, v.Text, v.Next = "bad", t.PoorTitle, t.PoorText, o.Notes[noteFailure]
	case o.State == engine.Declined:
		v.Face, v.Title, v.Text, v.Next = "bad", t.DeclinedTitle, t.DeclinedText, o.Notes[noteFailure]
	}
	return v
}

// renderDown serves the page of an operator that is down.
func renderDown(w http.ResponseWriter, r *http.Request) {
	t := textsFor(r)
	renderPage(w, http.StatusServiceUnavailable, pageView{T: t, Face: "bad", Title: t.DownTitle, Text: t.DownText})
}

// renderPage writes the page in the language of its texts.
func renderPage(w http.ResponseWriter, status int, v pageView) {
	paymentPage.In(v.T.Lang).Render(w, status, v)
}
