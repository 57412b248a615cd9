package sonatel_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/adapters/adaptertest"
	"pirogue/operator"
)

// listener combines the methods of an instance that read callbacks.
type listener interface {
	operator.CallbackReader
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

const callbackBody = `{"transactionId":"MP1","type":"MERCHANT_PAYMENT","status":"SUCCESS","reference":"` + ref + `"}`

// sign returns the signature of a time and a body under a secret.
func sign(secret, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "," + body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestSignaturesOfCallbacks(t *testing.T) {
	t.Parallel()
	at := func(away time.Duration) string { return strconv.FormatInt(adaptertest.Now().Add(away).Unix(), 10) }
	now := at(0)
	good := sign("es-1", now, callbackBody)
	tests := map[string]struct {
		header string
		valid  bool
	}{
		"good":                        {"t=" + now + ",v1=" + good, true},
		"good, under the next secret": {"t=" + now + ",v1=" + sign("es-2", now, callbackBody), true},
		"good, in another order":      {"v1=" + good + ", t=" + now, true},
		"two, the first good":         {"t=" + now + ",v1=" + good + ",v1=" + sign("es-0", now, callbackBody), true},
		"two, the second good":        {"t=" + now + ",v1=" + sign("es-0", now, callbackBody) + ",v1=" + good, true},
		"300 seconds old": {
			"t=" + at(-300*time.Second) + ",v1=" + sign("es-1", at(-300*time.Second), callbackBody), true,
		},
		"301 seconds old": {
			"t=" + at(-301*time.Second) + ",v1=" + sign("es-1", at(-301*time.Second), callbackBody), false,
		},
		"301 seconds early": {
			"t=" + at(301*time.Second) + ",v1=" + sign("es-1", at(301*time.Second), callbackBody), false,
		},
		"at the end of time": {
			"t=9223372036854775807,v1=" + sign("es-1", "9223372036854775807", callbackBody), false,
		},
		"of another body":                 {"t=" + now + ",v1=" + sign("es-1", now, callbackBody+" "), false},
		"of another secret":               {"t=" + now + ",v1=" + sign("es-0", now, callbackBody), false},
		"of an empty secret":              {"t=" + now + ",v1=" + sign("", now, callbackBody), false},
		"of another time":                 {"t=" + at(time.Second) + ",v1=" + good, false},
		"with two times":                  {"t=" + at(time.Hour) + ",t=" + now + ",v1=" + good, false},
		"begun with a sign too many":      {"t=" + now + ",v1==" + good, false},
		"cut short":                       {"t=" + now + ",v1=" + good[:32], false},
		"in capitals":                     {"t=" + now + ",v1=" + strings.ToUpper(good), false},
		"by another version":              {"t=" + now + ",v0=" + good, false},
		"without a time":                  {"v1=" + good, false},
		"without a signature":             {"t=" + now, false},
		"with an empty signature":         {"t=" + now + ",v1=", false},
		"with a time that is no number":   {"t=now,v1=" + sign("es-1", "now", callbackBody), false},
		"among more than anyone can need": {"t=" + now + strings.Repeat(",v1=00", 8) + ",v1=" + good, false},
		"missing":                         {"", false},
	}
	reader := reading[listener](t, adaptertest.WithCredentials(senegal, "callback_secrets", "es-1, es-2"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Authorization": {"Basic cb-5e6f7a=="}, "X-Sonatel-Signature": {tt.header}}
			got, err := reader.Callback(pirogue.Attempt{Ref: ref}, header, []byte(callbackBody))
			require.False(t, tt.valid && (err != nil || got.Outcome != pirogue.OutcomePaid), "%+v, %v; want it believed", got,
				err)
			require.False(t, !tt.valid && pirogue.CodeOf(err) != pirogue.SignatureInvalid, "%+v, %v; want SIGNATURE_INVALID",
				got, err)
		})
	}
}

func TestKeysOfCallbacks(t *testing.T) {
	t.Parallel()
	signature := "t=" + strconv.FormatInt(adaptertest.Now().Unix(), 10)
	signature += ",v1=" + sign("es-1", signature[2:], callbackBody)
	for _, conf := range []string{"", "es-1"} {
		reader := reading[listener](t, adaptertest.WithCredentials(senegal, "callback_secrets", conf))
		for key, valid := range map[string]bool{
			"Basic cb-5e6f7a==":     true,
			"Basic cb-5e6f7a":       false,
			"Basic cb-5e6f7a===":    false,
			"Basic Y2ItNWU2ZjdhPT0": false, // encoded, as Basic usually is
			"Bearer cb-5e6f7a==":    false,
			"cb-5e6f7a==":           false,
			"Basic ":                false,
			"":                      false,
		} {
			header := http.Header{"Authorization": {key}, "X-Sonatel-Signature": {signature}}
			_, err := reader.Callback(pirogue.Attempt{Ref: ref}, header, []byte(callbackBody))
			require.Equal(t, (err == nil), valid, key)
			require.False(t, err != nil && pirogue.CodeOf(err) != pirogue.SignatureInvalid, "%q: %v", key, err)
		}
	}
}

func TestCallbackReference(t *testing.T) {
	t.Parallel()
	reader := reading[listener](t, senegal)
	known := http.Header{"Authorization": {"Basic cb-5e6f7a=="}}
	tests := map[string]struct {
		header http.Header
		body   string
		ref    pirogue.OperatorRef
		code   pirogue.Code
	}{
		"given":               {known, callbackBody, ref, ""},
		"given, word unheard": {known, `{"status":"LATER","reference":"` + ref + `"}`, ref, ""},
		"missing":             {known, `{"status":"SUCCESS"}`, "", operator.Unknown},
		"too long":            {known, `{"reference":"` + strings.Repeat("A", 51) + `"}`, "", operator.Unknown},
		"in no JSON":          {known, "reference=1", "", pirogue.InvalidJSON},
		"from anybody":        {nil, callbackBody, "", pirogue.SignatureInvalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader.CallbackReference(tt.header, []byte(tt.body))
			require.Equal(t, tt.ref, got, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
		})
	}
}
