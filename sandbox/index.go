package sandbox

import (
	"embed"
	"maps"
	"net/http"
	"slices"

	"pirogue/sandbox/engine"
)

//go:embed index.html index.css faults.html
var files embed.FS

// indexPage is the template of the list of simulators.
var indexPage = engine.LinkedPage(files, "index.html", "; form-action 'none'").In("en")

// shownPayments is the number of latest payments in a book on the page. The JSON view has
// all of them.
const shownPayments = 50

// indexView is the content of the list of simulators.
type indexView struct {
	Simulators []simulatorView
	Numbers    []numberView
}

// simulatorView is one simulator with the last lines of its book.
type simulatorView struct {
	Operator

	Latest []engine.BookEntry // newest first
}

// numberView is one row of the table of magic numbers.
type numberView struct {
	Digits string
	Pays   string // of a customer who pays
	IsPaid string // of a customer who is paid
}

// serveIndex shows a page with the simulators and the payments they executed.
func (s *Sandbox) serveIndex(w http.ResponseWriter, _ *http.Request) {
	view, err := s.indexView()
	if err != nil {
		http.Error(w, "the list cannot be written", http.StatusInternalServerError)
		return
	}
	indexPage.Render(w, http.StatusOK, view)
}

// indexView returns the content of the page: every simulator, and the table of magic
// numbers.
func (s *Sandbox) indexView() (indexView, error) {
	view := indexView{}
	for _, one := range s.open {
		operator, err := one.operator()
		if err != nil {
			return view, err
		}
		view.Simulators = append(view.Simulators, simulatorOf(operator, one.Book()))
	}
	magic, payouts := engine.MagicNumbers(), engine.MagicPayouts()
	for _, digits := range slices.Sorted(maps.Keys(magic)) {
		view.Numbers = append(view.Numbers,
			numberView{Digits: digits, Pays: magic[digits].Description, IsPaid: payouts[digits].Description})
	}
	return view, nil
}

// simulatorOf returns one simulator of the list, with its latest payments.
func simulatorOf(operator Operator, executed []engine.BookEntry) simulatorView {
	latest := slices.Clone(executed[max(0, len(executed)-shownPayments):])
	slices.Reverse(latest)
	return simulatorView{Operator: operator, Latest: latest}
}

// serveStyle serves the style of both pages.
func serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "index.css")
}
