package ledger

import (
	"pirogue"
	"pirogue/bulk"
)

// Bulk returns the journal that sets aside the cost of all lines of a bulk. The money still
// belongs to the merchant, and only the bulk's lines can spend it.
func Bulk(b bulk.Bulk) Journal {
	return Journal{BulkID: b.ID, Step: StepBulk, Phase: Posted, Transfers: []Transfer{{
		Debit: bulkAccount(b, MerchantAccount), Credit: bulkAccount(b, BulkAccount), Amount: b.Cost,
	}}}
}

// LineJournals returns the journals of a bulk's line whose turn comes. They take its cost out of
// the bulk's account and hold it as for any cash-out. The caller books both together, so
// that no other payment spends the money in between.
func LineJournals(p pirogue.Payment) []Journal {
	return []Journal{{PaymentID: p.ID, Step: StepLine, Phase: Posted, Transfers: []Transfer{{
		Debit: account(p, BulkAccount), Credit: account(p, MerchantAccount), Amount: p.Net(),
	}}}, Hold(p)}
}

// Rest returns the journal that gives money back to the merchant when a bulk's lines are
// cancelled before they begin. Amount is the cost of those lines, in minor units. It
// returns false when there is nothing to give back.
func Rest(b bulk.Bulk, amount int64) (Journal, bool) {
	return Journal{BulkID: b.ID, Step: StepRest, Phase: Posted, Transfers: []Transfer{{
		Debit: bulkAccount(b, BulkAccount), Credit: bulkAccount(b, MerchantAccount), Amount: amount,
	}}}, amount > 0
}

// bulkAccount returns the account of one kind for the merchant, mode, country and currency
// of a bulk.
func bulkAccount(b bulk.Bulk, kind AccountKind) Account {
	return Account{
		Kind: kind, Merchant: b.MerchantID, Mode: b.Mode, Country: b.Country, Currency: b.Amount.Currency,
	}
}
