package digitalpaye

import (
	"encoding/json"

	"pirogue"
)

// seedCollectRequest is the body of a collection in snake_case, as the PHP SDK fills it.
type seedCollectRequest struct {
	CodeCountry   string `json:"code_country"`
	Operator      string `json:"operator"`
	Currency      string `json:"currency"`
	CustomerID    string `json:"customer_id"` // the local number, with its leading zero
	Amount        int64  `json:"amount"`      // francs
	NameUser      string `json:"name_user"`
	TransactionID string `json:"transaction_id"`
	CodeOTP       string `json:"code_otp,omitempty"`    // Orange only
	URLSuccess    string `json:"url_success,omitempty"` // Wave only, like URLError
	URLError      string `json:"url_error,omitempty"`
	URLCancel     string `json:"url_cancel,omitempty"`
}

// seedTransferRequest is the body of a transfer in snake_case, from the seed document.
type seedTransferRequest struct {
	CodeCountry   string `json:"code_country"`
	Currency      string `json:"currency"`
	CustomerID    string `json:"customer_id"`
	Name          string `json:"name"`
	Amount        int64  `json:"amount"`
	Operator      string `json:"operator"`
	TransactionID string `json:"transaction_id"`
}

// newSeedCollect returns the body of a collection. Only Orange gets the one-time password,
// and only Wave the return pages.
func newSeedCollect(r submission) any {
	body := seedCollectRequest{
		CodeCountry: country, Operator: r.operator, Currency: r.currency, CustomerID: r.number,
		Amount: r.francs, NameUser: r.name, TransactionID: r.ref,
	}
	switch r.network {
	case pirogue.Orange:
		body.CodeOTP = r.otp
	case pirogue.Wave:
		body.URLSuccess, body.URLError, body.URLCancel = r.returnURL, r.cancelURL, r.cancelURL
	default:
	}
	return body
}

// newSeedTransfer returns the body of a transfer.
func newSeedTransfer(r submission) any {
	return seedTransferRequest{
		CodeCountry: country, Currency: r.currency, CustomerID: r.number, Name: r.name,
		Amount: r.francs, Operator: r.operator, TransactionID: r.ref,
	}
}

// readSeedTransaction reads a transaction in the form of the seed document.
func readSeedTransaction(raw json.RawMessage) (transaction, error) {
	var got struct {
		Ref             text `json:"ref"`
		TransactionID   text `json:"transaction_id"`
		NumberUser      text `json:"number_user"`
		Currency        text `json:"currency"`
		Amount          text `json:"amount"`
		Fees            text `json:"fees"`
		Status          text `json:"status"`
		TypeTransaction text `json:"type_transaction"`
		TypePayment     text `json:"type_payment"`
		Date            text `json:"date"`
		DateUpdate      text `json:"date_update"`
		WaveLaunchURL   text `json:"wave_launch_url"` // of a Wave collection, from the PHP SDK
	}
	err := json.Unmarshal(raw, &got)
	return transaction{
		ref: string(got.Ref), id: string(got.TransactionID), number: string(got.NumberUser),
		currency: string(got.Currency), amount: string(got.Amount), fees: string(got.Fees),
		status: string(got.Status), kind: string(got.TypeTransaction), operator: string(got.TypePayment),
		created: string(got.Date), updated: string(got.DateUpdate), link: string(got.WaveLaunchURL),
	}, err
}
