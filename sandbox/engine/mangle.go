package engine

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// The ways to spoil a response after the call was executed.
const (
	ResponsesFlood = "flood" // 50 MB
	ResponsesDrip  = "drip"  // a byte a second
	ResponsesHalf  = "half"  // half of the response, then the connection breaks off
	ResponsesPage  = "page"  // an HTML page of a proxy in between
)

// The sizes and the pace of spoiled responses.
const (
	floodSize  = 50 << 20 // bytes
	floodChunk = 64 << 10 // bytes
	dripEvery  = time.Second
	proxyPage  = "<html><body>Welcome to our Wi-Fi</body></html>"
)

// MangleResponse lets next execute a call and spoils its response according to the switch. next can
// ask ResponseIsSpoiled.
func (f *Faults) MangleResponse(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := f.Read().Responses
		if how == "" {
			next.ServeHTTP(w, r)
			return
		}
		buffered := &bufferedResponse{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(buffered, r.WithContext(context.WithValue(r.Context(), spoiledResponseKey{}, how != ResponsesDrip)))
		w.Header().Del("Content-Length")
		if how == ResponsesPage { // a proxy in between knows nothing of the call
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			buffered.status = http.StatusOK
		}
		w.WriteHeader(buffered.status)
		f.spoil(r.Context(), w, how, buffered.body.Bytes())
	})
}

// spoiledResponseKey marks the context of a call whose response is unreadable.
type spoiledResponseKey struct{}

// ResponseIsSpoiled reports whether the response to this call arrives without its content. A
// response that only drips is readable for a patient caller.
func ResponseIsSpoiled(ctx context.Context) bool {
	spoiled, ok := ctx.Value(spoiledResponseKey{}).(bool)
	return ok && spoiled
}

// spoil writes the spoiled form of a response.
func (f *Faults) spoil(ctx context.Context, w http.ResponseWriter, how string, body []byte) {
	switch how {
	case ResponsesFlood:
		chunk := bytes.Repeat([]byte(" "), floodChunk)
		for sent := 0; sent < floodSize; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return // the caller has disconnected
			}
		}
	case ResponsesDrip:
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			if last := i == len(body)-1; !last && !f.wait(ctx, dripEvery) {
				panic(http.ErrAbortHandler) // a partial response must not look like the whole
			}
		}
	case ResponsesHalf:
		if _, err := w.Write(body[:len(body)/2]); err == nil && http.NewResponseController(w).Flush() == nil {
			panic(http.ErrAbortHandler) // the connection breaks off
		}
	default:
		w.Write([]byte(proxyPage))
	}
}

// bufferedResponse stores a response instead of sending it.
type bufferedResponse struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *bufferedResponse) Header() http.Header         { return k.header }
func (k *bufferedResponse) Write(p []byte) (int, error) { return k.body.Write(p) }
func (k *bufferedResponse) WriteHeader(status int)      { k.status = status }
func (k *bufferedResponse) Flush()                      {}
