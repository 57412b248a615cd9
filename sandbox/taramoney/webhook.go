package taramoney

import (
	"net/http"
	"strconv"
	"time"

	"pirogue/sandbox/engine"
)

// Tara keeps 3 % of a collection: of 100, 97 were credited [seen]. For other amounts the
// fee is rounded up [our reading].
const feePercent = 3

// netAmount returns the merchant's credit. No fee on payouts is known.
func netAmount(o engine.Order) int64 {
	if o.Direction == engine.Out {
		return o.Amount
	}
	return o.Amount - (o.Amount*feePercent+99)/100
}

// zone is the time zone of the samples; Cameroon itself is an hour behind it.
var zone = time.FixedZone("", 2*60*60)

// layout is the format of times in the samples.
const layout = "2006-01-02T15:04:05.000-07:00"

// webhookBody is the body of a webhook. It has the seven fields of Tara's page, then those of a
// body captured in production.
type webhookBody struct {
	BusinessID   string `json:"businessId"`
	PaymentID    string `json:"paymentId"`
	CollectionID string `json:"collectionId"`
	PhoneNumber  string `json:"phoneNumber"` // as in the collection
	CreationDate string `json:"creationDate"`
	ChangeDate   string `json:"changeDate"`
	Status       string `json:"status"` // SUCCESS or FAILURE
	*capturedFields
}

// capturedFields holds the fields of the captured body that the page does not have.
type capturedFields struct {
	Amount         string `json:"amount"`         // paid, as text
	OriginalAmount string `json:"originalAmount"` // credited, as text, and smaller in spite of its name
	MobileOperator string `json:"mobileOperator"`
	ProductID      string `json:"productId"`
	InvoiceURL     string `json:"invoiceUrl"`
	TransactionID  string `json:"transactionId"` // not the one that mobilepay answered
}

// webhook returns the message about the end of a collection. A payout has no address for
// one. In the captured body collectionId equals paymentId, on Tara's page it does not.
func (s *Simulator) webhook(o engine.Order) engine.Notification {
	body := webhookBody{
		BusinessID: BusinessID, PaymentID: o.ID, CollectionID: o.Notes[noteCollection], PhoneNumber: o.Notes[notePhone],
		CreationDate: o.OpenedAt.In(zone).Format(layout), ChangeDate: o.ChangedAt.In(zone).Format(layout),
		Status: statusWords[o.State],
	}
	if !s.Quirk(poorWebhooks) {
		body.CollectionID = o.ID
		body.capturedFields = &capturedFields{
			strconv.FormatInt(o.Amount, 10), strconv.FormatInt(netAmount(o), 10), o.Notes[noteVendor],
			o.Reference, s.pageURL(o), o.Notes[noteMovement],
		}
	}
	header := http.Header{}
	switch {
	case s.Quirk(noWebhookSecret):
	case s.Quirk(wrongWebhookSecret):
		header.Set(SecretHeader, "not-"+WebhookSecret)
	default:
		header.Set(SecretHeader, WebhookSecret)
	}
	return s.Notification(o.CallbackURL, header, body)
}
