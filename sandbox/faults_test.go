package sandbox_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

func TestFaultsForm(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	presses(t, base, http.StatusOK, "operator", "orange-web", "action", "down")
	require.True(t, s.OrangeWeb.Faults.Read().Down, "one is to be down, and the other up")
	require.False(t, s.Sonatel.Switches().Down, "one is to be down, and the other up")
	page := faults(t, base)
	require.Contains(t, page, "down=true")
	require.Contains(t, page, "Bring it up again")
	presses(t, base, http.StatusOK, "operator", "orange-web", "action", "up")
	require.Equal(t, engine.Healthy(), s.OrangeWeb.Faults.Read())
	saved := presses(t, base, http.StatusOK, "operator", "sonatel", "action", "save",
		"was.force", "", "force", "333333", "was.latency_ms", "0", "latency_ms", " 20 ",
		"was.two_signatures", "false", "two_signatures", "false", "two_signatures", "true",
		"was.bare_arrays", "true", "bare_arrays", "false")
	require.Contains(t, saved, "Done. This is how it stands now.")
	now := s.Sonatel.Switches()
	require.Equal(t, "333333", now.Force)
	require.Equal(t, 20, now.LatencyMS)
	require.True(t, now.TwoSignatures)
	require.False(t, now.BareArrays)
	presses(t, base, http.StatusOK, "operator", "sonatel", "action", "heal")
	now = s.Sonatel.Switches()
	require.Equal(t, engine.Healthy(), now.Switches)
	require.False(t, now.TwoSignatures)
	require.True(t, now.BareArrays)
}

// TestFaultsFormSetsOnlyChanges sends a float that the page showed before the float
// changed.
func TestFaultsFormSetsOnlyChanges(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	err := s.Sonatel.Settings().Set([]byte(`{"balance": 700}`))
	require.NoError(t, err)
	presses(t, base, http.StatusOK, "operator", "sonatel", "action", "save",
		"was.balance", "1000000000", "balance", "1000000000", "was.latency_ms", "0", "latency_ms", "5", "speed", "1")
	now := s.Sonatel.Switches()
	require.EqualValues(t, 700, *now.Balance)
	require.Equal(t, 5, now.LatencyMS)
}

// TestFaultsFormRefused types a latency of an hour beside a valid value.
func TestFaultsFormRefused(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	for typed, says := range map[string]string{
		"3600000": "latency_ms must be from 0 to 60000", "soon": "latency_ms must be a whole number",
	} {
		page := presses(t, base, http.StatusUnprocessableEntity, "operator", "orange-web", "action", "save",
			"was.latency_ms", "0", "latency_ms", typed, "was.refuse_tokens", "false", "refuse_tokens", "true")
		for _, wanted := range []string{"Nothing was changed: ", says, `value="` + typed + `"`, `role="alert"`} {
			require.Contains(t, page, wanted)
		}
	}
	require.Equal(t, engine.Healthy(), s.OrangeWeb.Faults.Read())
	presses(t, base, http.StatusNotFound, "operator", "mtn", "action", "down")
	presses(t, base, http.StatusBadRequest, "operator", strings.Repeat("x", 1<<16))
}

// TestFaultsPageCrossOrigin sends a browser's request for a page of another site.
// It also checks which files the page may load and where its forms may go.
func TestFaultsPageCrossOrigin(t *testing.T) {
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
			require.NotEmpty(t, send(t, req, http.StatusForbidden), "%v %v", path, name)
		}
	}
	require.False(t, s.Sonatel.Switches().Down, "another site took the operator down")
	resp, err := http.DefaultClient.Do(request(t, http.MethodGet, base+"/faults", nil))
	require.NoError(t, err)
	defer resp.Body.Close()
	policy := resp.Header.Get("Content-Security-Policy")
	for _, wanted := range []string{
		"default-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
	} {
		require.Contains(t, policy, wanted)
	}
}

// TestFaultsPageLabels checks that every setting of every operator has a field with a
// label.
func TestFaultsPageLabels(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	page := faults(t, base)
	require.NotContains(t, page, "<script")
	labels, ids := map[string]bool{}, map[string]bool{}
	for _, found := range regexp.MustCompile(`<label for="([^"]+)">[^<]+`).FindAllStringSubmatch(page, -1) {
		labels[found[1]] = true
	}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		require.False(t, ids[found[1]], found[1])
		ids[found[1]] = true
	}
	for code, settings := range map[string]engine.Settings{
		"orange-web": s.OrangeWeb.Settings(), "sonatel": s.Sonatel.Settings(),
	} {
		values, err := settings.Values()
		require.NoError(t, err)
		for name := range values {
			id := code + "-" + strings.ReplaceAll(name, ".", "-")
			if name != "down" { // a button of its own
				require.True(t, labels[id] && ids[id], "%s has no field with a label", id)
			}
		}
	}
	for digits, behaviour := range engine.MagicNumbers() {
		require.Contains(t, page, digits+": "+behaviour.Description)
	}
}

// TestSimulatorsList reads the list of operators for programs and heals one
// with it.
func TestSimulatorsList(t *testing.T) {
	t.Parallel()
	s, base := started(t, sandbox.Options{})
	send(t, request(t, http.MethodPost, base+"/sonatel/switches", strings.NewReader(`{"down": true}`)), http.StatusOK)
	var operators []sandbox.Operator
	err := json.Unmarshal(
		send(t, request(t, http.MethodGet, base+"/simulators", nil), http.StatusOK), &operators,
	)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(operators), 2)
	require.Equal(t, "orange-web", operators[0].Code)
	require.Equal(t, "/sonatel", operators[1].Path)
	require.Empty(t, operators[0].Broken)
	require.Equal(t, "down=true", operators[1].Broken[0])
	require.EqualValues(t, true, operators[1].Settings["down"])
	require.NotEmpty(t, operators[1].Own["two_signatures"])
	send(t, request(t, http.MethodPost, base+"/simulators/mtn/heal", nil), http.StatusNotFound)
	send(t, request(t, http.MethodPost, base+"/simulators/sonatel/heal", nil), http.StatusOK)
	require.False(t, s.Sonatel.Switches().Down, "nothing was mended")
	index := string(send(t, request(t, http.MethodGet, base+"/", nil), http.StatusOK))
	require.Equal(t, len(operators), strings.Count(index, `id="book-`))
	for _, wanted := range []string{`href="faults"`, `href="faults#sonatel"`, `id="book-orange-web"`, "healthy"} {
		require.Contains(t, index, wanted)
	}
}
