package engine_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/engine"
)

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
	notifier.Enqueue(engine.Notification{
		URL: server.URL, Header: http.Header{"Authorization": {"Basic key"}}, Copies: 2, OnResponse: heard,
	})
	require.NoError(t, notifier.Close(t.Context()))
	notifier.Deliver(t.Context(), engine.Notification{URL: "http://127.0.0.1:1", OnResponse: heard})
	notifier.Enqueue(engine.Notification{URL: server.URL, OnResponse: heard}) // closed: lost
	close(statuses)
	var got []int
	for status := range statuses {
		got = append(got, status)
	}
	require.Equal(t, []int{502, 502, 0}, got)
}
