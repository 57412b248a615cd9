package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"slices"

	"pirogue/sandbox/stage"
)

//go:embed index.html index.css
var files embed.FS

var indexTemplate = template.Must(template.ParseFS(files, "index.html"))

// indexPolicy lets the page load its own style and nothing else.
const indexPolicy = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

// shownPayments is how many of the latest payments a book shows to people; the
// JSON view has them all.
const shownPayments = 50

// indexView is what the list of simulators shows.
type indexView struct {
	Simulators []simulatorView
	Numbers    []numberView
}

// simulatorView is one simulator and the end of its book.
type simulatorView struct {
	Name, Path  string
	Asked, Paid int          // payments that were asked for, and that were executed
	Latest      []stage.Paid // newest first
}

// numberView is one line of the table of magic numbers.
type numberView struct {
	Digits   string
	Says     string // of a customer who pays
	SaysPaid string // of a customer who is paid
}

// index shows people which simulators there are and what they executed.
func (s *Sandbox) index(w http.ResponseWriter, _ *http.Request) {
	var html bytes.Buffer
	if err := indexTemplate.Execute(&html, s.indexView()); err != nil {
		http.Error(w, "the list cannot be written", http.StatusInternalServerError)
		return
	}
	stage.PageHeaders(w.Header(), indexPolicy)
	w.Write(html.Bytes())
}

func (s *Sandbox) indexView() indexView {
	view := indexView{Simulators: []simulatorView{
		simulatorOf("Orange Web Payment", OrangeWebPath, len(s.OrangeWeb.Sessions()), s.OrangeWeb.Book()),
		simulatorOf("Orange Money Sénégal (Sonatel)", SonatelPath, s.askedOfSonatel(), s.Sonatel.Book()),
		simulatorOf("Novasend", NovasendPath, s.Novasend.Asked(), s.Novasend.Book()),
	}}
	magic, payouts := stage.MagicNumbers(), stage.MagicPayouts()
	for _, digits := range slices.Sorted(maps.Keys(magic)) {
		view.Numbers = append(view.Numbers,
			numberView{Digits: digits, Says: magic[digits].Says, SaysPaid: payouts[digits].Says})
	}
	return view
}

// askedOfSonatel counts QR codes and everything that did not begin with one.
func (s *Sandbox) askedOfSonatel() int {
	asked := len(s.Sonatel.Codes())
	for _, t := range s.Sonatel.Transactions() {
		if !t.FromCode {
			asked++
		}
	}
	return asked
}

// simulatorOf is what the list shows of one simulator: the latest of what it executed.
func simulatorOf(name, path string, asked int, executed []stage.Paid) simulatorView {
	latest := slices.Clone(executed[max(0, len(executed)-shownPayments):])
	slices.Reverse(latest)
	return simulatorView{Name: name, Path: path, Asked: asked, Paid: len(executed), Latest: latest}
}

func indexStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "index.css")
}
