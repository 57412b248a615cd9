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
	Name, Path     string
	Sessions, Paid int
	Latest         []stage.Paid // newest first
}

// numberView is one line of the table of magic numbers.
type numberView struct {
	Digits, Says string
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
	executed := s.OrangeWeb.Book()
	latest := slices.Clone(executed[max(0, len(executed)-shownPayments):])
	slices.Reverse(latest)
	view := indexView{Simulators: []simulatorView{{
		Name: "Orange Web Payment", Path: OrangeWebPath,
		Sessions: len(s.OrangeWeb.Sessions()), Paid: len(executed), Latest: latest,
	}}}
	magic := stage.MagicNumbers()
	for _, digits := range slices.Sorted(maps.Keys(magic)) {
		view.Numbers = append(view.Numbers, numberView{Digits: digits, Says: magic[digits].Says})
	}
	return view
}

func indexStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "index.css")
}
