package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/access"
	"pirogue/api/apitest"
	"pirogue/api/httpkit"
	"pirogue/bulk"
)

// readObject reads a body of the merchant API.
func readObject(body []byte) (httpkit.Object, error) { return httpkit.DecodeObject(body, maxValues) }

// The reader must refuse more values than any route takes before it stores them. Eight mebibytes of
// text would take hundreds in memory.
func TestABodyHasNoMoreValuesThanABulk(t *testing.T) {
	t.Parallel()

	many := strings.Repeat("{},", 2_700_000) + "{}"
	for name, body := range map[string]string{
		"lines that hold nothing": `{"merchant_bulk_id":"r","lines":[` + many + `]}`,
		"lists of lists":          `{"lines":[` + strings.Repeat("["+strings.Repeat("{},", 9000)+"{}],", 290) + `7]}`,
		"a list in a line":        `{"lines":[{"metadata":[` + many + `]}]}`,
	} {
		require.LessOrEqual(t, len(body), maxBulkBody, name)
		_, err := readObject([]byte(body))
		require.Equal(t, pirogue.FieldError(pirogue.InvalidParameter, "lines"), err, name)
	}
	_, err := readObject([]byte("[" + many + "]"))
	require.Equal(t, pirogue.InvalidJSON, pirogue.CodeOf(err), "no object at all")

	pairs := ""
	for i := range maxPairs {
		pairs += fmt.Sprintf(`"p%d":"",`, i)
	}
	line := `{"metadata":{` + strings.TrimSuffix(pairs, ",") + `}`
	for _, field := range requestFields[pirogue.CashOut] {
		if field != "metadata" {
			line += `,"` + field + `":""`
		}
	}
	whole := `{"lines":[` + strings.Repeat(line+"},", bulk.MaxBulkLines-1) + line + `}]}`
	o, err := readObject([]byte(whole))
	require.NoError(t, err, "a bulk in which nothing is left out")
	require.Len(t, o.Values["lines"], bulk.MaxBulkLines)
}

// FuzzSignature checks that verification accepts exactly one signature of a message.
func FuzzSignature(f *testing.F) {
	f.Add("secret", "1714400000", []byte(`{"amount":500}`), []byte{})
	f.Add("", "1714400000", []byte{}, []byte{0})
	f.Add("0b2cc4", "1714400001", []byte("é"), []byte{31, 255})
	f.Fuzz(func(t *testing.T, secret, stamp string, body, flip []byte) {
		good := decodeSignature(t, apitest.Sign(secret, stamp, string(body)))
		message := append([]byte(stamp), body...)
		known := []access.Secret{{Text: secret}}
		require.True(t, verified(known, "decoy", message, good))
		require.True(t, verified([]access.Secret{{Text: secret + "x"}, {Text: secret}}, "decoy", message, good))
		require.False(t, verified(nil, secret, message, good), "the decoy opens nothing")
		bad := good
		for _, bit := range flip {
			bad[int(bit)/8] ^= 1 << (bit % 8)
		}
		require.Equal(t, bad == good, verified(known, "decoy", message, bad))
	})
}

// decodeSignature returns the 32 bytes of a signature's text.
func decodeSignature(t *testing.T, text string) [32]byte {
	t.Helper()
	require.Regexp(t, signatureText, text)
	var raw [32]byte
	_, err := fmt.Sscanf(text, "%64x", new([]byte))
	require.NoError(t, err)
	for i := range raw {
		_, err := fmt.Sscanf(text[2*i:2*i+2], "%02x", &raw[i])
		require.NoError(t, err)
	}
	return raw
}

// A flood of fresh keys must not reset the count of an active attacker.
func TestALimiterForgetsQuietKeysOnly(t *testing.T) {
	t.Parallel()

	l, now := newRateLimiter[int](1, 2), time.Unix(0, 0)
	require.Zero(t, l.take(-1, now))
	require.Zero(t, l.take(-1, now))
	require.Equal(t, time.Second, l.take(-1, now), "a third one within the second")
	require.Zero(t, l.take(-1, now.Add(time.Second)))

	for i := range 25 * maxBuckets / 10 {
		l.take(i, now)
		if i%1000 == 0 {
			require.NotZero(t, l.take(-1, now), "a busy key is remembered through a flood")
		}
	}
	require.LessOrEqual(t, len(l.young)+len(l.old), 2*maxBuckets)
	require.Zero(t, l.take(0, now), "a quiet one is not")
	require.Zero(t, l.take(0, now))
}
