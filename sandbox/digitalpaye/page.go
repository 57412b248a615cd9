package digitalpaye

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

// The page at the end of a Wave link, where a person pays or refuses. In production it
// belongs to Wave; the sandbox has one of its own. The customer of the number acts as
// well when the time comes, and whoever is first decides.

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pagePolicy allows the page its own style and its own form, and nothing else.
var pagePolicy = "default-src 'none'; img-src data:; style-src 'sha256-" + digest(pageCSS) + "'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// pageWords are the page's texts in one language.
type pageWords struct {
	Lang, OtherLang, OtherName string
	Sandbox, Pay, Refuse, Back string
	Ask, Reference             string
	Paid, Refused, Over        string // how it ended
	Unknown, Down              string // why there is nothing to pay
}

var pageLanguages = map[string]pageWords{
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

// pageView is what the template shows: a question or a result.
type pageView struct {
	T                 pageWords
	Style             template.CSS
	Amount, Reference string
	Result            string // empty while the order is open
	Next              string // where the way on leads; empty for nowhere
}

func wordsFor(r *http.Request) pageWords { return pageLanguages[stage.Language(r, "fr", "en")] }

// linkKey is how the till finds the order of a link.
func linkKey(link string) string { return "wave " + link }

// waveURL is the address at which the customer of an order pays, empty where there is none.
func (s *Simulator) waveURL(o stage.Order) string {
	if o.Notes[noteLink] == "" {
		return ""
	}
	return s.options.PublicURL + "/wave/" + o.Notes[noteLink]
}

// page serves what a Wave link leads to.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	o, found := s.till.ByKey(linkKey(r.PathValue("link")))
	t := wordsFor(r)
	switch {
	case !found:
		s.render(w, http.StatusNotFound, pageView{T: t, Result: t.Unknown})
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.render(w, http.StatusOK, viewOf(o, t))
	case r.Method == http.MethodPost:
		s.decide(w, r, o)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

// decide ends the order as a person wants it. Pressing twice, or too late, changes
// nothing: the page then shows how it ended.
func (s *Simulator) decide(w http.ResponseWriter, r *http.Request, o stage.Order) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	var err error
	switch r.PostFormValue("action") {
	case "pay":
		_, err = s.till.Decide(o.ID, stage.Executed, "")
	case "refuse":
		_, err = s.till.Decide(o.ID, stage.Declined, stage.SaidNo)
	default:
		s.render(w, http.StatusBadRequest, viewOf(o, wordsFor(r)))
		return
	}
	if err != nil && !errors.Is(err, stage.ErrNoOrder) {
		s.options.Log.Error("decision not kept", "ref", o.ID, "error", err)
		s.pageDown(w, r)
		return
	}
	// Relative to the page as the browser sees it, behind whatever path it is mounted under.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "?lang="+wordsFor(r).Lang)
	w.WriteHeader(http.StatusSeeOther)
}

// viewOf is the page of an order.
func viewOf(o stage.Order, t pageWords) pageView {
	v := pageView{
		T: t, Amount: stage.Grouped(o.Amount) + stage.NoBreak + "F" + stage.NoBreak + "CFA", Reference: o.Reference,
	}
	switch o.State {
	case stage.Pending:
	case stage.Executed:
		v.Result, v.Next = t.Paid, o.Notes[noteSuccess]
	case stage.Lapsed:
		v.Result, v.Next = t.Over, o.Notes[noteFailure]
	case stage.Declined:
		v.Result, v.Next = t.Refused, o.Notes[noteCancel]
		if v.Next == "" {
			v.Next = o.Notes[noteFailure]
		}
	}
	return v
}

// pageDown is the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := wordsFor(r)
	s.render(w, http.StatusServiceUnavailable, pageView{T: t, Result: t.Down})
}

// render writes the page whole or not at all.
func (s *Simulator) render(w http.ResponseWriter, status int, v pageView) {
	v.Style = template.CSS(pageCSS) //nolint:gosec // ours, and the policy holds its digest
	var html bytes.Buffer
	if err := pageTemplate.Execute(&html, v); err != nil {
		s.options.Log.Error("page not written", "error", err)
		http.Error(w, v.T.Down, http.StatusInternalServerError)
		return
	}
	stage.PageHeaders(w.Header(), pagePolicy)
	w.Header().Set("Content-Language", v.T.Lang)
	w.WriteHeader(status)
	w.Write(html.Bytes())
}
