package digitalpaye

import (
	_ "embed"
	"net/http"

	"pirogue/sandbox/engine"
)

// The page of a Wave link, where a person pays or refuses. In production it belongs to
// Wave; the sandbox has one of its own. The simulated customer acts too at the scheduled
// time, and the first of both decides.

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// paymentPage is the template of the page, with its style inside.
var paymentPage = engine.InlinePage(pageHTML, pageCSS, "img-src data:; ")

// texts holds the page's texts in one language.
type texts struct {
	Lang, OtherLang, OtherName string
	Sandbox, Pay, Refuse, Back string
	Ask, Reference             string
	Paid, Refused, Over        string // the result
	Unknown, Down              string // the reason why there is nothing to pay
}

// languages maps language codes to the page's texts.
var languages = map[string]texts{
	"fr": {
		Lang: "fr", OtherLang: "en", OtherName: "English", Sandbox: "Bac à sable : aucun argent réel.",
		Pay: "Payer", Refuse: "Refuser", Back: "Retour chez le marchand",
		Ask: "Confirmez le paiement Wave", Reference: "Référence",
		Paid: "Paiement effectué", Refused: "Paiement refusé", Over: "Le délai est passé",
		Unknown: "Ce lien ne mène à aucun paiement", Down: "Service indisponible, réessayez plus tard",
	},
	"en": {
		Lang: "en", OtherLang: "fr", OtherName: "Français", Sandbox: "Sandbox: no real money.",
		Pay: "Pay", Refuse: "Refuse", Back: "Back to the merchant",
		Ask: "Confirm the Wave payment", Reference: "Reference",
		Paid: "Payment made", Refused: "Payment refused", Over: "Too late: the payment has expired",
		Unknown: "This link leads to no payment", Down: "Service unavailable, try again later",
	},
}

// pageView is the content of the template: a question or a result.
type pageView struct {
	T                 texts
	Amount, Reference string
	Result            string // empty while the order is open
	Next              string // the address of the link that leads on; empty for none
}

// textsFor chooses the language of the page: French, unless the link or the browser prefers
// English.
func textsFor(r *http.Request) texts { return engine.LanguageOf(r, languages) }

// linkKey returns the key under which the engine stores the order of a link.
func linkKey(link string) string { return "wave " + link }

// waveURL returns the address of an order's payment page, or "" if it has none.
func (s *Simulator) waveURL(o engine.Order) string {
	if o.Notes[noteLink] == "" {
		return ""
	}
	return s.Address("/wave/" + o.Notes[noteLink])
}

// page serves the page of a Wave link.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	o, found := s.ByKey(linkKey(r.PathValue("link")))
	t := textsFor(r)
	switch {
	case !found:
		renderPage(w, http.StatusNotFound, pageView{T: t, Result: t.Unknown})
	case engine.IsGet(r):
		renderPage(w, http.StatusOK, viewOf(o, t))
	case engine.IsPost(w, r):
		s.decide(w, r, o)
	}
}

// decide ends the order as the person chose. A repeated or late click changes nothing: the
// page then shows the result.
func (s *Simulator) decide(w http.ResponseWriter, r *http.Request, o engine.Order) {
	var err error
	switch r.PostFormValue("action") {
	case "pay":
		err = s.DecideOnPage(o.ID, engine.Executed, "")
	case "refuse":
		err = s.DecideOnPage(o.ID, engine.Declined, engine.SaidNo)
	default:
		renderPage(w, http.StatusBadRequest, viewOf(o, textsFor(r)))
		return
	}
	if err != nil {
		renderDown(w, r)
		return
	}
	engine.Redirect(w, "?lang="+textsFor(r).Lang)
}

// viewOf returns the page of an order.
func viewOf(o engine.Order, t texts) pageView {
	v := pageView{
		T: t, Amount: engine.FormatAmount(o.Amount) + engine.NoBreak + "F" + engine.NoBreak + "CFA", Reference: o.Reference,
	}
	switch o.State {
	case engine.Pending:
	case engine.Executed:
		v.Result, v.Next = t.Paid, o.Notes[noteSuccess]
	case engine.Lapsed:
		v.Result, v.Next = t.Over, o.Notes[noteFailure]
	case engine.Declined:
		v.Result, v.Next = t.Refused, o.Notes[noteCancel]
		if v.Next == "" {
			v.Next = o.Notes[noteFailure]
		}
	}
	return v
}

// renderDown serves the page of an operator that is down.
func renderDown(w http.ResponseWriter, r *http.Request) {
	t := textsFor(r)
	renderPage(w, http.StatusServiceUnavailable, pageView{T: t, Result: t.Down})
}

// renderPage writes the page in the language of its texts.
func renderPage(w http.ResponseWriter, status int, v pageView) {
	paymentPage.In(v.T.Lang).Render(w, status, v)
}
