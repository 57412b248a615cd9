package operator

import (
	"context"
	"time"

	"pirogue"
)

// CustomerDirectory registers customers at an operator that identifies its payers and
// beneficiaries. Each method fails with NotSent, Refused or Unknown.
type CustomerDirectory interface {
	// CreateCustomer registers a person and returns them with the operator's identifier.
	CreateCustomer(ctx context.Context, c Customer) (Customer, error)
	// Customer returns one person. It fails with NotFound.
	Customer(ctx context.Context, id string) (Customer, error)
	// Customers returns everybody, in the operator's order.
	Customers(ctx context.Context) ([]Customer, error)
}

// Customer is one person in an operator's directory: every field is personal data.
type Customer struct {
	ID        string         `json:"id"` // the operator's; "" before it is registered there
	FirstName string         `json:"first_name"`
	LastName  string         `json:"last_name"`
	Email     string         `json:"email,omitempty"`
	MSISDN    pirogue.MSISDN `json:"msisdn"`
	Address   string         `json:"address,omitempty"`
	CreatedAt time.Time      `json:"created_at,omitzero"`
}
