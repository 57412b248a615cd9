package sonatel_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/piglig/go-qr"
	"github.com/stretchr/testify/require"

	"pirogue/sandbox/sonatel"
)

func TestAQRCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reply := w.makesCode("R1", "")
	links := reply.Object("deepLinks")
	if reply["deepLink"] != w.URL+"/qr/"+reply.Text("qrId") || links["OM"] != reply["deepLink"] ||
		links["MAXIT"] != reply["deepLink"] ||
		reply["shortLink"] == "" || reply["validity"] != 300.0 {
		t.Errorf("the answer says %v", reply)
	}
	if got := fmt.Sprint(
		reply["validFor"], reply["metadata"],
	); got != "map[endDateTime:2026-03-12T09:35:00.000Z startDateTime:2026-03-12T09:30:00.000Z] map[order:42]" {
		t.Errorf("the answer says %s", got)
	}
	raw, err := base64.StdEncoding.DecodeString(reply.Text("qrCode"))
	if err != nil {
		t.Fatalf("the picture is not base64: %v", err)
	}
	picture, err := png.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	require.Equal(t, 270, picture.Bounds().Dx(), "pixels")
	text, err := go_qr.Decode(picture)
	require.NoError(t, err)
	require.Equal(t, reply["deepLink"], text)
	w.Clock.Advance(24 * time.Hour)
	w.becomes("R1", "") // an unpaid code is in no history
	w.Notices(0)
}

func TestQRCodesAreRefused(t *testing.T) {
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
		if status, reply := w.Object(w.codeCall("R1", row.msisdn, row.change)); status != http.StatusBadRequest ||
			reply["code"] != row.code {
			t.Errorf("%s answers %d %v, want %s", name, status, reply, row.code)
		}
	}
	if codes := w.Sim.Codes(); len(codes) != 0 {
		t.Errorf("refused calls left %v", codes)
	}
	w.makesCode("NUMBER", "", fields{"code": 100200, "validity": nil}) // with a numeric code, for a day
	if codes := w.Sim.Codes(); codes[0].ValidUntil.Sub(codes[0].CreatedAt) != 24*time.Hour {
		t.Errorf("the code is %+v", codes[0])
	}
}

// TestMAXITRefusesLessThanTenFrancs checks that a customer cannot pay such a code, although
// the API makes it.
func TestMAXITRefusesLessThanTenFrancs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makesCode("R1", "+221770123456", fields{"amount": fields{"value": 9, "unit": "XOF"}})
	w.makesCode("R2", "+221770123456", fields{"amount": fields{"value": 10, "unit": "XOF"}})
	w.becomes("R2", "SUCCESS")
	w.becomes("R1", "")
}

// TestACustomerWhoIsTooLateCannotPay makes a code that expires before its customer acts.
func TestACustomerWhoIsTooLateCannotPay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makesCode("R1", "+221770444444", fields{"validity": 29})
	w.makesCode("R2", "+221770444444", fields{"validity": 30})
	w.Clock.Advance(time.Hour)
	w.becomes("R2", "SUCCESS")
	w.becomes("R1", "")
}

func TestOneTimePasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asks := func(pin string) (int, fields) {
		return w.post(payments+"/otp", fields{
			"idType": "MSISDN", "id": "770543210",
			"encryptedPinCode": w.encrypted(pin),
		})
	}
	pays := func(otp string) (int, fields) {
		return w.post(
			oneStep, w.payment("R1", "770543210", fields{"customer": fields{
				"idType": "MSISDN", "id": "770543210",
				"otp": otp,
			}}),
		)
	}
	if status, reply := asks("0000"); status != http.StatusBadRequest || reply["code"] != "2011" {
		t.Errorf("a wrong PIN answers %d %v", status, reply)
	}
	_, given := asks(sonatel.CustomerPIN)
	otp := given.Text("otp")
	for i, row := range []struct {
		otp  string
		want int
	}{{"000", 400}, {otp, 200}, {otp, 400}, {sonatel.OTP, 200}} {
		if status, reply := pays(row.otp); status != row.want || (status != http.StatusOK && reply["code"] != "24") {
			t.Errorf("payment %d with %q answers %d %v", i, row.otp, status, reply)
		}
	}
	_, given = asks(sonatel.CustomerPIN)
	w.Clock.Advance(5*time.Minute + time.Second)
	if status, _ := pays(given.Text("otp")); status != http.StatusBadRequest {
		t.Errorf("an old password answers %d", status)
	}
}

func TestACustomerConfirmsInTwoSteps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, reply := w.post(payments, w.payment("R1", "770333333"))
	path := transactions + "/" + reply.Text("transactionId") + "/confirm"
	who := func(id, pin string) fields {
		return fields{"idType": "MSISDN", "id": id, "encryptedPinCode": w.encrypted(pin)}
	}
	for i, row := range []struct {
		path string
		who  fields
		want int
		code string
	}{
		{path, who("770333333", "0000"), 400, "2011"},
		{path, who("770123456", sonatel.CustomerPIN), 404, "60"},
		{transactions + "/MP1/confirm", who("770333333", sonatel.CustomerPIN), 404, "60"},
		{path, who("770333333", sonatel.CustomerPIN), 200, ""},
		{path, who("770333333", sonatel.CustomerPIN), 400, "51"},
	} {
		if status, reply := w.post(row.path, row.who); status != row.want || (row.code != "" && reply["code"] != row.code) {
			t.Errorf("confirmation %d answers %d %v", i, status, reply)
		}
	}
	w.becomes("R1", "SUCCESS")
	w.Clock.Advance(48 * time.Hour)
	if book := w.Sim.Book(); len(book) != 1 {
		t.Errorf("confirmed once, and the book says %v", book)
	}
	if status, reply := w.post(
		payments, w.payment("R2", "770123456", fields{"method": "OTHER"}),
	); status != http.StatusBadRequest {
		t.Errorf("another method answers %d %v", status, reply)
	}
	if status, reply := w.post(
		oneStep, w.payment("R2", "770123456", fields{"partner": fields{"idType": "CODE", "id": "1"}}),
	); reply["code"] != "2042" {
		t.Errorf("another merchant answers %d %v", status, reply)
	}
}
