package novasend

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pirogue"
)

// record is a payin, a payout or a refund in Novasend's responses, in every shape of its
// pages. It is also the body of a webhook. Fees and the payer's charge are not read,
// because an order concerns the amount alone.
type record struct {
	Type string `json:"type"`

	ID                string `json:"id"`                // Novasend's name, in the current shape
	Reference         string `json:"reference"`         // ours in the current shape; else, and for a refund, theirs
	CustomerReference string `json:"customerReference"` // our reference, in the seed's shape
	ExternalReference string `json:"externalReference"` // our reference, of a refund; our reading: it may be repeated
	OriginalReference string `json:"originalReference"` // the payin that a refund gives back

	Status               string          `json:"status"`
	ConfirmationRequired bool            `json:"confirmationRequired"`
	ConfirmationStatus   string          `json:"confirmationStatus"`
	PaymentURL           string          `json:"paymentUrl"`
	IsDirect             bool            `json:"isDirect"`
	Failure              json.RawMessage `json:"failure"`     // null, or without a word, if nothing failed
	Transaction          json.RawMessage `json:"transaction"` // null or {} until the customer confirmed

	Amount      json.Number `json:"amount"` // the principal
	Currency    string      `json:"currency"`
	PhoneNumber string      `json:"phoneNumber"` // in the seed's shape
	Customer    struct {
		PhoneNumber string `json:"phoneNumber"`
	} `json:"customer"`

	settled transaction // Transaction, decoded
	failed  bool        // Failure names something
}

// transaction is the result of a confirmed record in Novasend's core system. Its numbers
// are text, such as "153.00".
type transaction struct {
	Status      string      `json:"status"`
	PhoneNumber string      `json:"phoneNumber"`
	Amount      json.Number `json:"amount"`
	Currency    string      `json:"currency"`
}

// order describes the order that a record must be about.
type order struct {
	kind   string // a type of record
	ref    pirogue.OperatorRef
	amount pirogue.Money
	wallet pirogue.MSISDN // the wallet to be paid; "" where any may pay
	payin  []string       // of a refund: the names of the payin that it gives back
	id     string         // of a refund: Novasend's name, "" if unknown
}

// decode reads a record. A failure or a transaction that is not an object has no documented
// form, so the record has none either.
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

// isSaid reports whether a member of a failure holds text. Some are empty or blank.
func isSaid(value any) bool {
	text, isText := value.(string)
	return value != nil && (!isText || strings.TrimSpace(text) != "")
}

// ours returns our reference of a record, and theirs Novasend's name; "" if it has none.
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

// theirs returns Novasend's name of a record; "" if it has none. In the seed's shape and in
// refunds it is the field reference.
func (r record) theirs() string {
	if r.ID == "" && (r.Type == typeRefund || r.CustomerReference != "") {
		return r.Reference
	}
	return r.ID
}

// prefixCore begins the name of a record's transaction in Novasend's core system. The
// record gets it when the customer confirms.
const prefixCore = "tr_"

// about reports whether a record belongs to an order. If a refund does not repeat our
// reference, its payin identifies it, because a payin has at most one refund. Our reading:
// it may name the payin by the transaction in it. We store no such name, but the path of
// the call names the payin as well.
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

// reason returns a record's text for people: its status words and those of its failure.
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
