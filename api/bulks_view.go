package api

import (
	"pirogue"
	"pirogue/bulk"
)

// bulkView is a bulk in the merchant API.
type bulkView struct {
	ID          pirogue.BulkID            `json:"bulk_id"`
	Reference   string                    `json:"merchant_bulk_id"`
	State       bulk.BulkState            `json:"state"`
	CountryCode pirogue.CountryCode       `json:"country_code"`
	Currency    pirogue.Currency          `json:"currency"`
	Lines       int                       `json:"lines"`
	Amount      int64                     `json:"amount"` // minor units, the sum of all lines
	Fee         int64                     `json:"fee"`    // minor units, the sum of all lines, frozen at acceptance
	Counts      map[bulk.LineStatus]int   `json:"counts"`
	Amounts     map[bulk.LineStatus]int64 `json:"amounts"` // minor units
	Percent     percentView               `json:"percent"`
	NotifyLines bool                      `json:"notify_lines"`
	CreatedAt   string                    `json:"created_at"`
	UpdatedAt   string                    `json:"updated_at"`
	StartedAt   string                    `json:"started_at,omitempty"` // left out until the workflow begins
	ClosedAt    string                    `json:"closed_at,omitempty"`  // left out until the last line ends
	Metadata    map[string]string         `json:"metadata"`
	Livemode    bool                      `json:"livemode"`
}

// percentView holds shares of all lines in whole per cent, rounded down.
type percentView struct {
	Done      int `json:"done"` // ended in any way
	Paid      int `json:"paid"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
}

// bulkOf returns a bulk's view, with a count for every status.
func bulkOf(p bulk.BulkProgress) bulkView {
	view := bulkView{
		ID: p.ID, Reference: p.Reference, State: p.State, CountryCode: p.Country, Currency: p.Amount.Currency,
		Lines: p.Lines, Amount: p.Amount.Minor, Fee: p.Fee.Minor,
		Counts: map[bulk.LineStatus]int{}, Amounts: map[bulk.LineStatus]int64{},
		NotifyLines: p.NotifyLines, CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
		StartedAt: moment(p.StartedAt), ClosedAt: moment(p.ClosedAt), Metadata: p.Metadata,
		Livemode: p.Mode == pirogue.Live,
	}
	if view.Metadata == nil {
		view.Metadata = map[string]string{}
	}
	for _, status := range bulk.LineStatuses {
		view.Counts[status], view.Amounts[status] = p.Tallies[status].Lines, p.Tallies[status].Amount
	}
	failed, expired := bulk.LineStatus(pirogue.StatusFailed), bulk.LineStatus(pirogue.StatusExpired)
	view.Percent = percentView{
		Done:      p.Percent(p.Ended()),
		Paid:      p.Percent(view.Counts[bulk.LineStatus(pirogue.StatusSuccess)]),
		Failed:    p.Percent(view.Counts[failed] + view.Counts[expired]),
		Cancelled: p.Percent(view.Counts[bulk.LineCancelled]),
	}
	return view
}
