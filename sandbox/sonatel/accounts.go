package sonatel

import (
	"fmt"
	"net/http"
	"strconv"

	"pirogue/sandbox/engine"
)

// maxSIMCards is the number of test numbers of one kind that a call may request.
const maxSIMCards = 20

// accountReply is an account as anybody may read it: no PIN is needed.
type accountReply struct {
	MSISDN    string     `json:"msisdn"`
	Type      string     `json:"type"`
	Balance   moneyReply `json:"balance"`
	FirstName string     `json:"firstName"`
	LastName  string     `json:"lastName"`
	Grade     string     `json:"grade"`
	Barred    bool       `json:"barred"`
	Suspended bool       `json:"suspended"`
}

// balanceRequest is the body of a balance call.
type balanceRequest struct {
	party
	Wallet string `json:"wallet"` // PRINCIPAL, or empty
}

// accounts serves the accounts of the retailer, of the merchant and of customers.
type accounts struct {
	engine      *engine.Engine
	settings    *settings
	pins        *pins
	credentials Credentials
}

// balance serves the money left in the retailer's float.
func (a accounts) balance(w http.ResponseWriter, r *http.Request) error {
	var asked balanceRequest
	if err := readBody(w, r, &asked); err != nil {
		return err
	}
	if asked.Wallet != "" && asked.Wallet != principal {
		return invalid([]violation{{"wallet", "must be PRINCIPAL"}})
	}
	if err := a.pins.checkRetailer(asked.party); err != nil {
		return err
	}
	engine.WriteJSON(w, http.StatusOK, a.settings.quirks().money(a.engine.Float()))
	return nil
}

// account serves one account by its number. The merchant's balance is the money collected,
// the retailer's the float, and every customer has the same.
func (a accounts) account(w http.ResponseWriter, r *http.Request) error {
	msisdn, kind := r.URL.Query().Get("msisdn"), r.URL.Query().Get("type")
	if !localNumber.MatchString(msisdn) {
		return badMSISDN
	}
	quirks := a.settings.quirks()
	reply := accountReply{MSISDN: msisdn, Type: kind, FirstName: "Awa", LastName: "Ndiaye", Grade: "PRINCIPAL"}
	switch {
	case kind == "customer":
		reply.Balance = quirks.money(customerBalance)
	case kind == "retailer" && msisdn == a.credentials.RetailerMSISDN:
		reply.Balance, reply.Barred = quirks.money(a.engine.Float()), a.pins.wrong() >= maxWrongPINs
	case kind == "merchant" && msisdn == MerchantMSISDN:
		reply.Balance = quirks.money(a.collected())
	default:
		return noSuchCustomer
	}
	engine.WriteJSON(w, http.StatusOK, reply)
	return nil
}

// collected returns the money that customers paid to the merchant, in XOF. It is not the
// float: collected money does not pay for deposits.
func (a accounts) collected() (sum int64) {
	for _, line := range a.engine.Book() {
		if line.Direction == engine.In {
			sum += line.Amount
		}
	}
	return sum
}

// simCard is one test number.
type simCard struct {
	MSISDN       string `json:"msisdn"`
	PINCode      string `json:"pinCode"`
	Type         string `json:"type"`
	MerchantCode string `json:"merchantCode,omitempty"`
}

// simCards serves test numbers. There is one merchant and one retailer, however many are
// requested; customers are numbers without magic.
func (a accounts) simCards(w http.ResponseWriter, r *http.Request) error {
	cards := []simCard{}
	for _, one := range []struct {
		parameter string
		card      func(n int) simCard
	}{
		{"nbMerchants", func(int) simCard {
			return simCard{MerchantMSISDN, CustomerPIN, "MERCHANT", a.credentials.MerchantCode}
		}},
		{"nbRetailers", func(int) simCard {
			return simCard{a.credentials.RetailerMSISDN, a.credentials.PIN, "RETAILER", ""}
		}},
		{"nbCustomers", func(n int) simCard {
			return simCard{fmt.Sprintf("7701%05d", n), CustomerPIN, "CUSTOMER", ""}
		}},
	} {
		text := r.URL.Query().Get(one.parameter)
		if text == "" {
			continue
		}
		wanted, err := strconv.Atoi(text)
		if err != nil || wanted < 0 || wanted > maxSIMCards {
			return invalid([]violation{{one.parameter, "must be from 0 to " + strconv.Itoa(maxSIMCards)}})
		}
		for n := range wanted {
			cards = append(cards, one.card(n+1))
		}
	}
	engine.WriteJSON(w, http.StatusOK, cards)
	return nil
}
