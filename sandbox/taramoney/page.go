package taramoney

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

// payPath is where the page of a payment is found, by its paymentId. Wave's link leads
// there, and so do the links to receipts and invoices.
const payPath = "/pay/"

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// pagePolicy lets the page have its own style and its own form, and nothing else.
var pagePolicy = "default-src 'none'; style-src 'sha256-" + digest(pageCSS) +
	"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// speech is what the page says in one language.
type speech struct {
	Lang, Other, OtherName            string
	Ask, Pay, Refuse                  string
	Pending, Paid, Failed, None, Down string
}

var speeches = map[string]speech{
	"fr": {
		Lang: "fr", Other: "en", OtherName: "English",
		Ask: "Confirmer le paiement ?", Pay: "Payer", Refuse: "Refuser",
		Pending: "Paiement en attente", Paid: "Paiement réussi", Failed: "Paiement échoué",
		None: "Paiement introuvable", Down: "Service indisponible",
	},
	"en": {
		Lang: "en", Other: "fr", OtherName: "Français",
		Ask: "Confirm the payment?", Pay: "Pay", Refuse: "Refuse",
		Pending: "Payment pending", Paid: "Payment successful", Failed: "Payment failed",
		None: "No such payment", Down: "Service unavailable",
	},
}

func speechFor(r *http.Request) speech { return speeches[stage.Language(r, "fr", "en")] }

// pageView is what the template shows.
type pageView struct {
	T                       speech
	Style                   template.CSS
	Title                   string
	Product, Amount, Number string // empty where there is no payment
	Form                    bool
}

// pageURL is the address of a payment's page.
func (s *Simulator) pageURL(o stage.Order) string { return s.base + payPath + o.ID }

// page shows a payment, and lets a customer of Wave decide it. What was decided already
// stays so, whatever is pressed.
func (s *Simulator) page(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	order, found := s.till.Order(r.PathValue("id"))
	t := speechFor(r)
	switch {
	case !found:
		s.render(w, http.StatusNotFound, pageView{T: t, Title: t.None})
	case s.till.Down(order.Direction, order.MSISDN):
		s.pageDown(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.render(w, http.StatusOK, viewOf(order, t))
	case r.Method == http.MethodPost:
		s.decide(w, r, order)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

// decide takes what a person pressed and shows the page anew.
func (s *Simulator) decide(w http.ResponseWriter, r *http.Request, o stage.Order) {
	var err error
	switch action := r.PostFormValue("action"); {
	case o.Notes[noteWave] == "":
	case action == "pay":
		_, err = s.till.Decide(o.ID, stage.Executed, "")
	case action == "refuse":
		_, err = s.till.Decide(o.ID, stage.Declined, stage.SaidNo)
	}
	if err != nil && !errors.Is(err, stage.ErrNoOrder) {
		s.log.Error("decision not kept", "error", err)
		s.pageDown(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", "?lang="+speechFor(r).Lang) // relative: the base path is stripped
	w.WriteHeader(http.StatusSeeOther)
}

// viewOf is the page of a payment in the language of t.
func viewOf(o stage.Order, t speech) pageView {
	v := pageView{
		T: t, Product: o.Notes[noteProduct], Number: o.MSISDN,
		Amount: stage.Grouped(o.Asked) + stage.NoBreak + "F" + stage.NoBreak + "CFA",
	}
	switch o.State {
	case stage.Executed:
		v.Title = t.Paid
	case stage.Declined, stage.Lapsed:
		v.Title = t.Failed
	case stage.Pending:
		v.Title = t.Pending
		if v.Form = o.Notes[noteWave] != ""; v.Form {
			v.Title = t.Ask
		}
	}
	return v
}

// pageDown is the page of an operator that is down.
func (s *Simulator) pageDown(w http.ResponseWriter, r *http.Request) {
	t := speechFor(r)
	s.render(w, http.StatusServiceUnavailable, pageView{T: t, Title: t.Down})
}

// render writes the page whole or not at all.
func (s *Simulator) render(w http.ResponseWriter, status int, v pageView) {
	v.Style = template.CSS(pageCSS) //nolint:gosec // our own, embedded
	var html bytes.Buffer
	if err := pageTemplate.Execute(&html, v); err != nil {
		s.log.Error("page not written", "error", err)
		http.Error(w, v.T.Down, http.StatusInternalServerError)
		return
	}
	stage.PageHeaders(w.Header(), pagePolicy)
	w.Header().Set("Content-Language", v.T.Lang)
	w.WriteHeader(status)
	w.Write(html.Bytes())
}
