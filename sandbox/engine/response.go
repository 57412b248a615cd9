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
	JSONResponse{Status: status, ContentType: "application/json; charset=utf-8", Body: v}.write(w)
}

// JSONHandler returns a handler that sends v as a JSON response.
func JSONHandler(status int, v any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, status, v) })
}

// JSONResponse is a response whose body is JSON, under a content type of its own.
type JSONResponse struct {
	Status      int
	ContentType string
	Body        any
}

// ServeHTTP sends the response.
func (j JSONResponse) ServeHTTP(w http.ResponseWriter, _ *http.Request) { j.write(w) }

// write sends the response. A body that cannot be encoded makes it a 500.
func (j JSONResponse) write(w http.ResponseWriter) {
	body, err := json.Marshal(j.Body)
	if err != nil {
		http.Error(w, "the answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", j.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(j.Status)
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
