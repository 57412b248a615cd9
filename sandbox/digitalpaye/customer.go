package digitalpaye

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"pirogue/sandbox/engine"
)

// customer is a person who paid or was paid, in v1's form. The telephone number identifies
// the person, who keeps id and createdAt from one transaction to the next.
type customer struct {
	ID          string  `json:"id"`
	LastName    string  `json:"lastName"`
	FirstName   string  `json:"firstName"`
	Email       string  `json:"email"`
	PhoneNumber string  `json:"phoneNumber"`
	Address     address `json:"address"`
	CreatedAt   string  `json:"createdAt"`
}

// address is a customer's address in v1's form.
type address struct {
	CountryCode   string `json:"countryCode"`
	City          string `json:"city"`
	StreetAddress string `json:"streetAddress"`
}

// customerNamed returns a customer from a single name, surname first as in the samples.
func customerNamed(name string) customer {
	last, first, _ := strings.Cut(strings.TrimSpace(name), " ")
	return customer{LastName: last, FirstName: first, Address: address{CountryCode: country}}
}

// name returns the customer's name in v2's form.
func (c customer) name() string { return strings.TrimSpace(c.LastName + " " + c.FirstName) }

// complete reports whether v1 accepts the customer. Its pages mark the email differently
// from required fields, so it is optional [our reading].
func (c customer) complete() bool {
	return c.LastName != "" && c.FirstName != "" && c.PhoneNumber != "" && c.Address.CountryCode == country &&
		(c.Email == "" || strings.Contains(c.Email, "@"))
}

// customers is the directory of customers. It lies in memory; an order stores its own
// customer.
type customers struct {
	most    int
	now     func() time.Time
	mu      sync.Mutex
	byPhone map[string]int // index in known
	known   []customer     // oldest first
}

// newCustomers returns an empty directory for at most so many customers.
func newCustomers(most int, now func() time.Time) *customers {
	return &customers{most: most, now: now, byPhone: map[string]int{}}
}

// upsert adds a customer to the directory, or updates the one with that number. It returns
// ErrFull if the directory is full.
func (r *customers) upsert(c customer) (customer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, found := r.byPhone[c.PhoneNumber]; found {
		c.ID, c.CreatedAt = r.known[i].ID, r.known[i].CreatedAt
		r.known[i] = c
		return c, nil
	}
	if len(r.known) >= r.most {
		return customer{}, engine.ErrFull
	}
	c.ID, c.CreatedAt = newUUID(), instant(r.now())
	r.byPhone[c.PhoneNumber] = len(r.known)
	r.known = append(r.known, c)
	return c, nil
}

// all returns every customer, oldest first.
func (r *customers) all() []customer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]customer{}, r.known...)
}

// newUUID returns a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// create serves POST /v1/customers/create. A known number updates its customer [our
// reading].
func (r *customers) create(w http.ResponseWriter, _ *http.Request, a admittedCall) error {
	var c customer
	if err := json.Unmarshal(a.raw, &c); err != nil {
		return badRequest
	}
	if !c.complete() {
		return invalid("customer")
	}
	made, err := r.upsert(c)
	if err == nil {
		a.in.reply(w, "", made)
	}
	return err
}

// read serves GET /v1/customers/{id} [our reading].
func (r *customers) read(w http.ResponseWriter, req *http.Request, a admittedCall) error {
	for _, c := range r.all() {
		if c.ID == req.PathValue("id") {
			a.in.reply(w, "", c)
			return nil
		}
	}
	return noCustomer
}

// list serves GET /v1/customers [our reading].
func (r *customers) list(w http.ResponseWriter, _ *http.Request, a admittedCall) error {
	a.in.reply(w, "", r.all())
	return nil
}
