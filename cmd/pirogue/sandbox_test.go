package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/sandbox/sonatel"
)

// runningSandbox serves every simulator until the test ends.
func runningSandbox(t *testing.T) (s *sandbox.Sandbox, environ []string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	s, err := sandbox.New(sandbox.Options{PublicURL: url})
	require.NoError(t, err)
	server.Config.Handler = s.Handler()
	server.Start()
	t.Cleanup(func() {
		closing, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		require.NoError(t, s.Close(closing))
		server.Close()
	})
	return s, []string{"PIROGUE_SANDBOX_URL=" + url}
}

func TestSandboxCommandsBreakAndMend(t *testing.T) {
	t.Parallel()
	s, environ := runningSandbox(t)
	does := func(args string, prints ...string) {
		t.Helper()
		out, err := run(t, environ, strings.Fields("sandbox "+args)...)
		require.NoError(t, err, args)
		for _, text := range prints {
			require.Contains(t, out, text, args)
		}
	}

	does("list", "orange-web", "/sonatel", "nothing")
	does("down orange-web", "down=true")
	require.True(t, s.OrangeWeb.Faults.Read().Down)
	require.False(t, s.Sonatel.Switches().Down)
	does("list", "down=true", "nothing")
	does("up orange-web", "nothing")
	require.Equal(t, engine.Healthy(), s.OrangeWeb.Faults.Read())

	does("set sonatel latency_ms=20 two_signatures=true answers=half balance=5000",
		"answers=half latency_ms=20 two_signatures=true")
	now := s.Sonatel.Switches()
	require.Equal(t, 20, now.LatencyMS)
	require.True(t, now.TwoSignatures)
	require.EqualValues(t, 5000, *now.Balance)
	does("set sonatel answers=", "latency_ms=20 two_signatures=true")
	does("show sonatel", "latency_ms", "20", "two_signatures", "Signs callbacks with two secrets", "balance", "5000",
		"force")
	does("show sonatel --json", `"latency_ms": 20`, `"balance": 5000`)

	does("force orange-web silent", "force=333333")
	does("heal sonatel", "orange-web", "force=333333")
	require.Equal(t, engine.Healthy(), s.Sonatel.Switches().Switches)
	require.Equal(t, "333333", s.OrangeWeb.Faults.Read().Force)
	does("heal")
	require.Equal(t, engine.Healthy(), s.OrangeWeb.Faults.Read())
}

// TestForceKnowsEveryMagicNumber forces each outcome by its word.
func TestForceKnowsEveryMagicNumber(t *testing.T) {
	t.Parallel()
	s, environ := runningSandbox(t)
	known := map[string]bool{"": true}
	for digits := range engine.MagicNumbers() {
		known[digits] = true
	}
	for _, outcome := range outcomes {
		_, err := run(t, environ, "sandbox", "force", "orange-web", outcome.word)
		require.NoError(t, err)
		require.Equal(t, outcome.digits, s.OrangeWeb.Faults.Read().Force)
		delete(known, outcome.digits)
	}
	require.Empty(t, known, "magic numbers without a word")
	require.Empty(t, s.OrangeWeb.Faults.Read().Force, "none is the last")
}

func TestSandboxMistakesAreSaid(t *testing.T) {
	t.Parallel()
	s, environ := runningSandbox(t)
	before := s.Sonatel.Switches()
	const halfRight = "set sonatel latency_ms=3600000 down=true"
	for args, says := range map[string]string{
		"show mtn":                         `no operator "mtn"; it has orange-web, sonatel`,
		"heal mtn":                         `no operator "mtn"`,
		"set sonatel speed=1":              `no setting "speed"; ` + "`pirogue sandbox show sonatel`",
		"set sonatel down=maybe":           `down must be true or false, not "maybe"`,
		"set sonatel latency_ms=fast":      "latency_ms must be a whole number",
		halfRight:                          "latency_ms must be from 0 to 60000",
		"set sonatel down":                 `"down" is not NAME=VALUE`,
		"set sonatel down=true down=false": "not the first of its name",
		"set sonatel":                      "requires at least 2 arg",
		"force sonatel rich":               `"rich" is none of paid, poor, refused`,
		"frobnicate":                       `unknown command "frobnicate"`,
	} {
		_, err := run(t, environ, strings.Fields("sandbox "+args)...)
		require.ErrorContains(t, err, says, args)
	}
	require.Equal(t, before, s.Sonatel.Switches())
}

// TestASandboxThatIsNone calls an address where nothing listens, one of another program, and one
// whose response has no end.
func TestASandboxThatIsNone(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"another server": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
			"is it a sandbox?",
		},
		"a page": {
			func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) },
			"not what a sandbox answers",
		},
		"a flood": {func(w http.ResponseWriter, _ *http.Request) {
			for range maxAnswer>>20 + 1 {
				w.Write(make([]byte, 1<<20))
			}
		}, "larger than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(row.answer)
			defer server.Close()
			_, err := run(t, []string{"PIROGUE_SANDBOX_URL=" + server.URL}, "sandbox", "list")
			require.ErrorContains(t, err, row.says)
		})
	}
	_, err := run(t, []string{"PIROGUE_SANDBOX_URL=http://127.0.0.1:1"}, "sandbox", "list")
	require.ErrorContains(t, err, "no sandbox answers at http://127.0.0.1:1; `pirogue sandbox` or `pirogue dev` runs one")
}

// TestTheBookOfAnOperatorIsPrinted pays a QR code and prints the book; it also prints an empty
// book.
func TestTheBookOfAnOperatorIsPrinted(t *testing.T) {
	t.Parallel()
	s, environ := runningSandbox(t)
	out, err := run(t, environ, "sandbox", "book", "sonatel")
	require.NoError(t, err)
	require.Equal(t, "nothing\n", out)

	url := strings.TrimPrefix(environ[0], "PIROGUE_SANDBOX_URL=") + "/sonatel"
	token := posted(t, url+"/oauth/v1/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		"grant_type=client_credentials&client_id="+sonatel.ClientID+"&client_secret="+sonatel.ClientSecret)["access_token"]
	bearer, isText := token.(string)
	require.True(t, isText)
	call := http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + bearer},
		sonatel.MSISDNHeader: {"+221770123456"},
	}
	posted(t, url+"/api/eWallet/v4/qrcode", call,
		`{"code":"`+sonatel.MerchantCode+`","name":"Boutique Awa","reference":"REF-1","validity":300,`+
			`"amount":{"value":1500,"unit":"XOF"},"restrictions":{"isSingleUse":true}}`)
	require.Eventually(t, func() bool { return len(s.Sonatel.Book()) == 1 }, 10*time.Second, 5*time.Millisecond)
	out, err = run(t, environ, "sandbox", "book", "sonatel")
	require.NoError(t, err)
	for _, text := range []string{"REF-1", "+221770123456", "1500 XOF", "in", s.Sonatel.Book()[0].TxnID} {
		require.Contains(t, out, text)
	}
	out, err = run(t, environ, "sandbox", "list")
	require.NoError(t, err)
	require.Regexp(t, `sonatel +/sonatel +1 +1 +nothing`, out)
}

// posted makes one call of Sonatel's API and returns the object in the response.
func posted(t *testing.T, url string, header http.Header, body string) map[string]any {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var object map[string]any
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&object))
	return object
}
