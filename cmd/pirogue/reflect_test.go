package main

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
)

// A webhook has the merchant's own secret and the signature rule of a request. So every receiver
// of one holds a valid signature.
func TestAWebhookPostedBackToTheAPIMovesNothing(t *testing.T) {
	t.Parallel()

	w := newWorld(t, setup{database: piroguetest.SQLite(t)})
	type letter struct {
		header http.Header
		body   []byte
	}
	letters := make(chan letter, 1)
	hook := w.listen(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			letters <- letter{r.Header, body}
		}
	}))
	body := order("+22376123456")
	paid := w.merchant().pay(t, body[:len(body)-1]+`,"notify_url":"`+hook+`"}`)
	require.Equal(t, 202, paid.Status, paid.Raw)

	var captured letter
	select {
	case captured = <-letters:
	case <-time.After(patience):
		t.Fatal("no webhook came")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.api.URL+"/api/v1/payments/cashin",
		bytes.NewReader(captured.body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-NekaPay-Key", w.account.Key)
	req.Header.Set("X-NekaPay-Timestamp", captured.header.Get("X-NekaPay-Timestamp"))
	req.Header.Set("X-NekaPay-Signature", captured.header.Get("X-NekaPay-Signature"))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.Contains(t, string(answer), `"SIGNATURE_REPLAYED"`)
	require.Len(t, w.book().Sessions, 1)
}
