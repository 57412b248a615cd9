package novasend_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/enginetest"
)

// moment holds the fields of a status from an instant on.
type moment struct {
	after time.Duration
	says  fields
}

// collections holds the effect of each magic number on a session in the current shape.
var collections = map[string]struct {
	moments []moment
	moved   int64
}{
	"123456": {[]moment{{0, paid("300.00")}}, 300},
	"111111": {[]moment{{0, open}, {2 * time.Second, fields{
		"status": "failed", "confirmationStatus": "accepted", "transaction.status": "failed",
		"failure.code": "client_not_enough_cash",
	}}}, 0},
	"222222": {[]moment{{0, open}, {2 * time.Second, fields{
		"status": "failed", "confirmationStatus": "declined", "transaction.status": "failed",
		"failure.code": "transaction_declined",
	}}}, 0},
	"333333": {[]moment{{9*time.Minute + 59*time.Second, open}, {10 * time.Minute, fields{
		"status": "expired", "confirmationStatus": "expired", "transaction": nil, "failure": nil,
	}}}, 0},
	"444444": {[]moment{{29 * time.Second, open}, {30 * time.Second, paid("300.00")}}, 300},
	"777777": {[]moment{{5 * time.Minute, open}, {330 * time.Second, paid("300.00")}}, 300},
	"888888": {[]moment{{0, paid("300.00")}}, 300},
	"999999": {[]moment{{0, paid("150.00")}}, 150},
	"543210": {[]moment{{9 * time.Second, open}, {10 * time.Second, paid("300.00")}}, 300},
}

// open is a session that waits for its customer.
var open = fields{"status": "processing", "confirmationStatus": "none", "transaction": fields{}, "failure": nil}

// paid returns a session that was executed.
func paid(moved string) fields {
	return fields{
		"status": "processed", "confirmationStatus": "accepted", "failure": nil, "amount": 300, "chargedAmount": 306,
		"transaction.status": "completed", "transaction.amount": moved, "transaction.chargedAmount": moved,
		"transaction.fees": "0.00",
	}
}

func TestMagicNumbersOfSessions(t *testing.T) {
	t.Parallel()
	for digits, row := range collections {
		for shape, body := range map[string]fields{
			"seed": seed("R1", number(digits)), "current": current("R1", number(digits)),
		} {
			t.Run(digits+" "+shape, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				reply := w.makes(sessions, body)
				_, shown := reply["transaction"]
				require.False(t, shown, "the call itself shows a transaction: %v", reply)
				id := reply.At("id")
				if shape == "seed" {
					id = reply.At("reference")
				}
				for _, m := range row.moments {
					w.until(m.after)
					w.shows("/v1/payin/"+id, m.says)
				}
				w.booksOne("R1", row.moved)
			})
		}
	}
}

// until advances the clock to an instant, counted from the beginning.
func (w *world) until(after time.Duration) {
	w.Clock.Advance(after - w.Clock.Now().Sub(enginetest.Morning))
}

// booksOne checks the book of one order. Without a movement it has no line.
func (w *world) booksOne(reference string, moved int64) {
	w.T.Helper()
	want := map[string]int64{}
	if moved > 0 {
		want[reference] = moved
	}
	w.books(want)
}

func TestMagicNumbersOfPayins(t *testing.T) {
	t.Parallel()
	for digits, row := range collections {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.makes(directPayin, direct("R1", number(digits), nil)).At("id")
			for _, m := range row.moments {
				w.until(m.after)
				w.shows("/v1/payin/"+id, directly(m.says, row.moved))
			}
			w.booksOne("R1", row.moved)
		})
	}
}

// directly converts the fields of a session to those of a direct collection. That has
// another word for success, a push under way, and no transaction.
func directly(session fields, moved int64) fields {
	says := fields{"isDirect": true, "mobileMoney.provider.name": "MOMO_CI", "paymentUrl": nil}
	for name, value := range session {
		switch {
		case value == "processed":
			says["status"], says["amount"] = "success", moved
		case value == "none":
			says[name] = "pending"
		case name == "status" || name == "confirmationStatus" || name == "failure" || name == "failure.code":
			says[name] = value
		}
	}
	says["transaction"] = nil
	return says
}

func TestMagicNumbersOfPayouts(t *testing.T) {
	t.Parallel()
	pending := fields{"status": "pending", "failure": nil}
	completed := fields{"status": "completed", "failure": nil, "amount": 300, "fee": 6, "chargedAmount": 306}
	rejected := fields{"status": "failed", "failure.code": "transaction_error"}
	for digits, row := range map[string]struct {
		moments []moment
		moved   int64
	}{
		"123456": {[]moment{{0, completed}}, 300},
		"222222": {[]moment{{0, pending}, {2 * time.Second, rejected}}, 0},
		"333333": {[]moment{{299 * time.Second, pending}, {5 * time.Minute, rejected}}, 0},
		"444444": {[]moment{{29 * time.Second, pending}, {30 * time.Second, completed}}, 300},
		"777777": {[]moment{{5 * time.Minute, pending}, {6 * time.Minute, completed}}, 300},
		"888888": {[]moment{{0, completed}}, 300},
		"999999": {[]moment{{0, completed.With(fields{"amount": 150, "chargedAmount": 156})}}, 150},
		"543210": {[]moment{{9 * time.Second, pending}, {10 * time.Second, completed}}, 300},
	} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.makes(directPayout, paysOut("D1", number(digits), nil)).At("id")
			w.makes(payout, current("W1", number(digits)))
			w.makes(payout, seed("S1", number(digits)))
			for _, m := range row.moments {
				w.until(m.after)
				w.shows("/v1/direct/payout/"+id, m.says)
				w.shows("/v1/payout/W1", byWallet(m.says))
				w.shows(
					"/v1/payout/S1", byWallet(m.says).With(fields{
						"amount": 300, "chargedAmount": 306,
						"customerReference": "S1",
					}),
				)
			}
			want := map[string]int64{}
			for _, reference := range []string{"D1", "W1", "S1"} {
				if row.moved > 0 {
					want[reference] = row.moved
				}
			}
			w.books(want)
		})
	}
}

// byWallet converts the fields of a direct payout to those of a payout by wallet.
func byWallet(direct fields) fields {
	says := maps.Clone(direct)
	says["type"], says["confirmationRequired"] = "payout", false
	switch says["status"] {
	case "pending":
		says["status"] = "processing"
	case "completed":
		says["status"] = "processed"
	}
	return says
}

func TestPayoutCeiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refused(
		"a direct payout", w.write(directPayout, paysOut("R1", number("111111"), nil)), 403, "client_kyc_not_approved",
	)
	w.refused("a payout", w.write(payout, current("R1", number("111111"))), 403, "client_kyc_not_approved")
	w.refused("its status", w.signed(w.Request(http.MethodGet, "/v1/payout/R1", nil)), 404,
		"transaction_does_not_exist")
	w.books(map[string]int64{})
}

func TestDownForOneNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, body := range map[string]fields{
		sessions: current("R1", number("555555")), directPayin: direct("R2", number("555555"), nil),
		payout: current("R3", number("555555")), directPayout: paysOut("R4", number("555555"), nil),
	} {
		w.refused(path, w.write(path, body), 503, "service_unavailable")
	}
	require.Equal(t, 0, w.Sim.Asked())
	reply := w.makes(sessions, current("R5", number("123456")))
	w.makes("/v1/payin/R5/refund", fields{"reason": "r", "externalReference": "RF"})
	w.SetSwitches(`{"force": "555555"}`)
	for _, path := range []string{"/v1/payin/R5", "/v1/payin/R5/refund"} {
		w.refused(path, w.signed(w.Request(http.MethodGet, path, nil)), 503, "service_unavailable")
	}
	w.refused(
		"a refund", w.write("/v1/payin/R5/refund", fields{"reason": "r", "externalReference": "RG"}), 503,
		"service_unavailable",
	)
	require.Equal(t, http.StatusServiceUnavailable, w.Visit(reply.At("paymentUrl")).Status)
}

// TestLostResponse finds an executed order by our reference, and gets its response by the
// same request.
func TestLostResponse(t *testing.T) {
	t.Parallel()
	for path, row := range map[string]struct {
		body   fields
		status string
	}{
		sessions:     {seed("R1", number("666666")), "/v1/payin/R1"},
		directPayin:  {direct("R1", number("666666"), nil), "/v1/payin/R1"},
		payout:       {current("R1", number("666666")), "/v1/payout/R1"},
		directPayout: {paysOut("R1", number("666666"), nil), "/v1/direct/payout/R1"},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ExpectNoReply(w.writeUnder(someKey, path, row.body))
			w.reads(row.status)
			status, reply := w.FetchObject(w.writeUnder(someKey, path, row.body))
			require.Equal(t, http.StatusCreated, status, reply)
			w.Clock.Advance(10 * time.Second)
			w.books(map[string]int64{"R1": 300})
			w.ExpectNotices(1)
		})
	}
}

// someKey is an idempotency key that a test uses twice.
const someKey = "6f9619ff-8b86-4011-b42d-00cf4fc964ff"
