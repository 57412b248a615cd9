package store

import (
	"cmp"
	"errors"
	"fmt"

	"pirogue"
	"pirogue/vault"
)

// paymentRow is a row of payments.
type paymentRow struct {
	ID                 string `gorm:"primaryKey"`
	MerchantID         string
	Mode               string
	Kind               string
	RefSpace           string     // the space in which MerchantRef is unique
	MerchantRef        string     // the domain's OrderID
	ParentID           foreignKey // of a refund
	Late               int        // 1: a refund out of suspense
	BulkID             foreignKey // of a bulk's line
	Quiet              int        // 1: only its bulk's event announces its end
	Status             string
	Version            int   // lines of the status history
	Sequence           int   // terminal events so far
	Amount             int64 // minor units, as are Fee, Refunded and RefundHeld
	Fee                int64
	FeePayer           string
	FeeReturns         int // 1: a refund gives the fee back
	Currency           string
	Country            string
	Network            string
	Operator           string
	MSISDNSealed       string `gorm:"column:msisdn_sealed"`
	MSISDNDigest       string `gorm:"column:msisdn_digest"`
	CustomerNameSealed string
	Description        string
	ReturnURL          string
	CancelURL          string
	NotifyURL          string
	Metadata           string // JSON, "" for none
	NextAction         string // JSON, "" for none
	ProviderTxID       string
	FailureCode        string
	FailureNote        string
	Refunded           int64
	RefundHeld         int64
	Moved              int64 // the part that moved, if it FAILED in part
	StartDeadline      timeText
	ExpiresAt          timeText
	CreatedAt          timeText
	UpdatedAt          timeText
	SettledAt          timeText
	FinishedAt         timeText // NULL: its workflow has work left
	WorkflowSeenAt     timeText // the last time its workflow was seen open
}

// TableName returns the table's name.
func (paymentRow) TableName() string { return "payments" }

// refSpace returns the space in which a payment's reference must be unique. Cash-ins and
// cash-outs share one. Merchants' refunds have another, and our own returns a third, so that no
// merchant's reference collides with ours.
func refSpace(k pirogue.PaymentKind, late bool) string {
	switch {
	case k != pirogue.Refund:
		return "order"
	case late:
		return "return"
	default:
		return "refund"
	}
}

// msisdnDigest makes the digests by which payments of a number are found without the number
// itself.
const msisdnDigest vault.Purpose = "payments.msisdn_digest"

// packPayment returns the row of a payment. It and unpackPayment are the two directions of one
// table. The first test fails if one of them lacks a field.
func (db *database) packPayment(p pirogue.Payment) (paymentRow, error) {
	if p.Fee.Minor != 0 && p.Fee.Currency != p.Amount.Currency {
		return paymentRow{}, pirogue.Errorf(pirogue.Internal, "fee %s of a payment of %s", p.Fee, p.Amount)
	}
	pack, id := packer{ring: db.ring}, string(p.ID)
	row := paymentRow{
		ID: id, MerchantID: string(p.MerchantID), Mode: string(p.Mode), Kind: string(p.Kind),
		RefSpace: refSpace(p.Kind, p.Late), MerchantRef: p.OrderID,
		ParentID: foreignKey(p.ParentID), Late: flagValue(p.Late), BulkID: foreignKey(p.BulkID), Quiet: flagValue(p.Quiet),
		Status: string(p.Status), Version: 1, Sequence: p.Sequence,
		Amount: p.Amount.Minor, Currency: string(p.Amount.Currency), Fee: p.Fee.Minor,
		FeePayer: string(cmp.Or(p.FeePayer, pirogue.PaidByMerchant)), FeeReturns: flagValue(p.FeeReturns),
		Country: string(p.Country), Network: string(p.Network), Operator: string(p.Operator),
		MSISDNSealed:       pack.seal(sealedMSISDN, id, string(p.MSISDN)),
		MSISDNDigest:       db.ring.Digest(msisdnDigest, string(p.MSISDN)),
		CustomerNameSealed: pack.seal(sealedCustomer, id, p.CustomerName),
		Description:        p.Description, ReturnURL: p.ReturnURL, CancelURL: p.CancelURL, NotifyURL: p.NotifyURL,
		Metadata:     pack.json(p.Metadata, p.Metadata == nil),
		NextAction:   pack.json(p.NextAction, p.NextAction == pirogue.NextAction{}),
		ProviderTxID: p.ProviderTxID, FailureCode: string(p.Failure.Code), FailureNote: p.Failure.Note,
		Refunded: p.Refunded, RefundHeld: p.RefundHeld, Moved: p.Moved,
		StartDeadline: timestamp(p.StartDeadline), ExpiresAt: timestamp(p.ExpiresAt),
		CreatedAt: timestamp(p.CreatedAt), UpdatedAt: timestamp(p.UpdatedAt), SettledAt: timestamp(p.SettledAt),
		FinishedAt: timestamp(p.FinishedAt), WorkflowSeenAt: timestamp(p.CreatedAt),
	}
	return row, pack.err
}

// unpackPayment returns the payment of a row.
func (db *database) unpackPayment(r paymentRow) (pirogue.Payment, error) {
	pack, currency := packer{ring: db.ring}, pirogue.Currency(r.Currency)
	p := pirogue.Payment{
		ID: pirogue.PaymentID(r.ID), MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode),
		Kind: pirogue.PaymentKind(r.Kind), OrderID: r.MerchantRef, ParentID: pirogue.PaymentID(r.ParentID), Late: r.Late == 1,
		BulkID: pirogue.BulkID(r.BulkID), Quiet: r.Quiet == 1,
		Status:   pirogue.Status(r.Status),
		Amount:   pirogue.Money{Minor: r.Amount, Currency: currency},
		Fee:      pirogue.Money{Minor: r.Fee, Currency: currency},
		FeePayer: pirogue.FeePayer(r.FeePayer), FeeReturns: r.FeeReturns == 1,
		Country: pirogue.CountryCode(r.Country), Network: pirogue.Network(r.Network),
		Operator:     pirogue.OperatorCode(r.Operator),
		MSISDN:       pirogue.MSISDN(pack.open(sealedMSISDN, r.ID, r.MSISDNSealed)),
		CustomerName: pack.open(sealedCustomer, r.ID, r.CustomerNameSealed),
		Description:  r.Description, ReturnURL: r.ReturnURL, CancelURL: r.CancelURL, NotifyURL: r.NotifyURL,
		ProviderTxID: r.ProviderTxID,
		Failure:      pirogue.Failure{Code: pirogue.FailureCode(r.FailureCode), Note: r.FailureNote},
		Refunded:     r.Refunded, RefundHeld: r.RefundHeld, Moved: r.Moved, Sequence: r.Sequence,
		StartDeadline: r.StartDeadline.time(), ExpiresAt: r.ExpiresAt.time(),
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), SettledAt: r.SettledAt.time(),
		FinishedAt: r.FinishedAt.time(),
	}
	pack.unjson(r.Metadata, &p.Metadata)
	pack.unjson(r.NextAction, &p.NextAction)
	return p, pack.err
}

// unpackPayments returns all payments, or an error if one cannot be decrypted: a list with a gap
// would look complete.
func (db *database) unpackPayments(rows []paymentRow) ([]pirogue.Payment, error) {
	payments := make([]pirogue.Payment, len(rows))
	for i, row := range rows {
		var err error
		if payments[i], err = db.unpackPayment(row); err != nil {
			return nil, err
		}
	}
	return payments, nil
}

// readablePayments returns the payments of the rows that can be decrypted. The error names each
// of the others, so that no row hides another.
func (db *database) readablePayments(rows []paymentRow) ([]pirogue.Payment, error) {
	payments := make([]pirogue.Payment, 0, len(rows))
	var unreadable []error
	for _, row := range rows {
		p, err := db.unpackPayment(row)
		if err != nil {
			unreadable = append(unreadable, fmt.Errorf("payment %s: %w", row.ID, err))
			continue
		}
		payments = append(payments, p)
	}
	return payments, errors.Join(unreadable...)
}
