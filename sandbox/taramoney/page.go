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

// paymentPage is the template of the page, with its style inside.
var paymentPage = engine.InlinePage(pageHTML, pageCSS, "")

// texts holds the page's texts in one language.
type texts struct {
	engine.PageTexts

	Ask, Pay, Refuse, Pending, None string
}

// languages maps language codes to the page's texts.
var languages = map[string]texts{
	"fr": {
		PageTexts: engine.French, Ask: "Confirmer le paiement ?", Pay: "Payer", Refuse: "Refuser",
		Pending: "Paiement en attente", None: "Paiement introuvable",
	},
	"en": {
		PageTexts: engine.English, Ask: "Confirm the payment?", Pay: "Pay", Refuse: "Refuse",
		Pending: "Payment pending", None: "No such payment",
	},
}

// textsFor chooses the language of the page: French, unless the link or the browser
// prefers English.
func textsFor(r *http.Request) texts { return engine.LanguageOf(r, languages) }

// pageView is the content of the template.
type pageView struct {
	T                       texts
	Title                   string
	Product, Amount, Number string // empty without a payment
	Form                    bool
}

// pageURL returns the address of a payment's page.
func (s *Simulator) pageURL(o engine.Order) string { return s.Address(payPath + o.ID) }

// page shows a payment, and lets a Wave customer decide it. A decided payment stays so,
// whatever the person clicks.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	order, found := s.Order(r.PathValue("id"))
	t := textsFor(r)
	switch {
	case !found:
		renderPage(w, http.StatusNotFound, pageView{T: t, Title: t.None})
	case s.Down(order.Direction, order.MSISDN):
		renderDown(w, r)
	case engine.IsGet(r):
		renderPage(w, http.StatusOK, viewOf(order, t))
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
		renderDown(w, r)
		return
	}
	engine.Redirect(w, "?lang="+textsFor(r).Lang)
}

// viewOf returns the page of a payment in the language of t.
func viewOf(o engine.Order, t texts) pageView {
	v := pageView{
		T: t, Product: o.Notes[noteProduct], Number: o.MSISDN,
		Amount: engine.FormatAmount(o.Asked) + engine.NoBreak + "F" + engine.NoBreak + "CFA",
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

// renderDown serves the page of an operator that is down.
func renderDown(w http.ResponseWriter, r *http.Request) {
	t := textsFor(r)
	renderPage(w, http.StatusServiceUnavailable, pageView{T: t, Title: t.DownTitle})
}

// renderPage writes the page in the language of its texts.
func renderPage(w http.ResponseWriter, status int, v pageView) {
	paymentPage.In(v.T.Lang).Render(w, status, v)
}
