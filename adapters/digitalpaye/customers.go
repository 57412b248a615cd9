package digitalpaye

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// The paths of the customer directory, the same in every shape [our reading]. Only the
// first is in the documents.
const (
	createCustomerPath = "/v1/customers/create"
	customersPath      = "/v1/customers"
)

// customerPages is the largest directory that we read, in pages.
const customerPages = 250

// customerRow is a customer on the wire, in camelCase in every shape.
type customerRow struct {
	ID          text            `json:"id,omitempty"` // a UUID
	FirstName   string          `json:"firstName"`
	LastName    string          `json:"lastName"`
	Email       string          `json:"email"`
	PhoneNumber text            `json:"phoneNumber"` // local, as in collections [our reading]
	Address     customerAddress `json:"address"`
	CreatedAt   text            `json:"createdAt,omitempty"`
}

// customerAddress is a customer's address. We send it as the object that collections use for the
// customer [our reading]. We read an object or plain text.
type customerAddress struct {
	CountryCode   string `json:"countryCode"`
	StreetAddress string `json:"streetAddress,omitempty"`
}

// UnmarshalJSON reads an object or a text. Any other JSON leaves the address empty.
func (h *customerAddress) UnmarshalJSON(raw []byte) error {
	type object customerAddress
	if err := json.Unmarshal(raw, (*object)(h)); err == nil {
		return nil
	}
	var plain text
	if err := json.Unmarshal(raw, &plain); err == nil {
		h.StreetAddress = string(plain)
	}
	return nil
}

// CreateCustomer implements operator.CustomerDirectory. A customer without both names or
// without a number of Côte d'Ivoire is Refused and not sent.
func (o *adapter) CreateCustomer(ctx context.Context, c operator.Customer) (operator.Customer, error) {
	number, ours := limits.LocalOf(c.MSISDN)
	if !ours || c.FirstName == "" || c.LastName == "" {
		return operator.Customer{}, pirogue.Errorf(operator.Refused, "not sent: a customer has two names and a local number")
	}
	reply, err := o.post(ctx, createCustomerPath, customerRow{
		FirstName: c.FirstName, LastName: c.LastName, Email: c.Email, PhoneNumber: text(number),
		Address: customerAddress{CountryCode: country, StreetAddress: c.Address},
	})
	if err != nil {
		return operator.Customer{}, err
	}
	if !reply.isAccepted() && reply.code() != http.StatusCreated {
		want := expected{refusal: operator.Refused}
		return operator.Customer{}, o.replyError(reply, want, c.FirstName, c.LastName, c.Email, c.Address)
	}
	return readCustomer(reply.Data)
}

// Customer implements operator.CustomerDirectory.
func (o *adapter) Customer(ctx context.Context, id string) (operator.Customer, error) {
	if id == "" {
		return operator.Customer{}, pirogue.Errorf(pirogue.NotFound, "a customer without an identifier")
	}
	reply, err := o.query(ctx, client.Get(customersPath+"/"+url.PathEscape(id), nil), operator.Refused)
	switch {
	case reply.isNotFound():
		return operator.Customer{}, pirogue.Errorf(pirogue.NotFound, "Digitalpaye does not know this customer")
	case err != nil:
		return operator.Customer{}, err
	}
	got, err := readCustomer(reply.Data)
	if err == nil && got.ID != id {
		return operator.Customer{}, pirogue.Errorf(operator.Unknown, "an answer about another customer")
	}
	return got, err
}

// Customers implements operator.CustomerDirectory. A directory of more than 25,000 customers
// is Unknown.
func (o *adapter) Customers(ctx context.Context) ([]operator.Customer, error) {
	all := []operator.Customer{}
	for raw, err := range o.listRows(ctx, customersPath, url.Values{}, customerPages) {
		if err != nil {
			return nil, err
		}
		one, err := readCustomer(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// readCustomer reads a customer. One without an identifier can never be found again, so it
// is Unknown whether Digitalpaye stored it.
func readCustomer(raw json.RawMessage) (operator.Customer, error) {
	var got customerRow
	if err := json.Unmarshal(raw, &got); err != nil {
		return operator.Customer{}, pirogue.Errorf(operator.Unknown, "customer: not the JSON of the documents: %w", err)
	}
	if got.ID == "" {
		return operator.Customer{}, pirogue.Errorf(operator.Unknown, "customer without an identifier")
	}
	created := readTime(string(got.CreatedAt))
	return operator.Customer{
		ID: string(got.ID), FirstName: got.FirstName, LastName: got.LastName, Email: got.Email,
		MSISDN: international(string(got.PhoneNumber)), Address: got.Address.StreetAddress, CreatedAt: created,
	}, nil
}
