package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/config"
	"pirogue/operator"
	"pirogue/piroguetest"
	"pirogue/routing"
	"pirogue/sandbox/engine"
	"pirogue/support"
)

// numberRow is a line of the merchant's document: the status of the API's response to a number,
// and the payment's end.
type numberRow struct {
	answer int
	end    string
	reason string
	cause  support.Cause
}

// numbersIn is the table "Sandbox numbers" for a cash-in, by the last six digits.
var numbersIn = map[string]numberRow{
	"123456": {202, "SUCCESS", "", ""},
	"111111": {202, "FAILED", "OPERATOR_DECLINED", ""},
	"222222": {202, "FAILED", "OPERATOR_DECLINED", ""},
	"333333": {202, "EXPIRED", "CUSTOMER_DID_NOT_PAY", ""},
	"444444": {202, "SUCCESS", "", ""},
	"555555": {503, "FAILED", "OPERATOR_UNAVAILABLE", ""},
	"666666": {503, "SUCCESS", "", ""},
	"777777": {202, "EXPIRED", "CUSTOMER_DID_NOT_PAY", support.CauseLateSuccess},
	"888888": {202, "SUCCESS", "", ""},
	"999999": {202, "PENDING", "", support.CauseAmountMismatch},
	"000123": {202, "SUCCESS", "", ""},
}

// numbersOut is the same table for a cash-out.
var numbersOut = map[string]numberRow{
	"123456": {202, "SUCCESS", "", ""},
	"111111": {202, "FAILED", "OPERATOR_REFUSED", ""},
	"222222": {202, "FAILED", "OPERATOR_DECLINED", ""},
	"333333": {202, "FAILED", "OPERATOR_DECLINED", ""},
	"444444": {202, "SUCCESS", "", ""},
	"555555": {503, "FAILED", "OPERATOR_UNAVAILABLE", ""},
	"666666": {503, "SUCCESS", "", ""},
	"777777": {202, "SUCCESS", "", ""},
	"888888": {202, "SUCCESS", "", ""},
	"999999": {202, "PENDING", "", support.CauseAmountMismatch},
	"000123": {202, "SUCCESS", "", ""},
}

// numbersLikeLive holds the ends that differ if nothing proves that a cash-out was not executed.
// An operator that answers 503 to every call may have executed it, so a person must decide.
var numbersLikeLive = map[pirogue.PaymentKind]map[string]numberRow{
	pirogue.CashOut: {down: {503, "PENDING", "", support.CauseUnknown}},
}

// linesAtOnce bounds the numbers played at once. With more, the time would measure this machine
// and not the operators.
const linesAtOnce = 16

// down is the number whose operator answers 503 to every call.
const down = "555555"

// prefixOf holds the digits before the last six, for a number of each network.
var prefixOf = map[pirogue.CountryCode]map[pirogue.Network]string{
	"ML": {pirogue.Orange: "+22376"},
	"SN": {pirogue.Orange: "+221770"},
	"CI": {
		pirogue.Orange: "+2250707", pirogue.MTN: "+2250505", pirogue.Moov: "+2250101", pirogue.Wave: "+2250708",
	},
	"TG": {pirogue.Moov: "+22899"},
	"BF": {pirogue.Orange: "+22674", pirogue.Moov: "+22670"},
	"BJ": {pirogue.MTN: "+2290161", pirogue.Moov: "+2290164"},
	"CM": {pirogue.Orange: "+237699", pirogue.MTN: "+237679"},
}

func TestEveryNumberEndsAsTheDocumentSaysOnEveryRoute(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		t.Parallel()
		playNumbers(t, shortenTimes(database))
	})
}

// TestLikeLiveEveryNumberEndsAsTheDocumentSays plays the same numbers while the simulators
// promise no more than live operators. It does not run in parallel: a slow machine answers 202
// before it knows that the operator is down.
func TestLikeLiveEveryNumberEndsAsTheDocumentSays(t *testing.T) {
	like := shortenTimes(piroguetest.Postgres(t))
	like.promises = engine.PromisesLive
	playNumbers(t, like)
}

func playNumbers(t *testing.T, s setup) {
	t.Helper()
	w := newWorld(t, s)
	m := w.merchant()
	end := func(k pirogue.PaymentKind, digits string) numberRow {
		if want, otherwise := numbersLikeLive[k][digits]; otherwise && s.promises == engine.PromisesLive {
			return want
		}
		return tableOf(k)[digits]
	}
	for country, prefixes := range prefixOf {
		for range 3 { // each within every operator's limits
			w.fundIn(t, m, country, slices.Collect(maps.Keys(prefixes))[0], 400_000)
		}
	}
	var lines []func()
	for _, route := range w.parts.routes.Routes(pirogue.Test) {
		for digits := range tableOf(route.Kind) {
			if digits != down && !byQRCode(route) {
				lines = append(lines, func() { w.play(t, m, route, digits, end(route.Kind, digits)) })
			}
		}
	}
	w.provePINs(t, m)
	together(len(lines), linesAtOnce, func(i int) { lines[i]() })
	w.playDown(t, m, end)
	w.settled()
}

// provePINs pays once from every account of Sonatel. Until the operator has accepted an account's
// PIN, only one call at a time carries it. A first call whose response is lost would hold up the
// others.
func (w *world) provePINs(t *testing.T, m merchant) {
	t.Helper()
	for _, country := range []pirogue.CountryCode{"ML", "SN"} {
		got := m.send(t, "/payments/cashout", cashOut(prefixOf[country][pirogue.Orange]+"123456", 1000))
		require.Equal(t, http.StatusAccepted, got.Status, got.Raw)
		m.until(t, got.Data.ID, "SUCCESS", time.Minute)
	}
}

// byQRCode reports whether a route's operator gets the customer's time limit and enforces it by
// its own clock. Such a route cannot run as fast as the others.
func byQRCode(r routing.Route) bool { return r.Country == "SN" && r.Kind == pirogue.CashIn }

func TestEveryNumberEndsAsTheDocumentSaysByQRCode(t *testing.T) {
	t.Parallel()

	piroguetest.EachDatabase(t, func(t *testing.T, database string) {
		t.Parallel()
		playQRCodes(t, setup{database: database})
	})
}

func TestNumbersLikeLiveByQRCode(t *testing.T) {
	playQRCodes(t, setup{database: piroguetest.Postgres(t), promises: engine.PromisesLive})
}

func playQRCodes(t *testing.T, s setup) {
	t.Helper()
	// A customer pays within 30 s of the simulator's clock, and a late one after 330 s.
	s.play, s.tune = 8, func(o *config.Operator) {
		o.Window, o.Timeout = config.Duration(33*time.Second), config.Duration(4*time.Second)
	}
	w := newWorld(t, s)
	m := w.merchant()
	routes := slices.DeleteFunc(w.parts.routes.Routes(pirogue.Test), func(r routing.Route) bool { return !byQRCode(r) })
	require.Len(t, routes, 1)
	digits := slices.Collect(maps.Keys(numbersIn))
	together(len(digits), linesAtOnce, func(i int) { w.play(t, m, routes[0], digits[i], numbersIn[digits[i]]) })
	w.settled()
}

func tableOf(k pirogue.PaymentKind) map[string]numberRow {
	if k == pirogue.CashIn {
		return numbersIn
	}
	return numbersOut
}

// playDown plays the number whose operator is down on every route. Many at once would count as an
// outage, so it plays a few of each operator at a time.
func (w *world) playDown(t *testing.T, m merchant, end func(pirogue.PaymentKind, string) numberRow) {
	t.Helper()
	lines := map[pirogue.OperatorCode][]routing.Route{}
	for _, route := range w.parts.routes.Routes(pirogue.Test) {
		if byQRCode(route) {
			continue
		}
		lines[route.Operators[0]] = append(lines[route.Operators[0]], route)
	}
	var all sync.WaitGroup
	for _, routes := range lines {
		all.Go(func() {
			for few := range slices.Chunk(routes, operator.OutagePayments-1) {
				var some sync.WaitGroup
				for _, route := range few {
					some.Go(func() { w.play(t, m, route, down, end(route.Kind, down)) })
				}
				some.Wait()
			}
		})
	}
	all.Wait()
}

// play runs one payment of a number and requires the end that the document promises.
func (w *world) play(t *testing.T, m merchant, r routing.Route, digits string, want numberRow) {
	const patience = 150 * time.Second
	name := fmt.Sprintf("%s %s %s %s", r.Country, r.Network, r.Kind, digits)
	number := prefixOf[r.Country][r.Network] + digits
	path, body := "/payments/cashin", order(number)
	if r.Kind == pirogue.CashOut {
		path, body = "/payments/cashout", cashOut(number, 5000)
	}
	got, err := m.insist(t.Context(), path, on(body, r.Network))
	if err != nil || got.Status != want.answer {
		t.Errorf("%s: POST answers %d %s %v", name, got.Status, got.Raw, err)
		return
	}
	last := m.last(t, got.Data.ID, want.end, patience)
	if r.Kind == pirogue.CashIn && digits == down && last.Failure.Code == string(pirogue.FailedUnconfirmed) {
		want.reason = last.Failure.Code // the request may have arrived, and nobody can tell
	}
	if last.Status != want.end || last.Failure.Code != want.reason {
		t.Errorf("%s: %s is %s %s, want %s %s", name, last.ID, last.Status, last.Failure.Code, want.end, want.reason)
		return
	}
	w.expectCase(t, name, got.Data.ID, want.cause, patience)
	if want.end != "PENDING" {
		w.expectWebhooks(t, name, got.Data.ID, want.end)
		return
	}
	if last = m.last(t, got.Data.ID, want.end, time.Second); last.Status != want.end {
		t.Errorf("%s: %s is %s beside its case", name, last.ID, last.Status)
	}
}

// on returns a request with a network.
func on(body string, n pirogue.Network) string {
	return strings.TrimSuffix(body, "}") + fmt.Sprintf(`,"network":%q}`, n)
}

// fundIn has a customer of a country pay an amount to the merchant.
func (w *world) fundIn(t *testing.T, m merchant, c pirogue.CountryCode, n pirogue.Network, amount int64) {
	t.Helper()
	body := strings.Replace(order(prefixOf[c][n]+"123456"), "5000", fmt.Sprint(amount), 1)
	got := m.pay(t, on(body, n))
	require.Equal(t, 202, got.Status, got.Raw)
	m.until(t, got.Data.ID, "SUCCESS", time.Minute)
}
