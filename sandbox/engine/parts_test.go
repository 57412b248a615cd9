package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
		require.NotEmpty(t, got.Says, msisdn)
		got.Says = ""
		require.Equal(t, want, got, msisdn)
	}
	require.Len(t, engine.MagicNumbers(), 10)
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
		require.NotEmpty(t, got.Says, number)
		got.Says = ""
		require.Equal(t, want, got, number)
	}
	for digits := range engine.MagicNumbers() {
		require.NotEmpty(t, engine.MagicPayouts()[digits].Says)
	}
}

func TestNumberFormat(t *testing.T) {
	t.Parallel()
	for amount, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567", -1500: "-1 500", -150: "-150",
	} {
		require.Equal(t, want, strings.ReplaceAll(engine.Grouped(amount), engine.NoBreak, " "), amount)
	}
	for typed, want := range map[string]string{
		"77 012 34 56": "770123456", "00221-77.012.34.56": "+221770123456", "(+221) 770123456": "+221770123456", "077": "077",
	} {
		require.Equal(t, want, engine.BareNumber(typed), typed)
	}
}

func TestValidNumber(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]bool{
		"+22376123456": true, "+2250799123456": true, "22376123456": false, "+0022376123456": false,
		"+223761": false, "+2237612345678901": false, "+223 76123456": false, "": false,
	} {
		require.Equal(t, want, engine.ValidNumber(number), number)
	}
}

func TestVirtualClockOrder(t *testing.T) {
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
	require.True(t, stop(), "stopping says whether it prevented the alarm, once")
	require.False(t, stop(), "stopping says whether it prevented the alarm, once")
	clock.Advance(10 * time.Second)
	want := []string{"first 12:00:01", "second 12:00:02", "third 12:00:03", "fourth 12:00:03"}
	require.Equal(t, want, rung)
	require.True(t, clock.Now().Equal(noon.Add(10*time.Second)), "the clock shows %s", clock.Now())
}

// TestVirtualClockPastAlarm sets an alarm for a past instant, on a clock that nobody
// moves afterwards.
func TestVirtualClockPastAlarm(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	clock.Advance(time.Hour)
	rang := make(chan struct{})
	stop := clock.At(noon.Add(time.Minute), func() { close(rang) })
	require.False(t, stop(), "an alarm that rings at once was stopped")
	select {
	case <-rang:
	case <-time.After(10 * time.Second):
		require.FailNow(t, "the alarm never rings")
	}
}

func TestVirtualClockRate(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 36000) // ten hours a second
	rang := make(chan time.Time, 2)
	clock.At(noon.Add(10*time.Minute), func() { rang <- clock.Now() })
	clock.At(noon.Add(5*time.Minute), func() { rang <- clock.Now() })
	for _, due := range []time.Duration{5 * time.Minute, 10 * time.Minute} {
		select {
		case at := <-rang:
			require.False(t, at.Before(noon.Add(due)), "rang at %s, before %s have passed", at, due)
		case <-time.After(10 * time.Second):
			require.FailNow(t, "the clock stands still")
		}
	}
}

func TestWallClock(t *testing.T) {
	t.Parallel()
	rang := make(chan struct{})
	engine.WallClock{}.At(time.Now().Add(time.Millisecond), func() { close(rang) })
	stop := (engine.WallClock{}).At(time.Now().Add(time.Hour), func() { panic("it was stopped") })
	require.True(t, stop(), "the alarm could not be stopped")
	<-rang
	require.LessOrEqual(t, time.Since(engine.WallClock{}.Now()), time.Minute)
}

func TestSchedulerClose(t *testing.T) {
	t.Parallel()
	clock := engine.NewVirtualClock(noon, 0)
	scheduler := engine.NewScheduler(clock)
	done := 0
	scheduler.At(noon.Add(time.Second), func() { done++ })
	scheduler.At(noon.Add(time.Minute), func() { done++ })
	clock.Advance(time.Second)
	scheduler.Close()
	scheduler.At(noon.Add(2*time.Second), func() { done++ })
	clock.Advance(time.Hour)
	require.Equal(t, 1, done)
}

func TestJournalAppend(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	for _, round := range []string{"first", "second"} {
		journal, err := engine.OpenJournal(path, func([]byte) error { return nil })
		require.NoError(t, err)
		err = errors.Join(journal.Append(round), journal.Append(map[string]int{"n": 1}), journal.Close())
		require.NoError(t, err)
	}
	var lines []string
	journal, err := engine.OpenJournal(path, func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, journal.Close())
	})
	want := []string{`"first"`, `{"n":1}`, `"second"`, `{"n":1}`}
	require.Equal(t, want, lines)
	err = journal.Append(func() {})
	require.Error(t, err)
}

func TestJournalPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o600)
	require.NoError(t, err)
	for name, path := range map[string]string{
		"a folder in place of a file": folder,
		"a file in place of a folder": filepath.Join(folder, "file", "journal"),
	} {
		_, err := engine.OpenJournal(path, nil)
		require.Error(t, err, name)
	}
	var none *engine.Journal
	err = errors.Join(none.Append("x"), none.Close())
	require.NoError(t, err)
}

// TestNotifierRedirect sends to an address that redirects.
func TestNotifierRedirect(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	mux := http.NewServeMux()
	mux.Handle("/notif", http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect))
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { followed.Store(true) })
	server := httptest.NewServer(mux)
	defer server.Close()
	notifier := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	notifier.Send(server.URL+"/notif", []byte("{}"), 1)
	require.NoError(t, notifier.Close(t.Context()))
	require.False(t, followed.Load(), "the notification was carried elsewhere")
	notifier.Send(server.URL+"/elsewhere", []byte("{}"), 1)
	require.False(t, followed.Load(), "a closed notifier still sends")
}

// TestNotifierCloseDeadline closes a notifier while a merchant sends no response.
func TestNotifierCloseDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	notifier := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	for range 100 { // more than are sent at once
		notifier.Send(server.URL, []byte("{}"), 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, notifier.Close(ctx), context.DeadlineExceeded)
}

// TestNotifierAnswered sends headers to a receiver that fails, and to an address
// without a server.
func TestNotifierAnswered(t *testing.T) {
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
	notifier := engine.NewNotifier(nil, slog.New(slog.DiscardHandler))
	notifier.Enqueue(
		engine.Notification{URL: server.URL, Header: http.Header{"Authorization": {"Basic key"}}, Copies: 2, Answered: heard},
	)
	require.NoError(t, notifier.Close(t.Context()))
	notifier.Deliver(t.Context(), engine.Notification{URL: "http://127.0.0.1:1", Answered: heard})
	notifier.Enqueue(engine.Notification{URL: server.URL, Answered: heard}) // closed: lost
	close(statuses)
	var got []int
	for status := range statuses {
		got = append(got, status)
	}
	require.Equal(t, []int{502, 502, 0}, got)
}

func TestWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, engine.Wait(ctx, engine.NewVirtualClock(noon, 0), time.Hour), "the clock stands still")
}

func TestSwitchLimits(t *testing.T) {
	t.Parallel()
	faults := engine.NewFaults(engine.WallClock{})
	err := faults.Set(engine.Switches{})
	require.ErrorContains(t, err, "notification_copies")
	err = faults.Set(engine.Switches{NotificationCopies: 1, Promises: "all"})
	require.ErrorContains(t, err, "promises")
	require.Equal(t, (engine.Switches{NotificationCopies: 1}), faults.Read())
}
