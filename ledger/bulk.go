package ledger

import "pirogue"

// Bulk returns the journal that sets aside what all lines of a bulk cost: it is the
// merchant's still, and nothing but the lines can spend it.
func Bulk(b pirogue.Bulk) Journal {
	return Journal{BulkID: b.ID, Step: StepBulk, Phase: Posted, Transfers: []Transfer{{
		Debit: bulkAccount(b, MerchantAccount), Credit: bulkAccount(b, BulkAccount), Amount: b.Cost,
	}}}
}

// Line returns the journals of a bulk's line whose turn has come. What it costs comes
// out of what was set aside, and is held for it like for any cash-out; booked together,
// nothing else can spend it in between.
func Line(p pirogue.Payment) []Journal {
	return []Journal{{PaymentID: p.ID, Step: StepLine, Phase: Posted, Transfers: []Transfer{{
		Debit: account(p, BulkAccount), Credit: account(p, MerchantAccount), Amount: p.Net(),
	}}}, Hold(p)}
}

// Rest returns the journal of what goes back to the merchant when the lines of a bulk
// that have not begun are cancelled, and false when nothing does. Amount is what they
// would have cost, in minor units.
func Rest(b pirogue.Bulk, amount int64) (Journal, bool) {
	return Journal{BulkID: b.ID, Step: StepRest, Phase: Posted, Transfers: []Transfer{{
		Debit: bulkAccount(b, BulkAccount), Credit: bulkAccount(b, MerchantAccount), Amount: amount,
	}}}, amount > 0
}

// bulkAccount returns the account of one kind in a bulk's subsidiary.
func bulkAccount(b pirogue.Bulk, kind AccountKind) Account {
	return Account{
		Kind: kind, Merchant: b.MerchantID, Mode: b.Mode, Country: b.Country, Currency: b.Amount.Currency,
	}
}
