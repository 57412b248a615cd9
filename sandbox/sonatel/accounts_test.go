package sonatel_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue/sandbox/sonatel"
)

// retailer returns the retailer with a PIN, encrypted.
func (w *world) retailer(pin string) fields {
	w.T.Helper()
	return fields{
		"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encryptPIN(pin), "wallet": "PRINCIPAL",
	}
}

// balance reads the money left in the float.
func (w *world) balance() any {
	w.T.Helper()
	return w.expectAccepted(w.call(http.MethodPost, balancePath, w.retailer(sonatel.PIN)), balancePath)["value"]
}

// retailerAccount is the address of the retailer's account.
const retailerAccount = accountPath + "?type=retailer&msisdn=" + sonatel.RetailerMSISDN

func TestPIN(t *testing.T) {
	t.Parallel()
	t.Run("third_wrong_one_blocks", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, row := range []struct{ pin, code string }{
			{"0000", "2011"},
			{sonatel.PIN, ""},
			{"0000", "2011"},
			{"0000", "2012"},
			{"0000", "2013"},
			{sonatel.PIN, "2013"},
		} {
			w.expectCode(w.call(http.MethodPost, balancePath, w.retailer(row.pin)), row.code, row.pin)
		}
		require.Equal(t, true, w.expectAccepted(w.call(http.MethodGet, retailerAccount, nil), retailerAccount)["barred"])
		w.SetSwitches(`{"wrong_pins": 0}`)
		w.makeDeposit("R1", "770123456")
	})
	t.Run("changed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		change := fields{"encryptedPinCode": w.encryptPIN(sonatel.PIN), "encryptedNewPinCode": w.encryptPIN("1357")}
		for _, row := range []struct{ path, code string }{
			{accountPath + "?type=customer&msisdn=770123456", "20"},
			{retailerAccount, ""},
			{retailerAccount, "2011"}, // the old one is not valid
		} {
			w.expectCode(w.call(http.MethodPatch, row.path, change), row.code, row.path)
		}
		w.expectAccepted(w.call(http.MethodPost, balancePath, w.retailer("1357")), "the new PIN")
	})
	t.Run("key_rotated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, before := w.get("/api/account/v1/publicKeys")
		require.Equal(t, "RSA", before["keyType"])
		require.Equal(t, 2048.0, before["keySize"])
		require.Len(t, w.encryptPIN(sonatel.PIN), 344)
		old := w.depositBody("R1", "770123456")
		w.SetSwitches(`{"key_rotation": true}`)
		_, after := w.get("/api/account/v1/publicKeys")
		require.NotEqual(t, before["key"], after["key"])
		require.NotEqual(t, before["keyId"], after["keyId"])
		w.expectRefused(w.call(http.MethodPost, cashins, old), http.StatusBadRequest, "4003", "the old key")
		w.makeDeposit("R1", "770123456")
		require.Zero(t, *w.Sim.Switches().WrongPINs)
	})
}

// TestFloat checks that a pending deposit holds money of the float, and that a failed one
// releases it.
func TestFloat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.SetSwitches(`{"balance": 120000}`)
	w.makeDeposit("EXECUTED", "770123456")
	w.makeDeposit("PENDING", "770444444")
	require.Equal(t, 20000.0, w.balance())
	tooMuch := w.depositBody("TOO-MUCH", "770123456")
	w.expectRefused(w.call(http.MethodPost, cashins, tooMuch), http.StatusBadRequest, "2021", "above the float")
	w.awaitStatus("TOO-MUCH", "")
	w.Clock.Advance(30 * time.Second)
	w.SetSwitches(`{"balance": 50000}`)
	w.makeDeposit("REJECTED", "770222222")
	require.Equal(t, 50000.0, w.balance()) // it never succeeds, so it holds nothing
	require.Equal(t, 50000.0, w.SetSwitches(`{"down": false}`)["balance"])
}

func TestAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createCode("R1", "+221770123456")
	w.awaitStatus("R1", "SUCCESS")
	for name, row := range map[string]struct {
		query   string
		balance any // nil if refused
		code    string
	}{
		"the merchant got the payment": {"type=merchant&msisdn=" + sonatel.MerchantMSISDN, 50000.0, ""},
		"the retailer has the float":   {"type=retailer&msisdn=" + sonatel.RetailerMSISDN, 1e9, ""},
		"a customer has something":     {"type=customer&msisdn=770123456", 250000.0, ""},
		"another retailer":             {"type=retailer&msisdn=770123456", nil, "2000"},
		"no type":                      {"msisdn=770123456", nil, "2000"},
		"a number that is none":        {"type=customer&msisdn=221770123456", nil, "2001"},
	} {
		req := w.call(http.MethodGet, accountPath+"?"+row.query, nil)
		if row.code != "" {
			w.expectRefused(req, http.StatusBadRequest, row.code, name)
			continue
		}
		require.Equal(t, row.balance, w.expectAccepted(req, name).Object("balance")["value"], name)
	}
}

func TestSIMCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/api/assignments/v1/partner/sim-cards"
	var cards []fields
	status := w.FetchJSON(w.call(http.MethodGet, path+"?nbMerchants=1&nbRetailers=1&nbCustomers=2", nil), &cards)
	require.Equal(t, http.StatusOK, status)
	require.Len(t, cards, 4)
	require.Equal(t, "100200", cards[0]["merchantCode"])
	require.Equal(t, "2468", cards[1]["pinCode"])
	require.Equal(t, "CUSTOMER", cards[2]["type"])
	require.Equal(t, "770100002", cards[3]["msisdn"])
	for _, count := range []string{"21", "-1", "x"} {
		w.expectRefused(w.call(http.MethodGet, path+"?nbCustomers="+count, nil), http.StatusBadRequest, "20", count)
	}
}
