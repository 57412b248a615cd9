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
	"context"
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
	*engine.Runtime

	options  Options
	book     *book
	tokens   tokens
	otps     otps
	board    *board
	checkout engine.Checkout
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
	kept, err := openBook(o.JournalPath, o.MaxOrders, o.Credentials.PIN)
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		Runtime: engine.NewRuntime(o.Options), options: o, book: kept, checkout: checkout,
		tokens: tokens{o.Clock, engine.NewTokens(o.Credentials.ClientSecret)}, otps: newOTPs(o.Clock),
	}
	s.board = &board{Faults: s.Faults, book: kept, quirks: usual}
	s.resume()
	return s, nil
}

// resume schedules everything that the journal left unfinished.
func (s *Simulator) resume() {
	for _, unfinished := range s.book.allTransactions() {
		s.arrange(unfinished)
	}
	for _, unpaid := range s.book.allCodes() {
		s.expect(unpaid)
	}
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

// Book returns every executed payment, oldest first.
func (s *Simulator) Book() []engine.Paid {
	return s.book.Paid()
}

// Transactions returns every transaction, oldest first. An unpaid QR code is no
// transaction.
func (s *Simulator) Transactions() []Transaction {
	kept := s.book.allTransactions()
	views := make([]Transaction, len(kept))
	for i, one := range kept {
		views[i] = one.view()
	}
	return views
}

// Codes returns every QR code, oldest first.
func (s *Simulator) Codes() []Code {
	kept := s.book.allCodes()
	views := make([]Code, len(kept))
	for i, one := range kept {
		views[i] = one.view()
	}
	return views
}

// Asked returns the number of QR codes and of transactions that did not begin with one.
func (s *Simulator) Asked() int { return s.book.asked() }

// Settings reads and changes everything that can be set.
func (s *Simulator) Settings() engine.Settings { return s.board.settings() }

// Switches returns the current switches.
func (s *Simulator) Switches() Switches {
	return s.board.read()
}

// SetSwitches replaces all switches. It changes none and returns an error if one is out of
// its range.
func (s *Simulator) SetSwitches(wanted Switches) error {
	return s.board.set(wanted)
}

// Close stops every customer, delivers the queued callbacks, and closes the journal. When
// ctx ends first, it drops the callbacks. It also drops callbacks that wait for a retry,
// and releases calls that hang. Closing twice is harmless.
func (s *Simulator) Close(ctx context.Context) error {
	return errors.Join(s.Runtime.Close(ctx), s.book.Close())
}
