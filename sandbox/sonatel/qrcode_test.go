package sonatel_test

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/piglig/go-qr"
	"github.com/stretchr/testify/require"
)

func TestQRCode(t *testing.T) {
	t.Parallel()
	t.Run("made", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		reply := w.createCode("R1", "")
		link := w.URL + "/qr/" + reply.Text("qrId")
		reply.Expect(t, "the response", fields{
			"deepLink": link, "deepLinks": fields{"OM": link, "MAXIT": link}, "shortLink": link, "validity": 300,
			"validFor": fields{"startDateTime": "2026-03-12T09:30:00.000Z", "endDateTime": "2026-03-12T09:35:00.000Z"},
			"metadata": fields{"order": "42"},
		})
		raw, err := base64.StdEncoding.DecodeString(reply.Text("qrCode"))
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		require.Equal(t, 270, picture.Bounds().Dx(), "pixels")
		text, err := go_qr.Decode(picture)
		require.NoError(t, err)
		require.Equal(t, link, text)
		w.Clock.Advance(24 * time.Hour)
		w.awaitStatus("R1", "") // an unpaid code is in no history
		w.ExpectNotices(0)
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for name, row := range map[string]struct {
			change fields
			msisdn string
			code   string
		}{
			"another merchant":               {fields{"code": "999999"}, "", "2042"},
			"no name":                        {fields{"name": ""}, "", "20"},
			"a name of 81 characters":        {fields{"name": strings.Repeat("é", 81)}, "", "20"},
			"valid for more than a day":      {fields{"validity": 86401}, "", "20"},
			"valid for less than nothing":    {fields{"validity": -1}, "", "20"},
			"a way back that is a script":    {fields{"callbackSuccessUrl": "javascript:alert(1)"}, "", "20"},
			"a way out without a host":       {fields{"callbackCancelUrl": "/cancel"}, "", "20"},
			"nothing to pay":                 {fields{"amount": fields{"value": 0, "unit": "XOF"}}, "", "20"},
			"a customer without a plus sign": {nil, "770123456", "2001"},
		} {
			w.expectRefused(w.codeCall("R1", row.msisdn, row.change), http.StatusBadRequest, row.code, name)
		}
		require.Empty(t, w.Sim.Codes())
	})
	t.Run("numeric_merchant_code", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.createCode("R1", "", fields{"code": 100200, "validity": nil})
		code := w.Sim.Codes()[0]
		require.Equal(t, 24*time.Hour, code.ValidUntil.Sub(code.CreatedAt))
	})
	// The API makes a code of less than 10 XOF, and a customer cannot pay it.
	t.Run("below_10_francs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.createCode("R1", "+221770123456", fields{"amount": fields{"value": 9, "unit": "XOF"}})
		w.createCode("R2", "+221770123456", fields{"amount": fields{"value": 10, "unit": "XOF"}})
		w.awaitStatus("R2", "SUCCESS")
		w.awaitStatus("R1", "")
	})
	t.Run("expires_before_payment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.createCode("R1", "+221770444444", fields{"validity": 29})
		w.createCode("R2", "+221770444444", fields{"validity": 30})
		w.Clock.Advance(time.Hour)
		w.awaitStatus("R2", "SUCCESS")
		w.awaitStatus("R1", "")
	})
}
