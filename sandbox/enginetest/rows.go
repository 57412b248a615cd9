package enginetest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ExpectInvalidURLsRefused starts simulators with invalid addresses, and with others that this
// operator cannot have. Each must fail.
func ExpectInvalidURLsRefused[S Simulator](t *testing.T, open func(address string) (S, error), others ...string) {
	t.Helper()
	for _, address := range append(others, "", "sandbox", "/path", "ftp://host", "http://") {
		_, err := open(address)
		require.Error(t, err, address)
	}
}

// ExpectCompleteTexts checks that the texts of a page are complete in every language. Each
// language must name itself and link to another.
func ExpectCompleteTexts[W any](t *testing.T, languages map[string]W) {
	t.Helper()
	for code, words := range languages {
		said := reflect.ValueOf(words)
		for _, field := range reflect.VisibleFields(said.Type()) {
			if !field.Anonymous {
				require.NotEmpty(t, said.FieldByIndex(field.Index).String(), "%s in %s", field.Name, code)
			}
		}
		other := said.FieldByName("OtherLang").String()
		_, known := languages[other]
		require.Equal(t, code, said.FieldByName("Lang").String())
		require.True(t, known, "%s links to %q", code, other)
		require.NotEqual(t, code, other)
	}
}

// ExpectLanguages checks which language a page chooses by its link and by the browser's preference.
// A page with neither of the two texts fails.
func ExpectLanguages(t *testing.T, french, english string, visit func(link, accept string) Response) {
	t.Helper()
	for name, row := range map[string]struct{ link, accept, want string }{
		"the browser prefers French":            {"", "fr-CI,fr;q=0.9,en;q=0.8", french},
		"the browser prefers English":           {"", "en-GB,en;q=0.9,fr;q=0.3", english},
		"English is weighed above French":       {"", "fr;q=0.2, en;q=0.7", english},
		"the link beats the browser":            {"?lang=en", "fr", english},
		"a link in a third language is ignored": {"?lang=de", "fr", french},
		"the browser knows neither":             {"", "wo, bm;q=0.9", french},
		"nobody says anything":                  {"", "", french},
		"the browser writes nonsense":           {"", ";;q=x,,", french},
	} {
		page := visit(row.link, row.accept)
		require.Equal(t, http.StatusOK, page.Status, name)
		require.Contains(t, page.Body, row.want, name)
	}
}

// NotificationSwitches holds the number of the merchant's notifications of one success. It depends on
// the switches and on the last digits of the customer's number.
var NotificationSwitches = map[string]struct {
	Switches, Digits string
	Want             int
}{
	"off":                      {`{"notifications_off": true}`, "123456", 0},
	"off, even the early ones": {`{"notifications_off": true}`, "888888", 0},
	"twice":                    {`{"notification_copies": 2}`, "123456", 2},
}

// JournalTail is a text after the last line of a journal. Opens tells whether the journal opens
// all the same.
type JournalTail struct {
	Damage string
	Opens  bool
}

// ExpectJournalRepaired damages a journal with one payment and opens it again. The simulator must have
// lost nothing but the damage.
func ExpectJournalRepaired[S Simulator](t *testing.T, path string, damage JournalTail, open func() (S, error)) {
	t.Helper()
	whole, err := os.ReadFile(path) //nolint:gosec // the test's own journal
	require.NoError(t, err)
	damaged := slices.Concat(whole, []byte(damage.Damage))
	require.NoError(t, os.WriteFile(path, damaged, 0o600)) //nolint:gosec // as above
	sim, err := open()
	require.Equal(t, damage.Opens, err == nil)
	if err != nil {
		return
	}
	require.Len(t, sim.Book(), 1)
	Close(t, sim)
	mended, err := os.ReadFile(path) //nolint:gosec // as above
	require.NoError(t, err)
	require.Equal(t, string(whole), string(mended))
}

// ExpectTexts reports every wanted text that a page lacks.
func (a Response) ExpectTexts(t *testing.T, wanted ...string) {
	t.Helper()
	for _, text := range wanted {
		require.Contains(t, a.Body, text)
	}
}

// ExpectNoTexts reports every unwanted text that a page holds.
func (a Response) ExpectNoTexts(t *testing.T, unwanted ...string) {
	t.Helper()
	for _, text := range unwanted {
		require.NotContains(t, a.Body, text)
	}
}

// ExpectPrivate checks that nobody may cache or frame a page. The page must reveal its address
// to no other site and run no script. It may use no style but its own inline one.
func (a Response) ExpectPrivate(t *testing.T) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
	} {
		require.Equal(t, want, a.Header.Get(name), name)
	}
	wanted := []string{"base-uri 'none'", "frame-ancestors 'none'"}
	if _, rest, inside := strings.Cut(a.Body, "<style>"); inside {
		style, _, _ := strings.Cut(rest, "</style>")
		sum := sha256.Sum256([]byte(style))
		own := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		wanted = append(wanted, "default-src 'none'", own)
	} else {
		wanted = append(wanted, "default-src 'self'")
	}
	policy := a.Header.Get("Content-Security-Policy")
	for _, part := range wanted {
		require.Contains(t, policy, part)
	}
	a.ExpectNoTexts(t, "<script", " style=", " onclick")
}
