package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/admin"
	"pirogue/config"
	"pirogue/ids"
	"pirogue/lifecycle"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/support"
	"pirogue/vault"
)

// somePayment and someMerchant are the arguments of the commands under test.
const (
	somePayment  = "018f3b1e-7c1a-7def-8abc-0123456789ab"
	someMerchant = "018f3b1e-7c1a-7def-8abc-0123456789cd"
	aBulk        = "018f3b1e-7c1a-7def-8abc-0123456789ef"
)

// run runs a command line and returns its output.
func run(t *testing.T, environ []string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := root(environ)
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// apiRequest holds a request that reached the admin API.
type apiRequest struct{ Token, Method, Target, Body string }

// adminAPI plays the admin API: it answers every request with one status and body. last holds
// the last request.
func adminAPI(t *testing.T, status int, body string) (environ []string, last *apiRequest) {
	t.Helper()
	last = &apiRequest{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*last = apiRequest{r.Header.Get("Authorization"), r.Method, r.URL.String(), string(raw)}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return []string{"PIROGUE_SUPPORT_URL=" + server.URL, "PIROGUE_SUPPORT_TOKEN=rokias"}, last
}

func TestEveryAdminCommandAsksForWhatItSays(t *testing.T) {
	t.Parallel()

	const because = `"reason":"they called"`
	payment := `{"transaction_id":"` + somePayment + `","type":"CASHIN","status":"PENDING","amount":5000,"currency":"XOF"}`
	act := `{"audit_id":"a1","action":"recheck","result":{"decision":"WAITING","reason":"not decided","status":"PENDING"}}`
	tests := map[string]struct {
		args   string
		method string
		target string
		body   string
		data   string
		prints string
	}{
		"find": {
			"find +22376123456 --limit 5", "GET", "/payments?find=%2B22376123456&limit=5", "", "[" + payment + "]",
			"5000 XOF",
		},
		"show": {
			"show " + somePayment, "GET", "/payments/" + somePayment + "?", "",
			payment[:len(payment)-1] +
				`,"allowed":["recheck","redrive"],"waiting":{"for":"customer"},"cases":[{"cause":"LATE_SUCCESS","note":"n"}]}`,
			"recheck redrive",
		},
		"timeline": {
			"timeline " + somePayment, "GET", "/payments/" + somePayment + "/timeline?", "",
			`[{"at":"2026-05-12T10:00:00Z","source":"operator","message":"Callback received.","details":{"polls":3}}]`,
			`{"polls":3}`,
		},
		"stuck": {
			"stuck", "GET", "/stuck?limit=100", "",
			`[{"cause":"OPERATOR_DOWN","payment":` + payment + `,"allowed":["recheck"]}]`, "OPERATOR_DOWN",
		},
		"cases": {
			"cases", "GET", "/cases?limit=100", "",
			`[{"case_id":"` + somePayment + `/LATE_SUCCESS","cause":"LATE_SUCCESS","payment":` + payment + `,"paid":5000}]`,
			"LATE_SUCCESS",
		},
		"stuck, selected": {
			"stuck --cause OPERATOR_DOWN --operator orange --merchant m --country ML --type CASHIN --cursor abc --limit 5",
			"GET", "/stuck?cause=OPERATOR_DOWN&country=ML&cursor=abc&limit=5&merchant=m&operator=orange&type=CASHIN",
			"",
			`[{"cause":"OPERATOR_DOWN","payment":` + payment + `,"unreadable":"cannot be read: no key"}]`,
			"cannot be read: no key",
		},
		"stuck, and more of it": {
			"stuck", "GET", "/stuck?limit=100", "",
			`[],"next_cursor":"abc","tallies":[{"cause":"CASE_OPEN","currency":"XOF","payments":3,"amount":700}]`, "700 XOF",
		},
		"an empty list": {"cases", "GET", "/cases?limit=100", "", `[]`, "nothing"},
		"audit": {
			"audit " + somePayment, "GET", "/audit?limit=100&payment=" + somePayment, "",
			`[{"actor":"rokia","action":"recheck"}]`, "under way",
		},
		"recheck": {
			"recheck " + somePayment + " --reason", "POST", "/payments/" + somePayment + "/recheck",
			"{" + because + "}", act, "not decided",
		},
		"redrive": {
			"redrive " + somePayment + " --reason", "POST", "/payments/" + somePayment + "/redrive",
			"{" + because + "}", act, "WAITING",
		},
		"resolve": {
			"resolve " + somePayment + " --as paid --evidence line4 --reason", "POST",
			"/payments/" + somePayment + "/resolve",
			"{" + because + `,"resolution":"paid","evidence":"line4"}`, act, "WAITING",
		},
		"resend": {
			"resend " + somePayment + " --event evt_1 --reason", "POST", "/payments/" + somePayment + "/resend",
			"{" + because + `,"event_id":"evt_1"}`, act, "WAITING",
		},
		"settlement": {
			"settlement " + someMerchant + " --id VIR-1 --country CM --amount 900 --live --reason", "POST",
			"/merchants/" + someMerchant + "/settlements",
			"{" + because + `,"id":"VIR-1","mode":"live","country_code":"CM","amount":900,"currency":"XAF"}`, act, "WAITING",
		},
		"settlements": {
			"settlements " + someMerchant + " --live", "GET", "/merchants/" + someMerchant + "/settlements?mode=live", "",
			`[{"id":"VIR-1","country_code":"CM","amount":900,"currency":"XAF"}]`, "VIR-1",
		},
		"fee set": {
			"fee set " + someMerchant + " --type CASHIN --basis-points 150 --max 2000 --returned --reason", "PUT",
			"/merchants/" + someMerchant + "/fees",
			"{" + because +
				`,"type":"CASHIN","fixed":0,"basis_points":150,"min":0,"max":2000,"payer":"merchant","returned":true}`,
			act, "WAITING",
		},
		"fee remove": {
			"fee remove " + someMerchant + " --type CASHIN --country ML --network orange --reason", "DELETE",
			"/merchants/" + someMerchant + "/fees",
			"{" + because + `,"type":"CASHIN","country_code":"ML","network":"orange"}`, act, "WAITING",
		},
		"merchant notify-url": {
			"merchant notify-url " + someMerchant + " https://shop.example/hook --reason", "PUT",
			"/merchants/" + someMerchant + "/notify-url",
			"{" + because + `,"notify_url":"https://shop.example/hook"}`, act, "WAITING",
		},
		"fee list": {
			"fee list " + someMerchant, "GET", "/merchants/" + someMerchant + "/fees?", "",
			`[{"type":"CASHIN","network":"orange"}]`, "every",
		},
		"late-policy": {
			"late-policy " + someMerchant + " accept --reason", "PUT", "/merchants/" + someMerchant + "/late-policy",
			"{" + because + `,"late_policy":"accept"}`, act, "WAITING",
		},
		"merchant suspend": {
			"merchant suspend " + someMerchant + " --reason", "POST", "/merchants/" + someMerchant + "/suspend",
			"{" + because + "}", act, "WAITING",
		},
		"merchant resume": {
			"merchant resume " + someMerchant + " --reason", "POST", "/merchants/" + someMerchant + "/resume",
			"{" + because + "}", act, "WAITING",
		},
		"bulk show": {
			"bulk show " + aBulk, "GET", "/bulks/" + aBulk + "?", "",
			`{"bulk_id":"` + aBulk + `","currency":"XOF","counts":{"WAITING":2},"amounts":{"WAITING":1500}}`,
			"2 lines, 1500 XOF",
		},
		"bulk cancel": {
			"bulk cancel " + aBulk + " --reason", "POST", "/bulks/" + aBulk + "/cancel", "{" + because + "}", act,
			"WAITING",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ, last := adminAPI(t, http.StatusOK, `{"data":`+tt.data+`}`)
			args := append([]string{"admin"}, strings.Fields(tt.args)...)
			if strings.HasSuffix(tt.args, "--reason") {
				args = append(args, "they called")
			}
			out, err := run(t, environ, args...)
			require.NoError(t, err)
			require.Equal(t, apiRequest{"Bearer rokias", tt.method, tt.target, tt.body}, *last)
			require.Contains(t, out, tt.prints)

			out, err = run(t, environ, append(args, "--json")...)
			require.NoError(t, err)
			require.True(t, json.Valid([]byte(out)), out)
		})
	}
}

func TestARefusedActIsPrintedAndTheCommandFails(t *testing.T) {
	t.Parallel()

	environ, _ := adminAPI(t, http.StatusConflict,
		`{"error":"the operator may still execute it","code":"REFUSED","request_id":"req_1",
		"data":{"audit_id":"a1","action":"redrive",
		"result":{"decision":"REFUSED","reason":"the operator may still execute it"}}}`)
	out, err := run(t, environ, "admin", "redrive", somePayment, "--reason", "they called")
	require.ErrorContains(t, err, "REFUSED: the operator may still execute it (req_1)")
	require.Regexp(t, `decision +REFUSED`, out)
}

func TestAnActWithoutAReasonIsNotEvenAskedFor(t *testing.T) {
	t.Parallel()

	environ, last := adminAPI(t, http.StatusOK, `{"data":{}}`)
	for _, args := range []string{
		"recheck " + somePayment, "redrive " + somePayment, "resend " + somePayment,
		"resolve " + somePayment + " --as paid --evidence line4", "fee set " + someMerchant + " --type CASHIN",
		"fee remove " + someMerchant + " --type CASHIN", "merchant notify-url " + someMerchant + " https://shop.example/",
		"settlement " + someMerchant + " --id VIR-1 --country ML --amount 900", "late-policy " + someMerchant + " return",
	} {
		_, err := run(t, environ, append([]string{"admin"}, strings.Fields(args)...)...)
		require.ErrorContains(t, err, `"reason" not set`, args)
	}
	require.Empty(t, *last)
	_, err := run(t, nil, "admin", "stuck")
	require.ErrorContains(t, err, "PIROGUE_SUPPORT_TOKEN")
}

// booksWorld holds the parts of the commands that work on the database, and the simulators'
// books. A test fills the books in.
type booksWorld struct {
	environ []string
	parts   *parts
	books   map[string]string // by path
}

func newBooksWorld(t *testing.T) *booksWorld {
	t.Helper()
	b := &booksWorld{books: map[string]string{}}
	simulators := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		book, ok := b.books[r.URL.Path]
		if !ok {
			book = `{"paid":[]}`
		}
		fmt.Fprint(w, book)
	}))
	t.Cleanup(simulators.Close)
	b.environ = []string{
		"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "pirogue.db"), "PIROGUE_KEYS=" + vault.NewRing("test"),
		"PIROGUE_SANDBOX_URL=" + simulators.URL,
	}
	conf, err := config.Load(b.environ)
	require.NoError(t, err)
	b.parts, err = newParts(conf)
	require.NoError(t, err)
	require.NoError(t, b.parts.openStore(t.Context()))
	t.Cleanup(func() { require.NoError(t, b.parts.Close()) })
	require.NoError(t, b.parts.store.Migrate(t.Context()))
	return b
}

// A merchant's address serves live payments too, so it passes the check of a live one.
func TestMerchantCreateChecksNotifyURL(t *testing.T) {
	t.Parallel()

	b := newBooksWorld(t)
	for _, wrong := range []string{"shop", "http://shop.example/hook", "https://127.0.0.1/hook", "https://10.0.0.1/"} {
		_, err := run(t, b.environ, "merchant", "create", "Boutique", "--notify-url", wrong)
		require.Equal(t, pirogue.InvalidURL, pirogue.CodeOf(err), "%s: %v", wrong, err)
	}
	merchants, err := b.parts.store.Merchants.Merchants(t.Context())
	require.NoError(t, err)
	require.Empty(t, merchants)
	_, err = run(t, b.environ, "merchant", "create", "Boutique", "--notify-url", "https://shop.example/hook")
	require.NoError(t, err)
	merchants, err = b.parts.store.Merchants.Merchants(t.Context())
	require.NoError(t, err)
	require.Len(t, merchants, 1)
	require.Equal(t, "https://shop.example/hook", merchants[0].NotifyURL)
}

func TestATokenIsShownOnceAndCanBeRevoked(t *testing.T) {
	t.Parallel()

	b := newBooksWorld(t)
	out, err := run(t, b.environ, "admin", "token", "create", "rokia", "--role", "support")
	require.NoError(t, err)
	secret, ok := strings.CutPrefix(strings.TrimSpace(out), "PIROGUE_SUPPORT_TOKEN=")
	require.True(t, ok, out)
	name, role, err := b.parts.store.Tokens.Token(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "rokia", name)
	require.Equal(t, support.RoleSupport, role)

	_, err = run(t, b.environ, "admin", "token", "create", "rokia", "--role", "finance")
	require.ErrorContains(t, err, "rokia has a token already")
	_, err = run(t, b.environ, "admin", "token", "create", "seydou", "--role", "boss")
	require.Error(t, err)

	_, err = run(t, b.environ, "admin", "token", "revoke", "rokia")
	require.NoError(t, err)
	_, _, err = b.parts.store.Tokens.Token(t.Context(), secret)
	require.Equal(t, pirogue.NotFound, pirogue.CodeOf(err))
	out, err = run(t, b.environ, "admin", "token", "list")
	require.NoError(t, err)
	require.Regexp(t, `rokia +support +\d{4}-\d\d-\d\d \S+ +\d{4}`, out)
	require.NotContains(t, out, secret)
}

func TestLaptopCommandsFindTheirKeys(t *testing.T) {
	t.Parallel()

	environ := []string{"PIROGUE_DATA_DIR=" + filepath.Join(t.TempDir(), ".pirogue")}
	for _, args := range []string{"migrate up", "admin token create rokia --role reader", "admin token list"} {
		_, err := run(t, environ, strings.Fields(args)...)
		require.NoError(t, err, args)
	}
	_, err := run(t, append(environ, "DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "other.db")), "migrate", "up")
	require.ErrorContains(t, err, "PIROGUE_KEYS", "another database has keys of its own")
}

// accepted creates a payment that Pirogue has accepted and not sent, and returns its attempt. change
// changes the payment before.
func (b *booksWorld) accepted(t *testing.T, change ...func(*pirogue.Payment)) pirogue.Attempt {
	t.Helper()
	merchant, err := b.parts.store.Merchants.CreateMerchant(t.Context(), pirogue.Merchant{Name: "Boutique"})
	require.NoError(t, err)
	now := time.Now()
	p := pirogue.Payment{
		ID: ids.Payment(), MerchantID: merchant.ID, Mode: pirogue.Test, Kind: pirogue.CashIn, OrderID: "order_001",
		Status: pirogue.StatusCreated, Amount: pirogue.Money{Minor: 5000, Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, FeePayer: pirogue.PaidByMerchant, Country: "ML",
		MSISDN:  "+22376123456",
		Network: pirogue.Orange, Operator: "orange-web-ml-test", StartDeadline: now.Add(time.Minute), CreatedAt: now,
		UpdatedAt: now,
	}
	for _, c := range change {
		c(&p)
	}
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: now,
	}
	_, fresh, err := b.parts.store.Payments.Accept(t.Context(), p, a, string(a.ID))
	require.NoError(t, err)
	require.True(t, fresh)
	return a
}

// pay finalizes an accepted payment as paid.
func (b *booksWorld) pay(t *testing.T, a pirogue.Attempt) {
	t.Helper()
	now := time.Now()
	sending, err := b.parts.store.Attempts.Send(t.Context(), a.ID, operator.SendLimits{}, now)
	require.NoError(t, err)
	_, err = b.parts.store.Attempts.RecordAttemptResult(t.Context(), lifecycle.AttemptResult{
		AttemptID: a.ID, Sending: sending.Number, State: pirogue.AttemptAccepted, At: now,
	})
	require.NoError(t, err)
	_, err = b.parts.store.Payments.Finalize(t.Context(), lifecycle.Finalization{
		PaymentID: a.PaymentID, Status: pirogue.StatusSuccess, At: now,
	})
	require.NoError(t, err)
}

func TestVerifyHoldsTheBooksAgainstTheSimulators(t *testing.T) {
	t.Parallel()

	const stranger = `{"order_id":"CI000000000000000000","amount":700}`
	tests := map[string]struct {
		book   func(ref pirogue.OperatorRef) string
		prints []string
		fails  string
		paid   bool // our books have its money
	}{
		"nothing moved": {
			func(pirogue.OperatorRef) string { return `{"paid":[]}` }, []string{"the books balance"}, "", false,
		},
		"money moved for a payment that is under way": {
			func(ref pirogue.OperatorRef) string {
				return fmt.Sprintf(`{"paid":[{"order_id":%q,"amount":5000}]}`, ref)
			},
			[]string{"the books balance"},
			"",
			false,
		},
		"money moved that nobody here knows of": {
			func(pirogue.OperatorRef) string { return `{"paid":[` + stranger + `]}` },
			[]string{ruleEqual, "CI000000000000000000 in: 0 here, 700 at "},
			"1 violations",
			false,
		},
		"one reference was executed twice": {
			func(ref pirogue.OperatorRef) string {
				return fmt.Sprintf(`{"paid":[{"order_id":%q,"amount":5000},{"order_id":%[1]q,"amount":5000}]}`, ref)
			},
			[]string{ruleOnce},
			"1 violations",
			false,
		},
		"the simulator shows no book": {
			func(pirogue.OperatorRef) string { return `gone` }, []string{"the books balance"}, "/orange-web/book", true,
		},
		"the simulator is not there, and nothing went through it": {
			func(pirogue.OperatorRef) string { return `gone` }, []string{"the books balance"}, "", false,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooksWorld(t)
			attempt := b.accepted(t)
			if tt.paid {
				b.pay(t, attempt)
			}
			b.books["/orange-web/book"] = tt.book(attempt.Ref)
			out, err := run(t, b.environ, "admin", "verify")
			if tt.fails == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tt.fails)
			}
			for _, text := range tt.prints {
				require.Contains(t, out, text)
			}
		})
	}
}

func TestVerifyPrintsWhatTheDatabaseBreaks(t *testing.T) {
	t.Parallel()

	b := newBooksWorld(t)
	out, err := run(t, b.environ, "admin", "verify", "--json")
	require.NoError(t, err)
	require.JSONEq(t, `[]`, out)
	b.books["/sonatel/book"] = `{"paid":[{"order_id":"CO1","amount":5,"direction":"out"}]}`
	out, err = run(t, b.environ, "admin", "verify", "--json")
	require.Error(t, err)
	var found []admin.Violation
	require.NoError(t, json.Unmarshal([]byte(out), &found))
	require.Len(t, found, 1, "two countries share one simulator, and its line is told once")
}

func TestSupportActsOnARealPayment(t *testing.T) {
	t.Parallel()

	w := newWorld(t, setup{database: piroguetest.SQLite(t)})
	server, err := w.parts.newSupport()
	require.NoError(t, err)
	environ := []string{
		"PIROGUE_SUPPORT_URL=" + w.listen(server.Handler()), "PIROGUE_SUPPORT_TOKEN=" + w.account.Support,
	}
	tool := func(args ...string) string {
		t.Helper()
		out, err := run(t, environ, append([]string{"admin"}, args...)...)
		require.NoError(t, err)
		return out
	}
	pending := w.merchant().pay(t, order("+22376333333"))
	require.Equal(t, 202, pending.Status, pending.Raw)
	id := pending.Data.ID

	require.Contains(t, tool("find", pending.Data.OrderID), id)
	require.Contains(t, tool("show", id), "recheck")
	require.Regexp(t, `decision +WAITING`, tool("recheck", id, "--reason", "the customer called"))
	out, err := run(t, environ, "admin", "redrive", id, "--reason", "the customer called")
	require.Equal(t, operator.Refused, pirogue.CodeOf(err), "%v", err)
	require.Contains(t, out, "nothing proves")
	require.Contains(t, tool("audit", id), "laptop")
	require.Contains(t, tool("timeline", id), "support")

	paid := w.merchant().pay(t, order("+22376123456"))
	require.Equal(t, 202, paid.Status, paid.Raw)
	w.merchant().until(t, paid.Data.ID, "SUCCESS", patience)
	require.Eventually(t, func() bool { // refused while the first delivery is under way
		return strings.Contains(tool("resend", paid.Data.ID, "--reason", "their server was down"), "round 1")
	}, patience, 100*time.Millisecond)
	require.Eventually(t, func() bool { return len(w.webhooks(paid.Data.ID)) == 2 }, patience, 100*time.Millisecond)
	found, err := booksCheck{w.parts}.violations(t.Context())
	require.NoError(t, err)
	require.Empty(t, found)
}
