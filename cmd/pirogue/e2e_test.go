package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/api/apitest"
	"pirogue/config"
	"pirogue/docs/samples/samplestest"
	"pirogue/piroguetest"
	"pirogue/sandbox"
	"pirogue/sandbox/engine"
	"pirogue/support"
)

// shortenTimes shortens five minutes to three seconds for Pirogue, and to seven and a half for the
// simulators. So every number reaches its end during the test, and a customer who pays late is
// late for Pirogue too.
func shortenTimes(database string) setup {
	return setup{database: database, play: 40, tune: func(o *config.Operator) {
		o.Window, o.Timeout = config.Duration(3*time.Second), config.Duration(4*time.Second)
		if o.FinalityWindow > 0 {
			o.FinalityWindow = config.Duration(25 * time.Second)
		}
		if o.RefusalSpan > 0 {
			o.RefusalSpan = config.Duration(5 * time.Second)
		}
	}}
}

// expectCase waits for the one case of a payment; cause "" requires that it has none.
func (w *world) expectCase(t *testing.T, name, id string, cause support.Cause, patience time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		cases, err := w.parts.store.Cases.Cases(t.Context(), pirogue.PaymentID(id))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case cause == "" && len(cases) == 0, len(cases) == 1 && cases[0].Cause == cause:
		case time.Now().Before(deadline):
			continue
		default:
			t.Errorf("%s: cases %v, want %q", name, cases, cause)
		}
		return
	}
}

// expectWebhooks waits for a payment's webhook and requires that it arrives once.
func (w *world) expectWebhooks(t *testing.T, name, id, status string) {
	t.Helper()
	for range 100 {
		if len(w.webhooks(id)) > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if told := w.webhooks(id); len(told) != 1 || told[0] != status {
		t.Errorf("%s: the merchant was told %v, want %s once", name, told, status)
	}
}

func TestAThousandIdenticalCashInsMakeOne(t *testing.T) {
	const callers = 1000
	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		l := newLaptop(t) // its own process, at the real speed
		l.env = append(l.env, "DATABASE_URL="+database)
		m, body := l.start(), order("+22376123456")
		answers := make([]answer, callers)
		var all sync.WaitGroup
		begin := make(chan struct{})
		for i := range callers {
			all.Go(func() {
				<-begin
				got, err := m.do(t.Context(), http.MethodPost, "/payments/cashin", body)
				if err != nil {
					t.Error(err)
				}
				answers[i] = got
			})
		}
		close(begin)
		all.Wait()

		counts, ids := map[int]int{}, map[string]bool{}
		for _, got := range answers {
			counts[got.Status]++
			ids[got.Data.ID] = true
		}
		require.Equal(t, map[int]int{202: 1, 409: callers - 1}, counts)
		require.Len(t, ids, 1)
		for id := range ids {
			m.until(t, id, "SUCCESS", time.Minute)
		}
		require.Len(t, readBook(t, "http://"+l.sandbox+sandbox.OrangeWebPath).Sessions, 1)
		l.stop()
	})
}

func TestEveryBadInputHasItsAnswer(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorld(t, setup{database: database})
		apitest.Run(t, w.api.URL+"/api/v1", w.account.Key, w.account.Secret)
	})
}

func TestTheSamplesTakeAFirstPayment(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		w := newWorld(t, setup{database: database})
		samplestest.Run(t, w.api.URL+"/api/v1", w.account.Key, w.account.Secret)
	})
}

// book is a simulator's own book, as its HTTP API returns it.
type book struct {
	Sessions []struct {
		OrderID string `json:"order_id"`
		Status  string `json:"status"`
	} `json:"sessions"`
	Paid []engine.BookEntry `json:"paid"`
}

// book returns the book of Orange Web Payment's simulator.
func (w *world) book() book {
	w.t.Helper()
	return readBook(w.t, w.parts.conf.SandboxURL+sandbox.OrangeWebPath)
}

func readBook(t testing.TB, simulator string) book {
	t.Helper()
	resp, err := http.Get(simulator + "/book")
	require.NoError(t, err)
	defer resp.Body.Close()
	var b book
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&b))
	return b
}

// settled fails unless the books are in order and agree with the operators' own books, payment by
// payment.
func (w *world) settled() {
	w.t.Helper()
	violations, err := w.parts.store.Books.Audit(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, violations)

	for url, instances := range simulators(w.parts.conf.Operators) {
		w.agrees(url, instances)
	}
}

// agreesWithin bounds the time from a payment's end to the refund of its unwanted money.
const agreesWithin = time.Minute

// agrees compares a simulator's book with ours for the instances that it plays. It waits for
// refunds under way.
func (w *world) agrees(url string, instances []pirogue.OperatorCode) {
	w.t.Helper()
	said, ours := w.books(url, instances)
	for deadline := time.Now().Add(agreesWithin); time.Now().Before(deadline) && !reflect.DeepEqual(said, ours); {
		time.Sleep(100 * time.Millisecond)
		said, ours = w.books(url, instances)
	}
	require.Equal(w.t, said, ours, "%v", instances)
}

// books returns the amounts in a simulator's book and in ours, by direction and reference. It
// fails if the simulator has executed a reference twice.
func (w *world) books(url string, instances []pirogue.OperatorCode) (said, ours map[engine.Direction]map[string]int64) {
	w.t.Helper()
	theirs := readBook(w.t, url).Paid
	said = map[engine.Direction]map[string]int64{engine.In: {}, engine.Out: {}}
	for _, line := range theirs {
		book := said[cmp.Or(line.Direction, engine.In)]
		require.NotContains(w.t, book, line.OrderID, "the operator executed one reference twice")
		book[line.OrderID] = line.Amount
	}
	ours = map[engine.Direction]map[string]int64{engine.In: {}, engine.Out: {}}
	for _, code := range instances {
		in, out, err := w.parts.store.Books.OperatorBook(w.t.Context(), code)
		require.NoError(w.t, err)
		maps.Copy(ours[engine.In], in)
		maps.Copy(ours[engine.Out], out)
	}
	return said, ours
}

// binary builds pirogue once for all tests that start it as a process. It returns the binary's
// path.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "pirogue-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "pirogue")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})
