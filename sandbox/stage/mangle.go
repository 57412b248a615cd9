package stage

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// The ways an answer can be mangled after the call was executed.
const (
	AnswersFlood = "flood" // 50 MB
	AnswersDrip  = "drip"  // a byte a second
	AnswersHalf  = "half"  // half of the answer, then the connection breaks off
	AnswersPage  = "page"  // an HTML page of somebody in between
)

// What a mangled answer is made of.
const (
	floodSize  = 50 << 20 // bytes
	floodChunk = 64 << 10 // bytes
	dripEvery  = time.Second
	page       = "<html><body>Welcome to our Wi-Fi</body></html>"
)

// Mangle lets next execute a call and spoils its answer as the switch says. What next
// does can depend on AnswerIsSpoiled.
func (b *Board) Mangle(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		how := b.Read().Answers
		if how == "" {
			next.ServeHTTP(w, r)
			return
		}
		kept := &keptAnswer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(kept, r.WithContext(context.WithValue(r.Context(), spoiledAnswer{}, how != AnswersDrip)))
		w.Header().Del("Content-Length")
		if how == AnswersPage { // whoever is in between knows nothing of the call
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			kept.status = http.StatusOK
		}
		w.WriteHeader(kept.status)
		b.spoil(r.Context(), w, how, kept.body.Bytes())
	})
}

// spoiledAnswer marks the context of a call whose answer nobody can read.
type spoiledAnswer struct{}

// AnswerIsSpoiled reports whether the answer to this call arrives and says nothing. One
// that only drips can be read by whoever has the patience.
func AnswerIsSpoiled(ctx context.Context) bool {
	spoiled, ok := ctx.Value(spoiledAnswer{}).(bool)
	return ok && spoiled
}

// spoil writes what is left of an answer.
func (b *Board) spoil(ctx context.Context, w http.ResponseWriter, how string, body []byte) {
	switch how {
	case AnswersFlood:
		chunk := bytes.Repeat([]byte(" "), floodChunk)
		for sent := 0; sent < floodSize; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return // the caller has had enough
			}
		}
	case AnswersDrip:
		for i := range body {
			if _, err := w.Write(body[i : i+1]); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			if last := i == len(body)-1; !last && !b.wait(ctx, dripEvery) {
				panic(http.ErrAbortHandler) // what was not sent is not passed off as the whole
			}
		}
	case AnswersHalf:
		if _, err := w.Write(body[:len(body)/2]); err == nil && http.NewResponseController(w).Flush() == nil {
			panic(http.ErrAbortHandler) // the connection breaks off
		}
	default:
		w.Write([]byte(page))
	}
}

// keptAnswer keeps an answer instead of sending it.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Flush()                      {}
