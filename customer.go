package pirogue

import (
	"context"
	"time"
)

// CustomerDirectory keeps people at an operator that knows its payers and
// beneficiaries by name. Each method fails with NotSent, Refused or Unknown.
type CustomerDirectory interface {
	// CreateCustomer keeps a person and returns them with the operator's identifier.
	CreateCustomer(ctx context.Context, c Customer) (Customer, error)
	// Customer returns one person. It fails with NotFound.
	Customer(ctx context.Context, id string) (Customer, error)
	// Customers returns everybody, in the operator's order.
	Customers(ctx context.Context) ([]Customer, error)
}

// Customer is a person as an operator keeps them: personal data throughout.
type Customer struct {
	ID        string    `json:"id"` // the operator's; "" before it is known there
	FirstName string    `json:"first_name"`
	LastName  string    `json:"last_name"`
	Email     string    `json:"email,omitempty"`
	MSISDN    MSISDN    `json:"msisdn"`
	Address   string    `json:"address,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
}
