package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Page is an HTML page of an operator.
type Page struct {
	template *template.Template
	policy   string
	lang     string // see In
}

// InlinePage returns a page that holds its own style, where the template has {{style}}. Its
// policy allows that style, its own form and the sources in also. It allows nothing else,
// least of all scripts.
func InlinePage(html, css, also string) Page {
	own := template.FuncMap{"style": func() template.CSS { return template.CSS(css) }} //nolint:gosec // our own file
	sum := sha256.Sum256([]byte(css))
	return Page{
		template: template.Must(template.New("page").Funcs(own).Parse(html)),
		policy: "default-src 'none'; " + also + "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
}

// LinkedPage returns a page that loads its style and its drawings from its own address.
// also extends its policy.
func LinkedPage(files fs.FS, name, also string) Page {
	return Page{
		template: template.Must(template.ParseFS(files, name)),
		policy:   "default-src 'self'; base-uri 'none'; frame-ancestors 'none'" + also,
	}
}

// In returns the page in a language.
func (p Page) In(lang string) Page {
	p.lang = lang
	return p
}

// Render writes the whole page or an error: a template that fails half-way leaves no half
// page.
func (p Page) Render(w http.ResponseWriter, status int, view any) {
	var html bytes.Buffer
	if err := p.template.Execute(&html, view); err != nil {
		http.Error(w, "The page cannot be written: "+err.Error(), http.StatusInternalServerError)
		return
	}
	SetPageHeaders(w.Header(), p.policy)
	w.Header().Set("Content-Language", p.lang)
	w.WriteHeader(status)
	w.Write(html.Bytes())
}

// IsGet reports whether a request only reads a page.
func IsGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// maxForm bounds the form of a page.
const maxForm = 1 << 16 // bytes

// IsPost reports whether a request submits the page's form, and bounds the form's size. It
// answers 405 to a request with another method.
func IsPost(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	return false
}

// Redirect makes a browser continue with a GET. The address may be relative to the page's
// address in the browser. http.Redirect cannot handle that behind a stripped path.
func Redirect(w http.ResponseWriter, address string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

// NoBreak is a space at which no line ends.
const NoBreak = "\u00a0"

// FormatAmount formats an amount as in French-speaking Africa: 50 000, with spaces at which no
// line ends.
func FormatAmount(amount int64) string {
	digits := strconv.FormatInt(amount, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + NoBreak + digits[i:]
	}
	return digits
}

// StripNumber removes the separators between the digits of a number, and turns an
// international 00 into +.
func StripNumber(typed string) string {
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-()\u00a0\u202f", r) {
			return -1
		}
		return r
	}, typed)
	if international, found := strings.CutPrefix(bare, "00"); found {
		return "+" + international
	}
	return bare
}

// FormatFrancs formats an amount in CFA francs: 50 000 F CFA. A line may end before the currency,
// and nowhere else.
func FormatFrancs(amount int64) string { return FormatAmount(amount) + " F" + NoBreak + "CFA" }

// LanguageOf chooses the language of a page. The link's language comes first (?lang=en), then
// the one that the browser prefers, then those in others, then French.
func LanguageOf[W any](r *http.Request, languages map[string]W, others ...string) W {
	wanted := append([]string{r.URL.Query().Get("lang")}, preferred(r.Header.Get("Accept-Language"))...)
	for _, tag := range append(wanted, others...) {
		// Only the primary part of a tag counts: fr-SN and fr-ML read the same page.
		code, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if words, known := languages[code]; known {
			return words
		}
	}
	return languages["fr"]
}

// preferred lists the languages of an Accept-Language header, the preferred ones first.
// Unreadable parts count least.
func preferred(header string) []string {
	weights := map[string]float64{}
	var tags []string
	for _, part := range strings.Split(header, ",") {
		tag, quality, weighed := strings.Cut(strings.TrimSpace(part), ";q=")
		weights[tag] = 1
		if weighed {
			weights[tag], _ = strconv.ParseFloat(quality, 64) //nolint:errcheck // unreadable is 0
		}
		tags = append(tags, tag)
	}
	slices.SortStableFunc(tags, func(a, b string) int {
		switch {
		case weights[a] > weights[b]:
			return -1
		case weights[a] < weights[b]:
			return 1
		}
		return 0
	})
	return tags
}
