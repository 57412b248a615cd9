package main

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	maxBody = 1 << 16 // bytes
	maxAge  = 300     // largest difference in seconds between a webhook's timestamp and our clock
)

// receive listens for webhooks and prints one line for each genuine one.
func receive(ctx context.Context, api client, args []string) error {
	flags := flag.NewFlagSet("receiver", flag.ExitOnError)
	count := flags.Int("count", 0, "exit after this many verified webhooks; 0 is never")
	if err := flags.Parse(args); err != nil {
		return err
	}
	webhooks := make(chan transaction, 100)
	server := &http.Server{
		Addr:        "127.0.0.1:" + arg(flags.Args(), 0, cmp.Or(os.Getenv("PORT"), "8000")),
		Handler:     webhook(api.secret, webhooks),
		ReadTimeout: 5 * time.Second,
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.ListenAndServe() }()

	// A webhook may arrive more than once: in your books, handle each status once.
	for n := 1; ; n++ {
		select {
		case err := <-stopped:
			return err
		case t := <-webhooks:
			fmt.Println(t.ID, t.Status)
		}
		if n == *count {
			return server.Shutdown(ctx) // after the last response is sent
		}
	}
}

// webhook responds at once and sends the transaction to webhooks, so that slow work never delays
// the response.
func webhook(secret string, webhooks chan<- transaction) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var t transaction
		if err != nil || !genuine(secret, r.Header, body) || json.Unmarshal(body, &t) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusOK)
		webhooks <- t
	}
}

// genuine reports whether a webhook is signed by Neka Paie and recent.
func genuine(secret string, h http.Header, body []byte) bool {
	timestamp := h.Get("X-NekaPay-Timestamp")
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || max(time.Now().Unix()-sent, sent-time.Now().Unix()) > maxAge {
		return false
	}
	return hmac.Equal([]byte(h.Get("X-NekaPay-Signature")), []byte(sign(secret, timestamp, body)))
}
