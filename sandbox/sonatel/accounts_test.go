package sonatel_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pirogue/sandbox/sonatel"
)

// TestWrongPINsBlockTheRetailer makes three wrong tries, with a right one in between.
func TestWrongPINsBlockTheRetailer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, row := range []struct{ pin, code string }{
		{"0000", "2011"},
		{sonatel.PIN, ""},
		{"0000", "2011"},
		{"0000", "2012"},
		{"0000", "2013"},
		{sonatel.PIN, "2013"},
	} {
		_, reply := w.post(balancePath, fields{
			"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted(row.pin),
			"wallet": "PRINCIPAL",
		})
		if (row.code == "") != (reply["code"] == nil) || (row.code != "" && reply["code"] != row.code) {
			t.Errorf("try %d answers %v, want %q", i, reply, row.code)
		}
	}
	if _, account := w.get(accountPath + "?type=retailer&msisdn=" + sonatel.RetailerMSISDN); account["barred"] != true {
		t.Errorf("the blocked account is %v", account)
	}
	w.Set(`{"wrong_pins": 0}`)
	w.deposits("R1", "770123456")
}

func TestAPINIsChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := accountPath + "?type=retailer&msisdn=" + sonatel.RetailerMSISDN
	change := fields{"encryptedPinCode": w.encrypted(sonatel.PIN), "encryptedNewPinCode": w.encrypted("1357")}
	for i, row := range []struct {
		path string
		want int
		code string
	}{
		{accountPath + "?type=customer&msisdn=770123456", 400, "20"},
		{path, 200, ""},
		{path, 400, "2011"}, // the old one is not valid
	} {
		if status, reply := w.Object(w.call(http.MethodPatch, row.path, change)); status != row.want ||
			(row.code != "" && reply["code"] != row.code) {
			t.Errorf("change %d answers %d %v", i, status, reply)
		}
	}
	status, _ := w.post(
		balancePath, fields{"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted("1357")},
	)
	if status != http.StatusOK {
		t.Errorf("the other PIN answers %d", status)
	}
}

func TestARotatedKeyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, before := w.get("/api/account/v1/publicKeys")
	if before["keyType"] != "RSA" || before["keySize"] != 2048.0 || len(w.encrypted(sonatel.PIN)) != 344 {
		t.Errorf("the key is %v", before)
	}
	old := w.deposit("R1", "770123456")
	w.Set(`{"key_rotation": true}`)
	if _, after := w.get("/api/account/v1/publicKeys"); after["key"] == before["key"] ||
		after["keyId"] == before["keyId"] {
		t.Errorf("the key stays %v", after["keyId"])
	}
	if status, reply := w.post(cashins, old); status != http.StatusBadRequest || reply["code"] != "4003" {
		t.Errorf("the old key answers %d %v", status, reply)
	}
	w.deposits("R1", "770123456")
	if now := w.Sim.Switches(); *now.WrongPINs != 0 {
		t.Error("a PIN under the old key counts as wrong")
	}
}

// balance reads the money left in the float.
func (w *world) balance() any {
	w.T.Helper()
	_, reply := w.post(balancePath, fields{
		"idType": "MSISDN", "id": sonatel.RetailerMSISDN, "encryptedPinCode": w.encrypted(sonatel.PIN),
		"wallet": "PRINCIPAL",
	})
	return reply["value"]
}

// TestDepositsTakeFromTheFloat checks that a pending deposit holds money of the float, and
// that a failed one releases it.
func TestDepositsTakeFromTheFloat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Set(`{"balance": 120000}`)
	w.deposits("EXECUTED", "770123456")
	w.deposits("PENDING", "770444444")
	if left := w.balance(); left != 20000.0 {
		t.Errorf("%v is left, want 20000", left)
	}
	status, reply := w.post(cashins, w.deposit("TOO-MUCH", "770123456"))
	if status != http.StatusBadRequest || reply["code"] != "2021" {
		t.Errorf("a deposit above the float answers %d %v", status, reply)
	}
	w.becomes("TOO-MUCH", "")
	w.Clock.Advance(30 * time.Second)
	w.Set(`{"balance": 50000}`)
	w.deposits("REJECTED", "770222222")
	if left := w.balance(); left != 50000.0 { // it never succeeds, so it holds nothing
		t.Errorf("%v is left, want 50000", left)
	}
	if now := w.Set(`{"down": false}`); now["balance"] != 50000.0 {
		t.Errorf("the switches say %v", now["balance"])
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.makesCode("R1", "+221770123456")
	w.becomes("R1", "SUCCESS")
	for name, row := range map[string]struct {
		query   string
		balance any // nil if refused
	}{
		"the merchant got what was paid": {"type=merchant&msisdn=" + sonatel.MerchantMSISDN, 50000.0},
		"the retailer has the float":     {"type=retailer&msisdn=" + sonatel.RetailerMSISDN, 1e9},
		"a customer has something":       {"type=customer&msisdn=770123456", 250000.0},
		"another retailer":               {"type=retailer&msisdn=770123456", nil},
		"no type":                        {"msisdn=770123456", nil},
		"a number that is none":          {"type=customer&msisdn=221770123456", nil},
	} {
		status, reply := w.get(accountPath + "?" + row.query)
		money := reply.Object("balance")
		if (status == http.StatusOK) != (row.balance != nil) || money["value"] != row.balance {
			t.Errorf("%s answers %d %v", name, status, reply)
		}
	}
}

func TestTestNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/api/assignments/v1/partner/sim-cards"
	var cards []fields
	if status := w.Send(
		w.call(http.MethodGet, path+"?nbMerchants=1&nbRetailers=1&nbCustomers=2", nil), &cards,
	); status != http.StatusOK {
		t.Fatalf("answers %d", status)
	}
	got := fmt.Sprintf(
		"%d %s %s %s %s", len(cards), cards[0]["merchantCode"], cards[1]["pinCode"], cards[2]["type"],
		cards[3]["msisdn"],
	)
	if got != "4 100200 2468 CUSTOMER 770100002" {
		t.Errorf("the cards are %v", cards)
	}
	for _, bad := range []string{"21", "-1", "x"} {
		if status, _ := w.get(path + "?nbCustomers=" + bad); status != http.StatusBadRequest {
			t.Errorf("%s customers answer %d", bad, status)
		}
	}
}
