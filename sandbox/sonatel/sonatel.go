// Package sonatel simulates the Orange Money API of Sonatel (Senegal) over HTTP. It serves
// token and public key, deposits one by one and in bulk, and the history. A customer pays
// by QR code, in one step or in two. It sends the signed callbacks.
//
// It is written from the wire facts of Sonatel's document and of what integrators saw in
// production. It knows nothing of Pirogue's adapter. It keeps its own book of executed
// payments, so that Pirogue's books can be compared with an independent one.
//
// Beware of the words: Sonatel's "cash in" is a deposit into the customer's wallet, a
// cash-out for the merchant. A deposit takes money from the retailer's float. A repeated
// reference is not refused: it deposits again, and the book shows both.
//
// The number of a deposit is in its body, and its last six digits decide its course. A QR
// code has no number. A request of test mode may add the header X-Sandbox-Msisdn; the
// customer of that number then pays automatically. Without the header nothing happens until
// a person opens the deep link, which leads to a page of the sandbox.
package sonatel

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"pirogue/sandbox/engine"
)

// The credentials that the sandbox accepts by default. None of them is secret.
const (
	ClientID       = "sandbox-client"
	ClientSecret   = "sandbox-secret"
	RetailerMSISDN = "770000001" // the float that pays for deposits, 9 local digits
	PIN            = "2468"      // of the retailer
	MerchantCode   = "100200"    // the till that receives QR codes and payments
	MerchantMSISDN = "770000002" // the account behind MerchantCode
	CallbackKey    = "sandbox-callback-key"
	CallbackSecret = "sandbox-callback-secret"
	CustomerPIN    = "1234"   // of every customer
	OTP            = "123456" // accepted from every customer, besides those of payments/otp
)

// MSISDNHeader names the request header of a QR code with the number of the automatic
// customer, in international form: +221770123456.
const MSISDNHeader = "X-Sandbox-Msisdn"

const (
	tokenLifetime   = 299 * time.Second // observed in production
	defaultFloat    = 1_000_000_000     // XOF of the retailer; see Quirks.Balance
	customerBalance = 250_000           // XOF in every customer's account
)

// Credentials are those that a distributor and merchant receives from Sonatel.
type Credentials struct {
	ClientID, ClientSecret string // for the token call
	RetailerMSISDN, PIN    string // of the account that deposits
	MerchantCode           string // six digits
	CallbackKey            string // in Authorization: Basic, unless a registration sets another
	CallbackSecret         string // signs callbacks
}

// Options configures a simulator. PublicURL has at most 60 characters. MaxOrders bounds QR
// codes, and transactions.
type Options struct {
	engine.Options

	// Credentials default, field by field, to the sandbox's own.
	Credentials Credentials
}

// Simulator simulates Sonatel's Orange Money API. Make it with New.
type Simulator struct {
	engine.Engine

	credentials Credentials
	codes       *codes
	pins        *pins
	callbacks   *callbacks
	settings    *settings
	tokens      engine.Tokens
	otps        otps
	checkout    engine.Checkout
}

// entry is a line of the journal with data that only Sonatel has: the one field that is
// set, in its final state.
type entry struct {
	Code         *code         `json:"code,omitempty"`
	PIN          *pinState     `json:"pin,omitempty"`
	Registration *registration `json:"registration,omitempty"`
	Key          *keyLine      `json:"key,omitempty"`
}

// New starts a simulator. With a journal it restores everything, and anything that fell due
// meanwhile happens at once.
func New(o Options) (*Simulator, error) {
	o, err := o.ready()
	if err != nil {
		return nil, err
	}
	checkout, err := engine.NewCheckout(files)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		credentials: o.Credentials, checkout: checkout, otps: newOTPs(o.Clock),
		tokens: engine.NewTokens(o.Credentials.ClientSecret),
	}
	record := func(e entry) error { return s.RecordOwn(e) }
	s.settings = &settings{engine: &s.Engine, own: usualQuirks}
	s.pins = &pins{
		retailer: o.Credentials.RetailerMSISDN, pin: pinState{PIN: o.Credentials.PIN}, record: record,
		rotated: func() bool { return s.settings.quirks().KeyRotation },
	}
	s.settings.pins = s.pins
	s.callbacks = &callbacks{engine: &s.Engine, settings: s.settings, credentials: o.Credentials, record: record}
	s.codes = &codes{
		engine: &s.Engine, settings: s.settings, merchantCode: o.Credentials.MerchantCode, limit: o.MaxOrders,
		record: record, byReference: map[string][]string{},
	}
	if err := s.Start(engine.Config{
		Options: o.Options, Float: defaultFloat, NewID: newTransactionID, BookView: s.bookView, Refusals: problems,
		Callback: s.callbacks.callback, Restore: s.restore, Correct: s.codes.correct,
	}); err != nil {
		return nil, err
	}
	s.codes.resume()
	return s, nil
}

// restore restores data from a line of the journal.
func (s *Simulator) restore(data json.RawMessage) error {
	var e entry
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	switch {
	case e.Code != nil:
		s.codes.put(*e.Code)
	case e.PIN != nil:
		s.pins.pin = *e.PIN
	case e.Registration != nil:
		s.callbacks.registration = *e.Registration
	case e.Key != nil:
		return s.pins.restoreKey(*e.Key)
	default:
		return errors.New("the line holds nothing of Sonatel's")
	}
	return nil
}

// ready returns the options with their defaults. It returns an error if a QR code could not
// hold the links of PublicURL.
func (o Options) ready() (Options, error) {
	ready, err := o.Ready()
	switch {
	case err != nil:
		return o, err
	case len(ready.PublicURL) > maxPublicURL:
		return o, fmt.Errorf("public URL %q is longer than %d characters, and no QR code would hold its links",
			ready.PublicURL, maxPublicURL)
	}
	o.Options = ready
	o.Credentials = Credentials{
		ClientID:       cmp.Or(o.Credentials.ClientID, ClientID),
		ClientSecret:   cmp.Or(o.Credentials.ClientSecret, ClientSecret),
		RetailerMSISDN: cmp.Or(o.Credentials.RetailerMSISDN, RetailerMSISDN),
		PIN:            cmp.Or(o.Credentials.PIN, PIN),
		MerchantCode:   cmp.Or(o.Credentials.MerchantCode, MerchantCode),
		CallbackKey:    cmp.Or(o.Credentials.CallbackKey, CallbackKey),
		CallbackSecret: cmp.Or(o.Credentials.CallbackSecret, CallbackSecret),
	}
	return o, nil
}

// Transactions returns every transaction, oldest first. An unpaid QR code is no
// transaction.
func (s *Simulator) Transactions() []Transaction {
	views := []Transaction{}
	for _, o := range s.Orders() {
		views = append(views, transaction{o}.view())
	}
	return views
}

// Codes returns every QR code, oldest first.
func (s *Simulator) Codes() []Code {
	views := []Code{}
	for _, one := range s.codes.all() {
		views = append(views, one.view(s.codes.paidBy(one)))
	}
	return views
}

// Asked returns the number of QR codes and of transactions that did not begin with one.
func (s *Simulator) Asked() int {
	count := len(s.codes.all())
	for _, o := range s.Orders() {
		if o.Notes[noteCode] == "" {
			count++
		}
	}
	return count
}

// bookView returns every code, every transaction and every executed payment.
func (s *Simulator) bookView() any {
	return struct {
		Codes        []Code             `json:"qr_codes"`
		Transactions []Transaction      `json:"transactions"`
		Paid         []engine.BookEntry `json:"paid"`
	}{s.Codes(), s.Transactions(), s.Book()}
}

// newID returns an identifier that nobody can guess: 26 letters and digits.
func newID() string { return rand.Text() }
