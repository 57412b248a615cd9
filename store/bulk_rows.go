package store

import (
	"pirogue"
	"pirogue/bulk"
)

// bulkRow is a row of bulks.
type bulkRow struct {
	ID          string `gorm:"primaryKey"`
	MerchantID  string
	Mode        string
	MerchantRef string // merchant_bulk_id
	State       string
	Country     string
	Currency    string
	Lines       int
	Amount      int64 // minor units, as are Fee and Cost
	Fee         int64
	Cost        int64 // amount set aside: the cost of all lines
	Digest      string
	NotifyURL   string
	NotifyLines int    // 1: each line's end has its own webhook
	Metadata    string // JSON, "" for none
	Pages       string // JSON
	CreatedAt   timeText
	UpdatedAt   timeText
	StartedAt   timeText
	CancelledAt timeText // the time at which the waiting lines ended
	ClosedAt    timeText
}

// TableName returns the table's name.
func (bulkRow) TableName() string { return "bulks" }

// lineRow is a row of bulk_lines.
type lineRow struct {
	BulkID             string `gorm:"primaryKey"`
	Number             int    `gorm:"primaryKey"`
	Page               int
	State              string // WAITING, CREATED or CANCELLED
	PaymentID          string
	MerchantID         string
	Mode               string
	MerchantRef        string
	Amount             int64 // minor units, as are Fee and Cost
	Fee                int64
	FeePayer           string
	Cost               int64
	Network            string
	Operator           string
	MSISDNSealed       string `gorm:"column:msisdn_sealed"` // sealed for the row of the payment
	MSISDNDigest       string `gorm:"column:msisdn_digest"`
	CustomerNameSealed string
	Description        string
	NotifyURL          string
	Metadata           string // JSON, "" for none
}

// TableName returns the table's name.
func (lineRow) TableName() string { return "bulk_lines" }

// The states of a line of a bulk.
const (
	lineWaiting   = "WAITING"
	lineCreated   = "CREATED"
	lineCancelled = "CANCELLED"
)

// packBulk returns the row of a bulk.
func (db *Bulks) packBulk(b bulk.Bulk) (bulkRow, error) {
	pack := packer{ring: db.ring}
	row := bulkRow{
		ID: string(b.ID), MerchantID: string(b.MerchantID), Mode: string(b.Mode), MerchantRef: b.Reference,
		State: string(b.State), Country: string(b.Country), Currency: string(b.Amount.Currency), Lines: b.Lines,
		Amount: b.Amount.Minor, Fee: b.Fee.Minor, Cost: b.Cost, Digest: b.Digest, NotifyURL: b.NotifyURL,
		NotifyLines: flagValue(b.NotifyLines),
		Metadata:    pack.json(b.Metadata, b.Metadata == nil), Pages: pack.json(b.Pages, false),
		CreatedAt: timestamp(b.CreatedAt), UpdatedAt: timestamp(b.UpdatedAt), StartedAt: timestamp(b.StartedAt),
		ClosedAt: timestamp(b.ClosedAt),
	}
	return row, pack.err
}

// unpackBulk returns the bulk of a row.
func (db *database) unpackBulk(r bulkRow) (bulk.Bulk, error) {
	pack, currency := packer{ring: db.ring}, pirogue.Currency(r.Currency)
	b := bulk.Bulk{
		ID: pirogue.BulkID(r.ID), MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode),
		Reference: r.MerchantRef, State: bulk.BulkState(r.State), Country: pirogue.CountryCode(r.Country),
		Lines:  r.Lines,
		Amount: pirogue.Money{Minor: r.Amount, Currency: currency}, Fee: pirogue.Money{Minor: r.Fee, Currency: currency},
		Cost: r.Cost, Digest: r.Digest, NotifyURL: r.NotifyURL, NotifyLines: r.NotifyLines == 1,
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), StartedAt: r.StartedAt.time(),
		ClosedAt: r.ClosedAt.time(),
	}
	pack.unjson(r.Metadata, &b.Metadata)
	pack.unjson(r.Pages, &b.Pages)
	return b, pack.err
}

// packLine returns the row of a bulk's line. Its secrets are sealed for its payment's row, which
// takes them over unchanged.
func (db *Bulks) packLine(b bulk.Bulk, l bulk.BulkLine, page int) (lineRow, error) {
	p, err := db.packPayment(l.Payment)
	return lineRow{
		BulkID: string(b.ID), Number: l.Number, Page: page, State: lineWaiting, PaymentID: p.ID,
		MerchantID: p.MerchantID, Mode: p.Mode, MerchantRef: p.MerchantRef,
		Amount: p.Amount, Fee: p.Fee, FeePayer: p.FeePayer, Cost: l.Payment.Net(),
		Network: p.Network, Operator: p.Operator, MSISDNSealed: p.MSISDNSealed, MSISDNDigest: p.MSISDNDigest,
		CustomerNameSealed: p.CustomerNameSealed, Description: p.Description, NotifyURL: p.NotifyURL, Metadata: p.Metadata,
	}, err
}

// payment returns the row of the payment that a line begins as at a time. A cancelled line has
// the row of a payment that failed before it was sent.
func (l lineRow) payment(b bulkRow, at timeText) paymentRow {
	row := paymentRow{
		ID: l.PaymentID, MerchantID: l.MerchantID, Mode: l.Mode, Kind: string(pirogue.CashOut),
		RefSpace: refSpace(pirogue.CashOut, false), MerchantRef: l.MerchantRef, BulkID: foreignKey(l.BulkID),
		Quiet: 1 - b.NotifyLines, Status: string(pirogue.StatusCreated), Version: 1, Amount: l.Amount, Fee: l.Fee,
		FeePayer: l.FeePayer, Currency: b.Currency, Country: b.Country, Network: l.Network, Operator: l.Operator,
		MSISDNSealed: l.MSISDNSealed, MSISDNDigest: l.MSISDNDigest, CustomerNameSealed: l.CustomerNameSealed,
		Description: l.Description, NotifyURL: l.NotifyURL, Metadata: l.Metadata, CreatedAt: at, UpdatedAt: at,
		WorkflowSeenAt: at,
	}
	if l.State == lineCancelled {
		row.Status, row.FailureCode = string(pirogue.StatusFailed), string(pirogue.FailedCancelled)
		row.UpdatedAt = b.CancelledAt
	}
	return row
}
