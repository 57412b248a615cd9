package novasend

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"pirogue"
	"pirogue/adapters/client"
	"pirogue/operator"
)

// keyID is the handle's key for Novasend's own identifier.
const keyID = "id"

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

// expected describes the order that a record must be about.
type expected struct {
	kind   string // a type of record
	ref    pirogue.OperatorRef
	amount pirogue.Money
	wallet pirogue.MSISDN // the wallet to be paid; "" where any may pay
	payin  []string       // of a refund: the names of the payin that it gives back
	id     string         // of a refund: Novasend's name, "" if unknown
}

// readRecord reads a record. A failure or a transaction that is not an object has no documented
// form, so the record has none either.
func readRecord(body []byte) (record, error) {
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
		var members map[string]any
		if err := json.Unmarshal(got.Failure, &members); err != nil {
			return record{}, err
		}
		got.failed = slices.ContainsFunc(slices.Collect(maps.Values(members)), isText)
	}
	return got, nil
}

// isText reports whether a member of a failure holds text. Some are empty or blank.
func isText(value any) bool {
	text, isText := value.(string)
	return value != nil && (!isText || strings.TrimSpace(text) != "")
}

// ourReference returns our reference of a record; "" if it has none.
func (r record) ourReference() pirogue.OperatorRef {
	switch {
	case r.Type == typeRefund:
		return pirogue.OperatorRef(r.ExternalReference)
	case r.CustomerReference != "":
		return pirogue.OperatorRef(r.CustomerReference)
	default:
		return pirogue.OperatorRef(r.Reference)
	}
}

// operatorID returns Novasend's name of a record; "" if it has none. In the seed's shape and in
// refunds it is the field reference.
func (r record) operatorID() string {
	if r.ID == "" && (r.Type == typeRefund || r.CustomerReference != "") {
		return r.Reference
	}
	return r.ID
}

// prefixCore begins the name of a record's transaction in Novasend's core system. The
// record gets it when the customer confirms.
const prefixCore = "tr_"

// isOf reports whether a record belongs to an order. If a refund does not repeat our
// reference, its payin identifies it, because a payin has at most one refund. Our reading:
// it may name the payin by the transaction in it. We store no such name, but the path of
// the call names the payin as well.
func (r record) isOf(want expected) bool {
	switch {
	case r.Type != want.kind:
		return false
	case r.Type != typeRefund:
		return r.ourReference() == want.ref
	case r.ExternalReference == "" && r.OriginalReference == "":
		return false
	default:
		return (r.ExternalReference == "" || r.ourReference() == want.ref) &&
			(r.OriginalReference == "" || strings.HasPrefix(r.OriginalReference, prefixCore) ||
				slices.Contains(want.payin, r.OriginalReference)) &&
			(want.id == "" || r.operatorID() == want.id)
	}
}

// text returns a record's text for people: its status words and those of its failure.
func (r record) text() string {
	text := r.Status
	for _, word := range []string{r.settled.Status, r.ConfirmationStatus} {
		if word != "" && word != "none" {
			text += " " + word
		}
	}
	if r.failed {
		failure := readErrorBody(r.Failure)
		text += " " + failure.Code + " " + failure.Message
	}
	return text
}

// outcome returns the outcome of a record. transaction.status decides if it is present.
// Otherwise the status decides, unless the confirmation or the failure contradicts it. It
// returns Unknown for a word that Novasend's pages do not have. It also does for a success,
// or a payment under way, that names a failure.
func (r record) outcome() (pirogue.Outcome, error) {
	if r.settled.Status != "" {
		return transactionStatusTable.Outcome("transaction.status", r.settled.Status)
	}
	stated, err := statusTables[r.Type].Outcome("status", r.Status)
	if err != nil {
		return "", err
	}
	customer, err := confirmationTable.Outcome("confirmationStatus", r.ConfirmationStatus)
	if err != nil {
		return "", err
	}
	// Either one states that the payment did not happen.
	failed := r.failed || customer != pirogue.OutcomePending
	switch {
	case stated == pirogue.OutcomePaid && failed:
		return "", pirogue.Errorf(operator.Unknown, "status %s of a payment that failed", r.Status)
	case stated != pirogue.OutcomePending:
		return stated, nil
	case r.failed && r.Status == wordProcessed:
		return pirogue.OutcomeDeclined, nil
	case customer != pirogue.OutcomePending:
		return customer, nil
	case r.failed:
		return "", pirogue.Errorf(operator.Unknown, "status %s of a payment that failed", r.Status)
	case r.Status == wordProcessed && r.isExecuted():
		return pirogue.OutcomePaid, nil
	default:
		return pirogue.OutcomePending, nil
	}
}

// isExecuted reports whether "processed" means that money moved. It does for a payout and a
// direct payin in the current shape, which shows no transaction. A record whose transaction
// member is empty belongs to a payment that is not confirmed yet.
func (r record) isExecuted() bool {
	return len(r.Transaction) == 0 && (r.Type == typePayout || r.IsDirect)
}

// readRecordResult reads a response about an order. A response that cannot be read is Unknown;
// the result holds the name that it gave the order.
func (o *adapter) readRecordResult(body []byte, want expected) (record, operator.OperatorResult, error) {
	got, err := readRecord(body)
	if err != nil {
		return got, operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "not the JSON of Novasend's pages: %s",
			o.Redact(err.Error()))
	}
	if !got.isOf(want) {
		return got, operator.OperatorResult{}, pirogue.Errorf(operator.Unknown, "an answer about another %s than %s",
			want.kind, want.ref)
	}
	result := namedResult(got)
	outcome, err := got.outcome()
	if err != nil {
		return got, result, err
	}
	if outcome == pirogue.OutcomePaid {
		paid, err := got.paidAmount(want)
		if err != nil {
			return got, result, err
		}
		result.Amount, result.Mismatch = paid, got.mismatch(paid, want)
	}
	result.Outcome, result.Message = outcome, o.Redact(got.text())
	return got, result, nil
}

// namedResult returns a result that holds only a record's name.
func namedResult(r record) operator.OperatorResult {
	id := r.operatorID()
	if id == "" {
		return operator.OperatorResult{}
	}
	return operator.OperatorResult{ProviderTxID: id, Handle: pirogue.Handle{keyID: id}}
}

// paidAmount returns the principal that moved, in its currency. The record and its transaction
// both state one. If one of them differs from the order, paidAmount returns that one, so that a
// mismatch is never hidden.
func (r record) paidAmount(want expected) (pirogue.Money, error) {
	stated := []struct {
		amount   json.Number
		currency string
	}{{r.settled.Amount, r.settled.Currency}, {r.Amount, r.Currency}}
	var moved pirogue.Money
	for _, s := range stated {
		if s.amount == "" {
			continue
		}
		francs, err := client.ParseAmount(s.amount)
		if err != nil || s.currency == "" {
			return pirogue.Money{}, pirogue.Errorf(operator.Unknown, "paid, but no whole amount of a currency")
		}
		moved = pirogue.Money{Minor: francs, Currency: pirogue.Currency(s.currency)}
		// The statement that differs is the one that a person must see.
		if moved != want.amount {
			return moved, nil
		}
	}
	if moved == (pirogue.Money{}) {
		return moved, pirogue.Errorf(operator.Unknown, "paid, but not saying how much")
	}
	return moved, nil
}

// mismatch returns the part of a success that differs from the order; "" for none. Anyone
// who opens a session's page may pay it, so only the wallet of a payout is compared.
func (r record) mismatch(moved pirogue.Money, want expected) string {
	if moved.Currency != want.amount.Currency {
		return client.MismatchCurrency
	}
	for _, number := range []string{r.PhoneNumber, r.Customer.PhoneNumber, r.settled.PhoneNumber} {
		if want.wallet != "" && client.IsAnotherNumber(number, want.wallet) {
			return client.MismatchCounterparty
		}
	}
	return ""
}
