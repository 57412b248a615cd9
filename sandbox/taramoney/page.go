package taramoney

import (
	_ "embed"
	"net/http"

	"pirogue/sandbox/engine"
)

// payPath is the path of a payment's page, followed by the paymentId. Wave's link leads
// there, and so do the links to receipts and invoices.
const payPath = "/pay/"

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// thePage is the template of the page, with its style inside.
var thePage = engine.InlinePage(pageHTML, pageCSS, "")

// speech holds the page's texts in one language.
type speech struct {
	engine.PageTexts

	Ask, Pay, Refuse, Pending, None string
}

// speeches maps language codes to the page's texts.
var speeches = map[string]speech{
	"fr": {
		PageTexts: engine.French, Ask: "Confirmer le paiement ?", Pay: "Payer", Refuse: "Refuser",
		Pending: "Paiement en attente", None: "Paiement introuvable",
	},
	"en": {
		PageTexts: engine.English, Ask: "Confirm the payment?", Pay: "Pay", Refuse: "Refuse",
		Pending: "Payment pending", None: "No such payment",
	},
}

// speechFor chooses the language of the page: French, unless the link or the browser
// prefers English.
func speechFor(r *http.Request) speech { return engine.LanguageOf(r, speeches) }

// pageView is the content of the template.
type pageView struct {
	T                       speech
	Title                   string
	Product, Amount, Number string // empty without a payment
	Form                    bool
}

// pageURL returns the address of a payment's page.
func (s *Simulator) pageURL(o engine.Order) string { return s.Address(payPath + o.ID) }

// page shows a payment, and lets a Wave customer decide it. A decided payment stays so,
// whatever the person presses.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	order, found := s.Order(r.PathValue("id"))
	t := speechFor(r)
	switch {
	case !found:
		shows(w, http.StatusNotFound, pageView{T: t, Title: t.None})
	case s.Down(order.Direction, order.MSISDN):
		s.pageDown(w, r)
	case engine.IsGet(r):
		shows(w, http.StatusOK, viewOf(order, t))
	case engine.IsPost(w, r):
		s.decide(w, r, order)
	}
}

// decide executes a person's choice and shows the page again.
func (s *Simulator) decide(w http.ResponseWriter, r *http.Request, o engine.Order) {
	var err error
	switch action := r.PostFormValue("action"); {
	case o.Notes[noteWave] == "":
	case action == "pay":
		err = s.DecideOnPage(o.ID, engine.Executed, "")
	case action == "refuse":
		err = s.DecideOnPage(o.ID, engine.Declined, engine.SaidNo)
	}
	if err != nil {
		s.pageDown(w, r)
		return
	}
	engine.Redirect(w, "?lang="+speechFor(r).Lang)
}

// viewOf returns the page of a payment in the language of t.
func viewOf(o engine.Order, t speech) pageView {
	v := pageView{
		T: t, Product: o.Notes[noteProduct], Number: o.MSISDN,
		Amount: engine.Grouped(o.Asked) + engine.NoBreak + "F" + engine.NoBreak + "CFA",
	}
	switch o.State {
	case engine.Executed:
		v.Title = t.PaidTitle
	case engine.Declined, engine.Lapsed:
		v.Title = t.FailedTitle
	case engine.Pending:
		v.Title = t.Pending
		if v.Form = o.Notes[noteWave] != ""; v.Form {
			v.Title = t.Ask
		}
	}
	return v
}

// pageDown serves the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := speechFor(r)
	shows(w, http.StatusServiceUnavailable, pageView{T: t, Title: t.DownTitle})
}

// shows writes the page in the language of its texts.
func shows(w http.ResponseWriter, status int, v pageView) { thePage.Render(w, status, v.T.Lang, v) }
