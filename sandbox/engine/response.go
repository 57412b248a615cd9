package engine

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Wait returns true after d on the clock, or false as soon as ctx ends.
func Wait(ctx context.Context, clock Clock, d time.Duration) bool {
	over := make(chan struct{})
	stop := clock.At(clock.Now().Add(d), func() { close(over) })
	defer stop()
	select {
	case <-over:
		return true
	case <-ctx.Done():
		return false
	}
}

// WriteJSON sends v as a JSON response. It sets the length in advance, so that the caller
// has the whole response as soon as it is flushed.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	WriteBody(w, status, "application/json; charset=utf-8", body, err)
}

// JSONHandler returns a handler that sends v as a JSON response.
func JSONHandler(status int, v any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, status, v) })
}

// WriteBody sends an encoded body. err is the error of the encoding; it makes the response
// a 500.
func WriteBody(w http.ResponseWriter, status int, contentType string, body []byte, err error) {
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // the operator does not care about a caller that disconnected
}

// SetPageHeaders makes an HTML page private. Nobody may cache or frame it. It reveals its
// address to no other site, because the address may hold a token. policy is its content
// security policy.
func SetPageHeaders(h http.Header, policy string) {
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}
