package digitalpaye

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"pirogue/sandbox/stage"
)

// customer is somebody who paid or was paid, as v1 writes them. The same person, told
// by the telephone number, keeps id and createdAt from one transaction to the next.
type customer struct {
	ID          string  `json:"id"`
	LastName    string  `json:"lastName"`
	FirstName   string  `json:"firstName"`
	Email       string  `json:"email"`
	PhoneNumber string  `json:"phoneNumber"`
	Address     address `json:"address"`
	CreatedAt   string  `json:"createdAt"`
}

type address struct {
	CountryCode   string `json:"countryCode"`
	City          string `json:"city"`
	StreetAddress string `json:"streetAddress"`
}

// named is a customer of whom one name is known, surname first as in the samples.
func named(name string) customer {
	last, first, _ := strings.Cut(strings.TrimSpace(name), " ")
	return customer{LastName: last, FirstName: first, Address: address{CountryCode: country}}
}

// name is the customer's name as v2 writes it.
func (c customer) name() string { return strings.TrimSpace(c.LastName + " " + c.FirstName) }

// complete reports whether v1 takes the customer. Its pages mark the email otherwise
// than what they require: it can be left out [our reading].
func (c customer) complete() bool {
	return c.LastName != "" && c.FirstName != "" && c.PhoneNumber != "" && c.Address.CountryCode == country &&
		(c.Email == "" || strings.Contains(c.Email, "@"))
}

// customers is the register of customers. It is kept in memory; an order remembers its
// own customer.
type customers struct {
	most    int
	mu      sync.Mutex
	byPhone map[string]int // where in known
	known   []customer     // oldest first
}

func newCustomers(most int) *customers {
	return &customers{most: most, byPhone: map[string]int{}}
}

// meet puts a customer into the register, or renews what is known of one. It fails with
// ErrFull.
func (r *customers) meet(c customer, at time.Time) (customer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i, found := r.byPhone[c.PhoneNumber]; found {
		c.ID, c.CreatedAt = r.known[i].ID, r.known[i].CreatedAt
		r.known[i] = c
		return c, nil
	}
	if len(r.known) >= r.most {
		return customer{}, stage.ErrFull
	}
	c.ID, c.CreatedAt = newUUID(), instant(at)
	r.byPhone[c.PhoneNumber] = len(r.known)
	r.known = append(r.known, c)
	return c, nil
}

func (r *customers) all() []customer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]customer{}, r.known...)
}

// newUUID is a random UUID, version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// createCustomer serves POST /v1/customers/create. A number that is known renews the
// customer it belongs to [our reading].
func (s *Simulator) createCustomer(w http.ResponseWriter, _ *http.Request, a asked) error {
	var c customer
	if err := json.Unmarshal(a.raw, &c); err != nil {
		return badRequest
	}
	if !c.complete() {
		return invalid("customer")
	}
	made, err := s.customers.meet(c, s.Now())
	if err == nil {
		a.in.found(w, "", made)
	}
	return err
}

// readCustomer serves GET /v1/customers/{id} [our reading].
func (s *Simulator) readCustomer(w http.ResponseWriter, r *http.Request, a asked) error {
	for _, c := range s.customers.all() {
		if c.ID == r.PathValue("id") {
			a.in.found(w, "", c)
			return nil
		}
	}
	return noCustomer
}

// listCustomers serves GET /v1/customers [our reading].
func (s *Simulator) listCustomers(w http.ResponseWriter, _ *http.Request, a asked) error {
	a.in.found(w, "", s.customers.all())
	return nil
}
