package inbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/inbox"
)

const secret = "0b2cc4dc"

func post(b *inbox.Inbox, body string, at time.Time, key string) int {
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%d%s", at.Unix(), body)
	r := httptest.NewRequest(http.MethodPost, "/inbox", strings.NewReader(body))
	r.Header.Set("X-NekaPay-Timestamp", fmt.Sprint(at.Unix()))
	r.Header.Set("X-NekaPay-Signature", hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w.Code
}

func TestVerify(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		body string
		age  time.Duration
		key  string
		want int
	}{
		"signed with our secret": {`{"status":"SUCCESS"}`, 0, secret, 200},
		"signed by another":      {`{"status":"SUCCESS"}`, 0, "other", 401},
		"six minutes old":        {`{"status":"SUCCESS"}`, 6 * time.Minute, secret, 401},
		"from the future":        {`{"status":"SUCCESS"}`, -6 * time.Minute, secret, 401},
		"not JSON":               {`status=SUCCESS`, 0, secret, 400},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, post(inbox.New(secret), tt.body, time.Now().Add(-tt.age), tt.key))
		})
	}
}

func TestPage(t *testing.T) {
	t.Parallel()

	b := inbox.New(secret)
	post(b, `{"merchant_order_id":"<b>order_1</b>","status":"SUCCESS","amount":5000,"currency":"XOF"}`, time.Now(), secret)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/inbox", nil))
	require.Contains(t, w.Body.String(), "&lt;b&gt;order_1&lt;/b&gt;")
	require.Contains(t, w.Body.String(), "5000 XOF")
	require.Contains(t, w.Body.String(), "vérifiée")
}
