package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
	"pirogue/piroguetest"
)

// someBulk is the bulk in the arguments of the commands under test.
const someBulk = "018f3b1e-7c1a-7def-8abc-0123456789ef"

// merchantAPI plays the merchant API. It answers the requests in the order of answers and keeps
// each request.
type merchantAPI struct {
	t       *testing.T
	answers []string // "status body"
	asked   []string // "method target content-type body"
}

func (m *merchantAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		m.t.Error(err)
	}
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(r.Header.Get("X-NekaPay-Timestamp") + string(body)))
	if r.Header.Get("X-NekaPay-Signature") != hex.EncodeToString(mac.Sum(nil)) ||
		r.Header.Get("X-NekaPay-Key") != "nk_test_1" {
		m.t.Error("the request is not signed")
	}
	m.asked = append(m.asked, strings.Join([]string{
		r.Method, r.URL.String(), r.Header.Get("Content-Type"),
		string(body),
	}, " "))
	if len(m.answers) == 0 {
		m.t.Error("asked more often than expected")
		return
	}
	var status int
	var text string
	_, err = fmt.Sscanf(m.answers[0], "%d", &status)
	_, text, _ = strings.Cut(m.answers[0], " ")
	if err != nil {
		m.t.Error(err)
	}
	m.answers = m.answers[1:]
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	fmt.Fprint(w, text)
}

// bulkAPI returns an API with these answers and the environment to reach it.
func bulkAPI(t *testing.T, answers ...string) (*merchantAPI, []string) {
	t.Helper()
	api := &merchantAPI{t: t, answers: answers}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return api, []string{"NEKAPAY_BASE_URL=" + server.URL, "NEKAPAY_API_KEY=nk_test_1", "NEKAPAY_API_SECRET=s3cret"}
}

// standing returns the merchant API's response for a bulk of ten lines.
func standing(state string, waiting, paid, cancelled int) string {
	return fmt.Sprintf(`{"data":{"bulk_id":%q,"state":%q,"lines":10,"amount":5000,"fee":0,"currency":"XOF",
		"counts":{"WAITING":%d,"SUCCESS":%d,"CANCELLED":%d},"percent":{"done":%d}}}`,
		someBulk, state, waiting, paid, cancelled, (paid+cancelled)*10)
}

func TestABulkIsSubmittedWatchedAndCancelledByHand(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	file, jsonFile := filepath.Join(folder, "april.csv"), filepath.Join(folder, "april.json")
	require.NoError(t, os.WriteFile(file, []byte("merchant_order_id,amount,beneficiary_msisdn\n"), 0o600))
	require.NoError(t, os.WriteFile(jsonFile, []byte(`{"lines":[]}`), 0o600))
	twice, strange := filepath.Join(folder, "twice.json"), filepath.Join(folder, "strange.json")
	nothing := filepath.Join(folder, "nothing.json")
	require.NoError(t, os.WriteFile(nothing, []byte("null"), 0o600))
	require.NoError(t, os.WriteFile(twice, []byte(`{"lines":[{"amount":1}],"metadata":{},"lines":[]}`), 0o600))
	require.NoError(t, os.WriteFile(strange, []byte(`{"lines":[{"amount":1.0,"amount":2}],"Lines":null}`), 0o600))
	const path = "/payments/cashout/bulk"
	// Each row has a command line, the API's answers, the requests it must get, and the command's
	// output.
	tests := map[string]struct {
		args    string
		answers []string
		asked   []string
		prints  string
		fails   string
	}{
		"a file": {
			"submit " + file + " --reference april --notify-lines",
			[]string{"202 " + standing("ACCEPTED", 10, 0, 0)},
			[]string{"POST " + path +
				"?merchant_bulk_id=april&notify_lines=true text/csv; charset=utf-8 merchant_order_id,amount,beneficiary_msisdn\n"},
			someBulk + "\n", "",
		},
		"JSON": {
			"submit " + jsonFile + " --reference april",
			[]string{"202 " + standing("ACCEPTED", 10, 0, 0)},
			[]string{"POST " + path + ` application/json {"lines":[],"merchant_bulk_id":"april"}`},
			someBulk + "\n", "",
		},
		"JSON with a field twice": {"submit " + twice + " --reference april", nil, nil, "", `the file has "lines" twice`},
		"JSON without an object":  {"submit " + nothing + " --reference april", nil, nil, "", "not a JSON object"},
		"JSON that the API must judge": {
			"submit " + strange + " --reference april",
			[]string{`400 {"code":"INVALID_JSON","error":"Pas un JSON"}`},
			[]string{"POST " + path +
				` application/json {"Lines":null,"lines":[{"amount":1.0,"amount":2}],"merchant_bulk_id":"april"}`},
			"", "INVALID_JSON",
		},
		"a file that was accepted before": {
			"submit " + file + " --reference april",
			[]string{"409 " +
				strings.Replace(standing("RUNNING", 10, 0, 0), "{", `{"code":"DUPLICATE_ORDER","error":"Déjà",`, 1)},
			nil, someBulk + "\n", "",
		},
		"a file with mistakes": {
			"submit " + file + " --reference april",
			[]string{`422 {"code":"INVALID_AMOUNT","error":"Montant invalide",` +
				`"params":[{"field":"lines[1].amount","code":"INVALID_AMOUNT","message":"Montant invalide.","line":3}]}`},
			nil, "", "line 3, lines[1].amount: Montant invalide.",
		},
		"a file without a reference": {"submit " + file, nil, nil, "", "needs --reference"},
		"a busy API": {
			"cancel " + someBulk,
			[]string{`429 {"code":"RATE_LIMITED","error":"Trop"}`, "202 " + standing("CANCELLING", 0, 4, 6)},
			nil, "CANCELLING: 6 lines are cancelled\n", "",
		},
		"a bulk that comes along": {
			"watch " + someBulk,
			[]string{
				"200 " + standing("ACCEPTED", 10, 0, 0), "200 " + standing("RUNNING", 4, 6, 0),
				"200 " + standing("CANCELLED", 0, 6, 4),
			},
			nil, "ACCEPTED     0 %  0/10  paid 0  failed 0  under way 0  waiting 10\n" +
				"RUNNING     60 %  6/10  paid 6  failed 0  under way 0  waiting 4\n" +
				"CANCELLED  100 %  10/10  paid 6  failed 0  under way 0  waiting 0  cancelled 4\n", "",
		},
		"results": {
			"results " + someBulk + " --csv",
			[]string{"200 line,merchant_order_id\r\n"},
			[]string{"GET " + path + "/" + someBulk + "/lines?format=csv&locale=en  "},
			"line,merchant_order_id\r\n", "",
		},
		"a bulk nobody has": {
			"watch " + someBulk, []string{`404 {"code":"NOT_FOUND","error":"Ressource introuvable."}`}, nil, "", "404 NOT_FOUND",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, environ := bulkAPI(t, tt.answers...)
			printed, err := run(t, environ, append([]string{"bulk"}, strings.Fields(tt.args)...)...)
			if tt.fails != "" {
				require.ErrorContains(t, err, tt.fails)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, tt.prints, printed)
			require.Empty(t, api.answers, "less was asked than expected")
			if tt.asked != nil {
				require.Equal(t, tt.asked, api.asked)
			}
		})
	}
}

func TestAMerchantsSettingsAreMissedByName(t *testing.T) {
	t.Parallel()

	_, err := run(t, []string{"NEKAPAY_BASE_URL=pay.example"}, "bulk", "watch", someBulk)
	for _, name := range []string{"NEKAPAY_BASE_URL", "NEKAPAY_API_KEY", "NEKAPAY_API_SECRET"} {
		require.ErrorContains(t, err, name)
	}
}

func TestABarShowsHowLongItTakes(t *testing.T) {
	t.Parallel()

	now := time.Date(2026, 4, 29, 14, 32, 0, 0, time.UTC)
	b := bulkState{
		State: bulk.BulkRunning, Lines: 10_000, StartedAt: now.Add(-time.Minute),
		Counts: map[bulk.LineStatus]int{"SUCCESS": 2400, "FAILED": 100, "PENDING": 500, bulk.LineWaiting: 7000},
	}
	b.Percent.Done = 25
	require.Equal(t, "["+strings.Repeat("█", 7)+strings.Repeat("░", 23)+
		"] RUNNING     25 %  2500/10000  paid 2400  failed 100  under way 500  waiting 7000  ETA 3m0s",
		progressOf(b, now, true))
}

// bulkFile writes a CSV of cash-outs, each to a sandbox number, and returns its path.
func bulkFile(t *testing.T, reference string, numbers ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\ufeffmerchant_order_id;amount;beneficiary_msisdn\r\n")
	for i, number := range numbers {
		fmt.Fprintf(&b, "%s_%d;%d;%s\r\n", reference, i+1, 1000+i, number)
	}
	file := filepath.Join(t.TempDir(), reference+".csv")
	require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
	return file
}

// TestABulkPaysItsLinesAndTellsItsMerchantOnce runs the whole program, from the command line to
// the simulators and back.
func TestABulkPaysItsLinesAndTellsItsMerchantOnce(t *testing.T) {
	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorld(t, shortenTimes(database))
		w.merchant().fund(t, 100_000)
		environ := []string{
			"NEKAPAY_BASE_URL=" + w.merchant().base, "NEKAPAY_API_KEY=" + w.account.Key,
			"NEKAPAY_API_SECRET=" + w.account.Secret,
		}
		file := bulkFile(t, "april", "+22376123456", "+22376123456", "+22376222222", "+22376444444", "+22370001234")
		printed, err := run(t, environ, "bulk", "submit", file, "--reference", "april")
		require.NoError(t, err)
		id := strings.TrimSpace(printed)
		again, err := run(t, environ, "bulk", "submit", file, "--reference", "april")
		require.NoError(t, err)
		require.Equal(t, printed, again)

		printed, err = run(t, environ, "bulk", "watch", id)
		require.NoError(t, err)
		require.Contains(t, printed, "COMPLETED  100 %  5/5  paid 4  failed 1")
		printed, err = run(t, environ, "bulk", "results", id, "--csv")
		require.NoError(t, err)
		require.Equal(t, 4, strings.Count(printed, ",SUCCESS,"), printed)
		require.Contains(t, printed, "OPERATOR_DECLINED")

		require.Eventually(t, func() bool { return len(w.bulkWebhooks(t, id)) > 0 }, time.Minute, 100*time.Millisecond)
		require.Equal(t, []string{"COMPLETED"}, w.bulkWebhooks(t, id))
		w.givesWay(t, id)
		w.settled()
	})
}

// givesWay requires the lowest priority of a bulk's workflow and of its payments' workflows.
func (w *world) givesWay(t *testing.T, id string) {
	t.Helper()
	workflows := []string{"bulk-" + id}
	require.NoError(t, w.parts.store.Bulks.BulkLines(
		t.Context(), w.owner(t), pirogue.BulkID(id), bulk.LineSpan{}, func(l bulk.BulkLine) error {
			workflows = append(workflows, "cashout-"+string(l.Payment.ID))
			return nil
		},
	))
	require.Len(t, workflows, 6)
	for _, workflow := range workflows {
		calls := 0
		for _, event := range w.history(t, workflow).Events {
			scheduled := event.GetActivityTaskScheduledEventAttributes()
			if scheduled == nil || scheduled.GetTaskQueue().GetName() == "payments" {
				continue
			}
			calls++
			require.EqualValues(t, 5, scheduled.GetPriority().GetPriorityKey(), "%s %s", workflow,
				scheduled.GetActivityType().GetName())
			require.NotEmpty(t, scheduled.GetPriority().GetFairnessKey())
		}
		require.NotZero(t, calls, "%s calls no operator", workflow)
	}
}

// owner returns the merchant of the test key.
func (w *world) owner(t *testing.T) access.Owner {
	t.Helper()
	key, _, err := w.parts.store.Keys.Key(t.Context(), w.account.Key, time.Now())
	require.NoError(t, err)
	return access.Owner{MerchantID: key.MerchantID, Mode: key.Mode}
}

// bulkWebhooks returns the states in the merchant's webhooks about a bulk. It fails on a webhook
// about one of the bulk's lines.
func (w *world) bulkWebhooks(t *testing.T, id string) []string {
	t.Helper()
	var states []string
	for _, event := range w.inbox.Webhooks() {
		body := string(event.Body)
		require.NotContains(t, body, `"merchant_order_id":"april`, "a line is told of by itself")
		if strings.Contains(body, `"bulk_id":"`+id+`"`) {
			require.True(t, event.Verified)
			_, status, _ := strings.Cut(body, `"status":"`)
			states = append(states, strings.Split(status, `"`)[0])
		}
	}
	return states
}
