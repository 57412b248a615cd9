package sandbox_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
)

// faults returns the text of the page of faults.
func faults(t *testing.T, base string) string {
	t.Helper()
	return html.UnescapeString(string(send(t, request(t, http.MethodGet, base+"/faults", nil), http.StatusOK)))
}

// presses sends a form of the page, with fields as pairs of name and value.
func presses(t *testing.T, base string, want int, pairs ...string) string {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req := request(t, http.MethodPost, base+"/faults", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return html.UnescapeString(string(send(t, req, want)))
}

func TestFaultsAreTurnedByForms(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	presses(t, base, http.StatusOK, "operator", "orange-web", "action", "down")
	if !s.OrangeWeb.Faults.Read().Down || s.Sonatel.Switches().Down {
		t.Error("one is to be down, and the other up")
	}
	if page := faults(t, base); !strings.Contains(page, "down=true") || !strings.Contains(page, "Bring it up again") {
		t.Error("the page does not show that one is down")
	}
	presses(t, base, http.StatusOK, "operator", "orange-web", "action", "up")
	if s.OrangeWeb.Faults.Read() != engine.Healthy() {
		t.Errorf("up again: %+v", s.OrangeWeb.Faults.Read())
	}
	saved := presses(t, base, http.StatusOK, "operator", "sonatel", "action", "save",
		"was.force", "", "force", "333333", "was.latency_ms", "0", "latency_ms", " 20 ",
		"was.two_signatures", "false", "two_signatures", "false", "two_signatures", "true",
		"was.bare_arrays", "true", "bare_arrays", "false")
	if !strings.Contains(saved, "Done. This is how it stands now.") {
		t.Error("the page does not say that it is done")
	}
	now := s.Sonatel.Switches()
	if now.Force != "333333" || now.LatencyMS != 20 || !now.TwoSignatures || now.BareArrays {
		t.Errorf("saved: %+v", now)
	}
	presses(t, base, http.StatusOK, "operator", "sonatel", "action", "heal")
	if now := s.Sonatel.Switches(); now.Switches != engine.Healthy() || now.TwoSignatures || !now.BareArrays {
		t.Errorf("mended: %+v", now)
	}
}

// TestOnlyWhatAPersonChangedIsSet sends a float that the page showed before the float
// changed.
func TestOnlyWhatAPersonChangedIsSet(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	if err := s.Sonatel.Settings().Set([]byte(`{"balance": 700}`)); err != nil {
		t.Fatal(err)
	}
	presses(t, base, http.StatusOK, "operator", "sonatel", "action", "save",
		"was.balance", "1000000000", "balance", "1000000000", "was.latency_ms", "0", "latency_ms", "5", "speed", "1")
	if now := s.Sonatel.Switches(); *now.Balance != 700 || now.LatencyMS != 5 {
		t.Errorf("%d are left, and the latency is %d", *now.Balance, now.LatencyMS)
	}
}

// TestARefusedFormIsShownAgain types a latency of an hour beside a valid value.
func TestARefusedFormIsShownAgain(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	for typed, says := range map[string]string{
		"3600000": "latency_ms must be from 0 to 60000", "soon": "latency_ms must be a whole number",
	} {
		page := presses(t, base, http.StatusUnprocessableEntity, "operator", "orange-web", "action", "save",
			"was.latency_ms", "0", "latency_ms", typed, "was.refuse_tokens", "false", "refuse_tokens", "true")
		for _, wanted := range []string{"Nothing was changed: ", says, `value="` + typed + `"`, `role="alert"`} {
			if !strings.Contains(page, wanted) {
				t.Errorf("the page does not show %q", wanted)
			}
		}
	}
	if s.OrangeWeb.Faults.Read() != engine.Healthy() {
		t.Errorf("what was refused changed something: %+v", s.OrangeWeb.Faults.Read())
	}
	presses(t, base, http.StatusNotFound, "operator", "mtn", "action", "down")
	presses(t, base, http.StatusBadRequest, "operator", strings.Repeat("x", 1<<16))
}

// TestThePageOfFaultsIsKeptFromOthers sends a browser's request for a page of another site.
// It also checks which files the page may load and where its forms may go.
func TestThePageOfFaultsIsKeptFromOthers(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	for _, path := range []string{"/faults", "/simulators/sonatel/heal", "/sonatel/switches"} {
		for name, header := range map[string][2]string{
			"a browser that says so": {"Sec-Fetch-Site", "cross-site"},
			"an older one":           {"Origin", "https://elsewhere.example"},
		} {
			req := request(t, http.MethodPost, base+path, strings.NewReader("operator=sonatel&action=down"))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set(header[0], header[1])
			if body := send(t, req, http.StatusForbidden); len(body) == 0 {
				t.Errorf("%s: %s is told nothing", path, name)
			}
		}
	}
	if s.Sonatel.Switches().Down {
		t.Error("another site took the operator down")
	}
	resp, err := http.DefaultClient.Do(request(t, http.MethodGet, base+"/faults", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	policy := resp.Header.Get("Content-Security-Policy")
	for _, wanted := range []string{
		"default-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
	} {
		if !strings.Contains(policy, wanted) {
			t.Errorf("the policy %q lacks %s", policy, wanted)
		}
	}
}

// TestEveryFaultHasALabel checks that every setting of every operator has a field with a
// label.
func TestEveryFaultHasALabel(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	page := faults(t, base)
	if strings.Contains(page, "<script") {
		t.Error("the page has a script")
	}
	labels, ids := map[string]bool{}, map[string]bool{}
	for _, found := range regexp.MustCompile(`<label for="([^"]+)">[^<]+`).FindAllStringSubmatch(page, -1) {
		labels[found[1]] = true
	}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[found[1]] {
			t.Errorf("two things have the id %s", found[1])
		}
		ids[found[1]] = true
	}
	for code, settings := range map[string]engine.Settings{
		"orange-web": s.OrangeWeb.Settings(), "sonatel": s.Sonatel.Settings(),
	} {
		values, err := settings.Values()
		if err != nil {
			t.Fatal(err)
		}
		for name := range values {
			if id := code + "-" + strings.ReplaceAll(name, ".", "-"); name != "down" && (!labels[id] || !ids[id]) {
				t.Errorf("%s has no field with a label", id)
			}
		}
	}
	for digits, behaviour := range engine.MagicNumbers() {
		if !strings.Contains(page, digits+": "+behaviour.Says) {
			t.Errorf("%s cannot be forced", digits)
		}
	}
}

// TestProgramsAreToldOfEveryOperator reads the list of operators for programs and heals one
// with it.
func TestProgramsAreToldOfEveryOperator(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	send(t, request(t, http.MethodPost, base+"/sonatel/switches", strings.NewReader(`{"down": true}`)), http.StatusOK)
	var operators []sandbox.Operator
	if err := json.Unmarshal(
		send(t, request(t, http.MethodGet, base+"/simulators", nil), http.StatusOK), &operators,
	); err != nil {
		t.Fatal(err)
	}
	if len(operators) < 2 || operators[0].Code != "orange-web" || operators[1].Path != "/sonatel" ||
		len(operators[0].Broken) != 0 ||
		operators[1].Broken[0] != "down=true" || operators[1].Settings["down"] != true ||
		operators[1].Own["two_signatures"] == "" {
		t.Errorf("the list says %+v", operators)
	}
	send(t, request(t, http.MethodPost, base+"/simulators/mtn/heal", nil), http.StatusNotFound)
	send(t, request(t, http.MethodPost, base+"/simulators/sonatel/heal", nil), http.StatusOK)
	if s.Sonatel.Switches().Down {
		t.Error("nothing was mended")
	}
	index := string(send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK))
	if shown := strings.Count(index, `id="book-`); shown != len(operators) {
		t.Errorf("%d operators are shown to people, and %d to programs", shown, len(operators))
	}
	for _, wanted := range []string{`href="faults"`, `href="faults#sonatel"`, `id="book-orange-web"`, "healthy"} {
		if !strings.Contains(index, wanted) {
			t.Errorf("the list of simulators does not show %q", wanted)
		}
	}
}
