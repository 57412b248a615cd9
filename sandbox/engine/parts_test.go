package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"pirogue/sandbox/engine"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

// TestMagicNumbers compares the table with the merchant API's page.
func TestMagicNumbers(t *testing.T) {
	t.Parallel()
	for msisdn, want := range map[string]engine.Behaviour{
		"+22376123456":   {Outcome: engine.Pays},
		"+22376111111":   {Outcome: engine.Refuses, Poor: true, After: 2 * time.Second},
		"+22376222222":   {Outcome: engine.Refuses, After: 2 * time.Second},
		"+22376333333":   {Outcome: engine.Silent},
		"+22376444444":   {Outcome: engine.Pays, After: 30 * time.Second},
		"+22376555555":   {Down: true},
		"+22376666666":   {Outcome: engine.Pays, After: 10 * time.Second, AnswerLost: true},
		"+22376777777":   {Outcome: engine.Pays, After: 330 * time.Second},
		"+22376888888":   {Outcome: engine.Pays, Callbacks: 3},
		"+22376999999":   {Outcome: engine.Pays, OtherAmount: true},
		"+2250799999999": {Outcome: engine.Pays, OtherAmount: true},
		"+237699123456":  {Outcome: engine.Pays},
		"76444444":       {Outcome: engine.Pays, After: 30 * time.Second},
		"+22376543210":   {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
		"+22312345676":   {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
		"12":             {Outcome: engine.Pays, After: 10 * time.Second, YieldsToUser: true},
	} {
		got := engine.BehaviourOf(msisdn)
		if got.Says == "" {
			t.Errorf("%s does not say what it does", msisdn)
		}
		if got.Says = ""; got != want {
			t.Errorf("%s does %+v, want %+v", msisdn, got, want)
		}
	}
	if n := len(engine.MagicNumbers()); n != 10 {
		t.Errorf("%d numbers are magic, want 10", n)
	}
}

// TestMagicPayouts compares the same table for cash-outs.
func TestMagicPayouts(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]engine.Payout{
		"770123456": {End: engine.PaidOut},
		"770111111": {End: engine.RefusedAtOnce},
		"770222222": {End: engine.RejectedLater, After: 2 * time.Second},
		"770333333": {End: engine.RejectedLater, After: 5 * time.Minute},
		"770444444": {After: 30 * time.Second},
		"770555555": {Down: true},
		"770666666": {AnswerLost: true},
		"770777777": {After: 6 * time.Minute},
		"770888888": {Callbacks: 3},
		"770999999": {OtherAmount: true},
		"770543210": {After: 10 * time.Second},
		"12":        {After: 10 * time.Second},
	} {
		got := engine.PayoutTo(number)
		if got.Says == "" {
			t.Errorf("%s does not say what it does", number)
		}
		if got.Says = ""; got != want {
			t.Errorf("%s does %+v, want %+v", number, got, want)
		}
	}
	for digits := range engine.MagicNumbers() {
		if engine.MagicPayouts()[digits].Says == "" {
			t.Errorf("%s is magic for those who pay and not for those who are paid", digits)
		}
	}
}

func TestNumbersAreWrittenAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	for amount, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1500: "-1 500", -150: "-150",
	} {
		if got := strings.ReplaceAll(engine.Grouped(amount), engine.NoBreak, " "); got != want {
			t.Errorf("%d is written %q", amount, got)
		}
	}
	for typed, want := range map[string]string{
		"77 012 34 56": "770123456", "00221-77.012.34.56": "+221770123456", "(+221) 770123456": "+221770123456", "077": "077",
	} {
		if got := engine.BareNumber(typed); got != want {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
}

func TestNumbersAreInternational(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"+22376123456": true, "+2250799123456": true, "22376123456": false, "+0022376123456": false,
		"+223761": false, "+2237612345678901": false, "+223 76123456": false, "": false,
	} {
		if got := engine.ValidNumber(number); got != want {
			t.Errorf("%q: %v", number, got)
		}
	}
}

func TestAVirtualClockRingsInOrder(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	var rung []string
	ring := func(name string) func() {
		return func() { rung = append(rung, name+clock.Now().Format(" 15:04:05")) }
	}
	clock.At(noon.Add(3*time.Second), ring("third"))
	clock.At(noon.Add(time.Second), func() {
		ring("first")()
		clock.At(noon.Add(2*time.Second), ring("second"))
		clock.At(noon.Add(time.Hour), ring("too late"))
	})
	stop := clock.At(noon.Add(2*time.Second), ring("stopped"))
	clock.At(noon.Add(3*time.Second), ring("fourth"))
	if !stop() || stop() {
		t.Error("stopping says whether it prevented the alarm, once")
	}
	clock.Advance(10 * time.Second)
	want := []string{"first 12:00:01", "second 12:00:02", "third 12:00:03", "fourth 12:00:03"}
	if !slices.Equal(rung, want) {
		t.Errorf("rang %q, want %q", rung, want)
	}
	if !clock.Now().Equal(noon.Add(10 * time.Second)) {
		t.Errorf("the clock shows %s", clock.Now())
	}
}

// TestAVirtualClockRingsForThePast sets an alarm for a past instant, on a clock that nobody
// moves afterwards.
func TestAVirtualClockRingsForThePast(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	clock.Advance(time.Hour)
	rang := make(chan struct{})
	if stop := clock.At(noon.Add(time.Minute), func() { close(rang) }); stop() {
		t.Error("an alarm that rings at once was stopped")
	}
	select {
	case <-rang:
	case <-time.After(10 * time.Second):
		t.Fatal("the alarm never rings")
	}
}

func TestAVirtualClockRuns(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 36000) // ten hours a second
	rang := make(chan time.Time, 2)
	clock.At(noon.Add(10*time.Minute), func() { rang <- clock.Now() })
	clock.At(noon.Add(5*time.Minute), func() { rang <- clock.Now() })
	for _, due := range []time.Duration{5 * time.Minute, 10 * time.Minute} {
		select {
		case at := <-rang:
			if at.Before(noon.Add(due)) {
				t.Errorf("rang at %s, before %s have passed", at, due)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the clock stands still")
		}
	}
}

func TestTheWallClockRingsAndStops(t *testing.T) {
	t.Parallel()
	rang := make(chan struct{})
	engine.WallClock{}.At(time.Now().Add(time.Millisecond), func() { close(rang) })
	if stop := (engine.WallClock{}).At(time.Now().Add(time.Hour), func() { t.Error("rang") }); !stop() {
		t.Error("the alarm could not be stopped")
	}
	<-rang
	if time.Since(engine.WallClock{}.Now()) > time.Minute {
		t.Error("the wall clock is wrong")
	}
}

func TestAClosedAgendaDoesNothing(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	agenda := engine.NewScheduler(clock)
	done := 0
	agenda.At(noon.Add(time.Second), func() { done++ })
	agenda.At(noon.Add(time.Minute), func() { done++ })
	clock.Advance(time.Second)
	agenda.Close()
	agenda.At(noon.Add(2*time.Second), func() { done++ })
	clock.Advance(time.Hour)
	if done != 1 {
		t.Errorf("%d things were done, want the one before the closing", done)
	}
}

func TestAJournalKeepsItsLines(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	for _, round := range []string{"first", "second"} {
		journal, err := engine.OpenJournal(path, func([]byte) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(journal.Append(round), journal.Append(map[string]int{"n": 1}), journal.Close()); err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	journal, err := engine.OpenJournal(path, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := journal.Close(); err != nil {
			t.Error(err)
		}
	})
	if want := []string{`"first"`, `{"n":1}`, `"second"`, `{"n":1}`}; !slices.Equal(lines, want) {
		t.Errorf("the journal holds %q, want %q", lines, want)
	}
	if err := journal.Append(func() {}); err == nil {
		t.Error("a function is no line")
	}
}

func TestAJournalThatCannotBe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a folder in place of a file": folder,
		"a file in place of a folder": filepath.Join(folder, "file", "journal"),
	} {
		if _, err := engine.OpenJournal(path, nil); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	var none *engine.Journal
	if err := errors.Join(none.Append("x"), none.Close()); err != nil {
		t.Errorf("no journal at all fails: %v", err)
	}
}

// TestTheMessengerFollowsNobody sends to an address that redirects.
func TestTheMessengerFollowsNobody(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	mux := http.NewServeMux()
	mux.Handle("/notif", http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	server := httptest.NewServer(mux)
	defer server.Close()
	messenger := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	messenger.Send(server.URL+"/notif", []byte("{}"), 1)
	if err := messenger.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if followed.Load() {
		t.Error("the notification was carried elsewhere")
	}
	messenger.Send(server.URL+"/elsewhere", []byte("{}"), 1)
	if followed.Load() {
		t.Error("a closed messenger still sends")
	}
}

// TestTheMessengerGivesUp closes a notifier while a merchant sends no response.
func TestTheMessengerGivesUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	messenger := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	for range 100 { // more than are sent at once
		messenger.Send(server.URL, []byte("{}"), 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := messenger.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing says %v", err)
	}
}

// TestTheMessengerTellsHowItWent sends headers to a receiver that fails, and to an address
// without a server.
func TestTheMessengerTellsHowItWent(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Basic key" || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer server.Close()
	statuses := make(chan int, 4)
	heard := func(status int) { statuses <- status }
	messenger := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	messenger.Enqueue(
		engine.Notification{URL: server.URL, Header: http.Header{"Authorization": {"Basic key"}}, Copies: 2, Answered: heard},
	)
	if err := messenger.Close(t.Context()); err != nil {
		t.Error(err)
	}
	messenger.Deliver(t.Context(), engine.Notification{URL: "http://127.0.0.1:1", Answered: heard})
	messenger.Enqueue(engine.Notification{URL: server.URL, Answered: heard}) // closed: lost
	close(statuses)
	var got []int
	for status := range statuses {
		got = append(got, status)
	}
	if !slices.Equal(got, []int{502, 502, 0}) {
		t.Errorf("heard of %v", got)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if engine.Wait(ctx, engine.NewVirtualClock(noon, 0), time.Hour) {
		t.Error("an hour passed on a clock that stands still")
	}
}

func TestSwitchesKeepToTheirLimits(t *testing.T) {
	t.Parallel()
	board := engine.NewFaults(engine.WallClock{})
	if err := board.Set(engine.Switches{}); err == nil || !strings.Contains(err.Error(), "notification_copies") {
		t.Errorf("no copies at all: %v", err)
	}
	if err := board.Set(engine.Switches{NotificationCopies: 1, Promises: "all"}); err == nil ||
		!strings.Contains(err.Error(), "promises") {
		t.Errorf("promises of a kind that is none: %v", err)
	}
	if now := board.Read(); now != (engine.Switches{NotificationCopies: 1}) {
		t.Errorf("what was refused changed something: %+v", now)
	}
}
