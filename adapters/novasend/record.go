package novasend

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pirogue"
)

// record is a payin, a payout or a refund as Novasend answers it, in every shape of
// its pages, and the body of a webhook. Fees and what the payer was charged with them
// are not read: the order is about the amount alone.
type record struct {
	Type string `json:"type"`

	ID                string `json:"id"`                // theirs, in the current shape
	Reference         string `json:"reference"`         // ours in the current shape, theirs in the seed's and of a refund
	CustomerReference string `json:"customerReference"` // ours, in the seed's shape
	ExternalReference string `json:"externalReference"` // ours, of a refund; our reading: it may be repeated
	OriginalReference string `json:"originalReference"` // of the payin that a refund gives back

	Status               string          `json:"status"`
	ConfirmationRequired bool            `json:"confirmationRequired"`
	ConfirmationStatus   string          `json:"confirmationStatus"`
	PaymentURL           string          `json:"paymentUrl"`
	IsDirect             bool            `json:"isDirect"`
	Failure              json.RawMessage `json:"failure"`     // null, or without a word, when nothing failed
	Transaction          json.RawMessage `json:"transaction"` // null or {} until the customer confirmed

	Amount      json.Number `json:"amount"` // the principal
	Currency    string      `json:"currency"`
	PhoneNumber string      `json:"phoneNumber"` // in the seed's shape
	Customer    struct {
		PhoneNumber string `json:"phoneNumber"`
	} `json:"customer"`

	settled transaction // what Transaction says
	failed  bool        // Failure names something
}

// transaction is what Novasend's core system made of a confirmed record. Its numbers
// are text, such as "153.00".
type transaction struct {
	Status      string      `json:"status"`
	PhoneNumber string      `json:"phoneNumber"`
	Amount      json.Number `json:"amount"`
	Currency    string      `json:"currency"`
}

// order is what a record has to be about.
type order struct {
	kind   string // a type of record
	ref    pirogue.OperatorRef
	amount pirogue.Money
	wallet pirogue.MSISDN // that has to be paid; "" where any may pay
	payin  []string       // of a refund: the names of the payin it gives back
	id     string         // of a refund: theirs, "" when not known
}

// decode reads a record. A failure or a transaction that is no object is of no
// documented form, and so is the record.
func decode(body []byte) (record, error) {
	var got record
	if err := json.Unmarshal(body, &got); err != nil {
		return record{}, err
	}
	if len(got.Transaction) > 0 {
		if err := json.Unmarshal(got.Transaction, &got.settled); err != nil {
			return record{}, err
		}
	}
	if len(got.Failure) > 0 {
		var said map[string]any
		if err := json.Unmarshal(got.Failure, &said); err != nil {
			return record{}, err
		}
		got.failed = slices.ContainsFunc(slices.Collect(maps.Values(said)), isSaid)
	}
	return got, nil
}

// isSaid reports whether a member of a failure says anything: some have texts of nothing.
func isSaid(value any) bool {
	text, isText := value.(string)
	return value != nil && (!isText || strings.TrimSpace(text) != "")
}

// ours returns our reference of a record, and theirs Novasend's; "" when it has none.
func (r record) ours() pirogue.OperatorRef {
	switch {
	case r.Type == typeRefund:
		return pirogue.OperatorRef(r.ExternalReference)
	case r.CustomerReference != "":
		return pirogue.OperatorRef(r.CustomerReference)
	default:
		return pirogue.OperatorRef(r.Reference)
	}
}

func (r record) theirs() string {
	if r.ID == "" && (r.Type == typeRefund || r.CustomerReference != "") {
		return r.Reference
	}
	return r.ID
}

// prefixCore begins Novasend's name of the transaction in a record, which its core system
// gives it once the customer has confirmed.
const prefixCore = "tr_"

// about reports whether a record is of an order. A refund that does not repeat our
// reference is told by the payin it gives back, for there is one refund of a payin. Our
// reading: it may name the payin by the transaction in it. Nothing is kept of that name, but
// the path that was asked names the payin as well.
func (r record) about(want order) bool {
	switch {
	case r.Type != want.kind:
		return false
	case r.Type != typeRefund:
		return r.ours() == want.ref
	case r.ExternalReference == "" && r.OriginalReference == "":
		return false
	default:
		return (r.ExternalReference == "" || r.ours() == want.ref) &&
			(r.OriginalReference == "" || strings.HasPrefix(r.OriginalReference, prefixCore) ||
				slices.Contains(want.payin, r.OriginalReference)) &&
			(want.id == "" || r.theirs() == want.id)
	}
}

// reason returns what a record says to people: its words, and those of its failure.
func (r record) reason() string {
	said := r.Status
	for _, word := range []string{r.settled.Status, r.ConfirmationStatus} {
		if word != "" && word != "none" {
			said += " " + word
		}
	}
	if r.failed {
		failure := problemOf(r.Failure)
		said += " " + failure.Code + " " + failure.Message
	}
	return said
}
