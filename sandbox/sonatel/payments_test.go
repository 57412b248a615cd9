package sonatel_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/sonatel"
)

func TestOneStep(t *testing.T) {
	t.Parallel()
	pay := func(w *world, otp string) *http.Request {
		customer := fields{"idType": "MSISDN", "id": "770543210", "otp": otp}
		return w.call(http.MethodPost, oneStep, w.paymentBody("R1", "770543210", fields{"customer": customer}))
	}
	issue := func(w *world) string {
		req := w.call(http.MethodPost, otpPath, w.customer("770543210", sonatel.CustomerPIN))
		return w.expectAccepted(req, otpPath).Text("otp")
	}
	t.Run("password_used_once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		wrong := w.call(http.MethodPost, otpPath, w.customer("770543210", "0000"))
		w.expectRefused(wrong, http.StatusBadRequest, "2011", "wrong PIN")
		otp := issue(w)
		for _, row := range []struct{ otp, code string }{{"000", "24"}, {otp, ""}, {otp, "24"}, {sonatel.OTP, ""}} {
			w.expectCode(pay(w, row.otp), row.code, row.otp)
		}
	})
	t.Run("password_expires", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		otp := issue(w)
		w.Clock.Advance(5*time.Minute + time.Second)
		w.expectCode(pay(w, otp), "24", "expired password")
	})
	t.Run("another_merchant", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		body := w.paymentBody("R1", "770123456", fields{"partner": fields{"idType": "CODE", "id": "1"}})
		w.expectCode(w.call(http.MethodPost, oneStep, body), "2042", "another merchant")
	})
}

func TestTwoSteps(t *testing.T) {
	t.Parallel()
	t.Run("confirmed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		started := w.expectAccepted(w.call(http.MethodPost, payments, w.paymentBody("R1", "770333333")), payments)
		path := transactions + "/" + started.Text("transactionId") + "/confirm"
		customer := w.customer("770333333", sonatel.CustomerPIN)
		for _, row := range []struct {
			name, path string
			who        fields
			status     int
			code       string
		}{
			{"wrong PIN", path, w.customer("770333333", "0000"), http.StatusBadRequest, "2011"},
			{"other customer", path, w.customer("770123456", sonatel.CustomerPIN), http.StatusNotFound, "60"},
			{"unknown transaction", transactions + "/MP1/confirm", customer, http.StatusNotFound, "60"},
		} {
			w.expectRefused(w.call(http.MethodPost, row.path, row.who), row.status, row.code, row.name)
		}
		require.Equal(t, "SUCCESS", w.expectAccepted(w.call(http.MethodPost, path, customer), "confirmation")["status"])
		w.expectCode(w.call(http.MethodPost, path, customer), "51", "second confirmation")
		w.awaitStatus("R1", "SUCCESS")
		w.Clock.Advance(48 * time.Hour)
		require.Len(t, w.Sim.Book(), 1)
	})
	t.Run("another_method", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		body := w.paymentBody("R1", "770123456", fields{"method": "OTHER"})
		w.expectCode(w.call(http.MethodPost, payments, body), "20", "another method")
	})
}
