package novasend_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/operator"
)

// listener combines the two methods of an instance that read callbacks.
type listener interface {
	operator.CallbackReader
	CallbackReference(header http.Header, body []byte) (pirogue.OperatorRef, error)
}

// sign returns the signature of a body under a secret.
func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// signed returns the header of a genuine callback.
func signed(body string) http.Header {
	return http.Header{"X-Signature-Value": {sign("ws-0123456789", body)}}
}

// recorded returns the content of a file under testdata.
func recorded(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(raw)
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ref     pirogue.OperatorRef
		outcome pirogue.Outcome
		code    pirogue.Code
		txID    string
	}{
		"callback_processed.json":       {ref, pirogue.OutcomePending, "", currentID},
		"callback_frozen.json":          {ref, "", operator.Unknown, ""},
		"callback_other_reference.json": {ref, "", operator.Unknown, ""},
		"callback_seed.json":            {ref, pirogue.OutcomePaid, "", payinID},
		"callback_payout.json":          {outRef, pirogue.OutcomePaid, "", payoutID},
		"callback_refund.json":          {refundRef, pirogue.OutcomePaid, "", refundID},
		"callback_refund_unnamed.json":  {refundRef, "", operator.Unknown, ""},
	}
	for word, outcome := range sessionWords {
		row := tests["callback_"+word+".json"]
		row.ref, row.outcome, row.txID = ref, outcome, currentID
		tests["callback_"+word+".json"] = row
	}
	reader := reading[listener](t, ivory)
	for file, tt := range tests {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body := recorded(t, file)
			got, err := reader.Callback(pirogue.Attempt{Ref: tt.ref}, signed(body), []byte(body))
			require.Equal(t, tt.outcome, got.Outcome, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			require.Equal(t, tt.txID, got.ProviderTxID, err)
		})
	}
}

func TestSignaturesOfCallbacks(t *testing.T) {
	t.Parallel()
	const pretty = `{ "type": "payin", "reference": "` + ref + `", "status": "success",` +
		` "paymentUrl": "https:\/\/link.novasend.example\/l\/1", "note": "a \\\/ b \\/ \"c\"" }`
	const anew = `{"type":"payin","reference":"` + ref + `","status":"success",` +
		`"paymentUrl":"https://link.novasend.example/l/1","note":"a \\/ b \\/ \"c\""}`
	tests := map[string]struct {
		signature string
		valid     bool
	}{
		"of the bytes":                 {sign("ws-0123456789", pretty), true},
		"of what the pages make of it": {sign("ws-0123456789", anew), true},
		"of another secret":            {sign("ws-0", pretty), false},
		"anew, of another secret":      {sign("ws-0", anew), false},
		"of an empty secret":           {sign("", pretty), false},
		"of the API's secret":          {sign("ak-c0ffee", pretty), false},
		"of another body":              {sign("ws-0123456789", pretty+" "), false},
		"of members in another order":  {sign("ws-0123456789", `{"reference":"`+ref+`","type":"payin"}`), false},
		"in capitals":                  {strings.ToUpper(sign("ws-0123456789", pretty)), false},
		"cut short":                    {sign("ws-0123456789", pretty)[:32], false},
		"missing":                      {"", false},
	}
	reader := reading[listener](t, ivory)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"X-Signature-Value": {tt.signature}}
			got, err := reader.Callback(pirogue.Attempt{Ref: ref}, header, []byte(pretty))
			require.False(t, tt.valid && (err != nil || got.Outcome != pirogue.OutcomePaid), "%+v, %v; want it believed", got,
				err)
			require.False(t, !tt.valid && pirogue.CodeOf(err) != pirogue.SignatureInvalid, "%+v, %v; want SIGNATURE_INVALID",
				got, err)
		})
	}
}

func TestCompactJSON(t *testing.T) {
	t.Parallel()
	reader := reading[listener](t, ivory)
	for _, text := range []string{`\/`, `\\/`, `\\\/`, `\"\/`, `\u00e9\/`, `é / \\`, ``} {
		body := `{"reference": "` + ref + `", "note": "` + text + `"}`
		var note struct{ Reference, Note string }
		err := json.Unmarshal([]byte(body), &note)
		require.NoError(t, err)
		anew := `{"reference":"` + ref + `","note":"` + unslashed[text] + `"}`
		var same struct{ Reference, Note string }
		err = json.Unmarshal([]byte(anew), &same)
		require.NoError(t, err, "%v %v", anew, body)
		require.Equal(t, note, same, "%v %v", anew, body)
		_, err = reader.CallbackReference(signed(anew), []byte(body))
		require.NoError(t, err, "%v %v", body, anew)
	}
}

// unslashed maps PHP's strings to the same strings without the escapes of their slashes.
var unslashed = map[string]string{
	`\/`: `/`, `\\/`: `\\/`, `\\\/`: `\\/`, `\"\/`: `\"/`, `\u00e9\/`: `\u00e9/`, `é / \\`: `é / \\`, ``: ``,
}

func TestUnreadableCallback(t *testing.T) {
	t.Parallel()
	reader := reading[listener](t, ivory)
	for _, body := range []string{"", "status=success", "[]", `{"type":`, `{"amount":"5 000"}`} {
		_, err := reader.Callback(pirogue.Attempt{Ref: ref}, signed(body), []byte(body))
		require.Equal(t, pirogue.InvalidJSON, pirogue.CodeOf(err), body)
		_, err = reader.CallbackReference(signed(body), []byte(body))
		require.Equal(t, pirogue.InvalidJSON, pirogue.CodeOf(err), body)
	}
}

func TestCallbackReference(t *testing.T) {
	t.Parallel()
	reader := reading[listener](t, ivory)
	tests := map[string]struct {
		body string
		ref  pirogue.OperatorRef
		code pirogue.Code
	}{
		"in the seed's shape":   {recorded(t, "callback_seed.json"), ref, ""},
		"in the current shape":  {recorded(t, "callback_success.json"), ref, ""},
		"of a payout":           {recorded(t, "callback_payout.json"), outRef, ""},
		"of a refund":           {recorded(t, "callback_refund.json"), refundRef, ""},
		"of a refund, left out": {recorded(t, "callback_refund_unnamed.json"), "", operator.Unknown},
		"with a word unheard":   {recorded(t, "callback_frozen.json"), ref, ""},
		"left out":              {`{"type":"payin","status":"success"}`, "", operator.Unknown},
		"too long":              {`{"reference":"` + strings.Repeat("A", 129) + `"}`, "", operator.Unknown},
		"of nothing":            {`null`, "", operator.Unknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := reader.CallbackReference(signed(tt.body), []byte(tt.body))
			require.Equal(t, tt.ref, got, err)
			require.Equal(t, tt.code, pirogue.CodeOf(err), err)
			_, err = reader.CallbackReference(nil, []byte(tt.body))
			require.Equal(t, pirogue.SignatureInvalid, pirogue.CodeOf(err), err)
		})
	}
}

func TestCallbackHoldsNoNumber(t *testing.T) {
	t.Parallel()
	body := strings.Replace(recorded(t, "callback_failed.json"), `"failure": null`,
		`"failure": {"code": "declined", "message": "Refus de +2250707123456"}`, 1)
	got, err := reading[listener](t, ivory).Callback(pirogue.Attempt{Ref: ref}, signed(body), []byte(body))
	require.NoError(t, err)
	require.Equal(t, "failed declined Refus de [secret]", got.Message)
}
