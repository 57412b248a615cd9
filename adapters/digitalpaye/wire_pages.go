package digitalpaye

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"pirogue"
)

// pagesSubmission holds the fields that a collection and a transfer share in camelCase.
type pagesSubmission struct {
	TransactionID string        `json:"transactionId"`
	Customer      pagesCustomer `json:"customer"`
	Currency      string        `json:"currency"`
	Amount        string        `json:"amount"` // francs
	Operator      string        `json:"operator"`
}

// pagesCustomer is the customer. The documents also have e-mail, city and street. We do not
// know them and leave them out.
type pagesCustomer struct {
	LastName  string       `json:"lastName"`
	FirstName string       `json:"firstName"`
	Phone     string       `json:"phone"` // as payer [our reading]
	Address   pagesAddress `json:"address"`
}

// pagesAddress is the customer's address, of which we know only the country.
type pagesAddress struct {
	CountryCode string `json:"countryCode"`
}

// pagesCollectRequest is the body of a collection in camelCase.
type pagesCollectRequest struct {
	pagesSubmission
	Payer      string `json:"payer"`                // the local number, with its leading zero; one page prints "pay"
	CodeOTP    string `json:"codeOtp,omitempty"`    // Orange only; the SDK's code_otp in this spelling [our reading]
	URLSuccess string `json:"urlSuccess,omitempty"` // Wave only, like URLError
	URLError   string `json:"urlError,omitempty"`   // one page prints "errorUrl"
}

// pagesTransferRequest is the body of a transfer in camelCase.
type pagesTransferRequest struct {
	pagesSubmission
	Recipient string `json:"recipient"` // the local number, with its leading zero
}

// newPagesCollect returns the body of a collection. Only Orange gets the one-time password,
// and only Wave the return pages.
func newPagesCollect(r submission) any {
	body := pagesCollectRequest{pagesSubmission: newPagesSubmission(r), Payer: r.number}
	switch r.network {
	case pirogue.Orange:
		body.CodeOTP = r.otp
	case pirogue.Wave:
		body.URLSuccess, body.URLError = r.returnURL, r.cancelURL
	default:
	}
	return body
}

// newPagesTransfer returns the body of a transfer.
func newPagesTransfer(r submission) any {
	return pagesTransferRequest{pagesSubmission: newPagesSubmission(r), Recipient: r.number}
}

// newPagesSubmission returns the fields that both bodies share. The family name comes first, as in the
// names of Digitalpaye's examples. A single name fills both fields.
func newPagesSubmission(r submission) pagesSubmission {
	last, first, _ := strings.Cut(r.name, " ")
	return pagesSubmission{
		TransactionID: r.ref,
		Customer: pagesCustomer{
			LastName: last, FirstName: cmp.Or(strings.TrimSpace(first), last), Phone: r.number,
			Address: pagesAddress{CountryCode: country},
		},
		Currency: r.currency, Amount: strconv.FormatInt(r.francs, 10), Operator: r.operator,
	}
}

// readPagesTransaction reads a transaction in the form of the current pages.
func readPagesTransaction(raw json.RawMessage) (transaction, error) {
	var got struct {
		Ref             text `json:"ref"`
		TransactionID   text `json:"transactionId"`
		Phone           text `json:"phone"`
		Currency        text `json:"currency"`
		Amount          text `json:"amount"`
		Fees            text `json:"fees"`
		Status          text `json:"status"`
		TypeTransaction text `json:"typeTransaction"`
		Operator        text `json:"operator"`
		CreatedAt       text `json:"createdAt"`
		UpdatedAt       text `json:"updatedAt"`       // not in the documents; read if present
		WaveLaunchURL   text `json:"wave_launch_url"` // of a Wave collection, as the PHP SDK spells it
		WaveLaunch      text `json:"waveLaunchUrl"`   // the same in this spelling [our reading]
	}
	err := json.Unmarshal(raw, &got)
	return transaction{
		ref: string(got.Ref), id: string(got.TransactionID), number: string(got.Phone),
		currency: string(got.Currency), amount: string(got.Amount), fees: string(got.Fees),
		status: string(got.Status), kind: string(got.TypeTransaction), operator: string(got.Operator),
		created: string(got.CreatedAt), updated: string(got.UpdatedAt),
		link: string(cmp.Or(got.WaveLaunchURL, got.WaveLaunch)),
	}, err
}
