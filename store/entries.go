package store

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/ledger"
)

// accountRow is a row of ledger_accounts.
type accountRow struct {
	ID            string `gorm:"primaryKey"`
	Kind          string
	MerchantID    string
	Mode          string
	Country       string
	Currency      string
	Operator      string
	MayOverdraw   int   // 1: its balance may be negative
	DebitsPosted  int64 // minor units, the sum of its transfers
	CreditsPosted int64 // likewise
	DebitsHeld    int64 // promised to payments under way
	UpdatedAt     stamp
}

// TableName returns the table's name.
func (accountRow) TableName() string { return "ledger_accounts" }

// journalRow is a row of ledger_journals.
type journalRow struct {
	ID        string `gorm:"primaryKey"` // what makes a movement happen once
	PaymentID string
	Step      string
	CreatedAt stamp
}

// TableName returns the table's name.
func (journalRow) TableName() string { return "ledger_journals" }

// transferRow is a row of ledger_transfers.
type transferRow struct {
	ID        string `gorm:"primaryKey"`
	JournalID string
	DebitID   string
	CreditID  string
	Mode      string
	Currency  string
	Amount    int64
}

// TableName returns the table's name.
func (transferRow) TableName() string { return "ledger_transfers" }

// book writes a journal with its transfers and moves the accounts' counters. The
// journal's key comes first: when it stands already, the money has moved and nothing
// happens. The counters come last, because other payments of the merchant wait for them.
func book(tx *gorm.DB, j *ledger.Journal, at time.Time) error {
	if j == nil {
		return nil
	}
	claimed := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&journalRow{
		ID: j.ID(), PaymentID: string(j.PaymentID), Step: string(j.Step), CreatedAt: on(at),
	})
	if claimed.Error != nil || claimed.RowsAffected == 0 {
		return claimed.Error
	}
	totals, err := sum(*j)
	if err != nil {
		return err
	}
	if err := openAccounts(tx, totals, at); err != nil {
		return err
	}
	if err := tx.Create(transfers(*j)).Error; err != nil {
		return err
	}
	for _, t := range totals {
		if err := post(tx, t, at); err != nil {
			return err
		}
	}
	return nil
}

// total is what one journal moves on one account.
type total struct {
	account         ledger.Account
	debits, credits int64
}

// sum returns a journal's totals in the order of the accounts' IDs: everybody takes the
// rows in one order, so no two journals wait for each other.
func sum(j ledger.Journal) ([]total, error) {
	totals := map[string]total{}
	for _, t := range j.Transfers {
		debit, credit := totals[t.Debit.ID()], totals[t.Credit.ID()]
		debit.account, credit.account = t.Debit, t.Credit
		debit.debits += t.Amount
		credit.credits += t.Amount
		totals[t.Debit.ID()], totals[t.Credit.ID()] = debit, credit
		// A total below one of its parts did not fit into 64 bits.
		if t.Amount <= 0 || debit.debits < t.Amount || credit.credits < t.Amount || t.Debit == t.Credit {
			return nil, pirogue.Errorf(pirogue.Internal, "journal %s moves %d", j.ID(), t.Amount)
		}
	}
	if len(totals) == 0 {
		return nil, pirogue.Errorf(pirogue.Internal, "journal %s is empty", j.ID())
	}
	var sorted []total
	for _, id := range slices.Sorted(maps.Keys(totals)) {
		sorted = append(sorted, totals[id])
	}
	return sorted, nil
}

// openAccounts makes the accounts that do not exist yet, in the order of their IDs too:
// two first payments of one merchant wait for each other's inserts.
func openAccounts(tx *gorm.DB, totals []total, at time.Time) error {
	rows := make([]accountRow, len(totals))
	for i, t := range totals {
		a := t.account
		rows[i] = accountRow{
			ID: a.ID(), Kind: string(a.Kind), MerchantID: string(a.Merchant), Mode: string(a.Mode),
			Country: string(a.Country), Currency: string(a.Currency), Operator: string(a.Operator), UpdatedAt: on(at),
		}
		if a.MayOverdraw() {
			rows[i].MayOverdraw = 1
		}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// transfers returns a journal's rows. Mode and currency are the debited account's; a
// foreign key refuses them when the credited account has others.
func transfers(j ledger.Journal) []transferRow {
	rows := make([]transferRow, len(j.Transfers))
	for i, t := range j.Transfers {
		rows[i] = transferRow{
			ID: fmt.Sprintf("%s#%d", j.ID(), i+1), JournalID: j.ID(),
			DebitID: t.Debit.ID(), CreditID: t.Credit.ID(),
			Mode: string(t.Debit.Mode), Currency: string(t.Debit.Currency), Amount: t.Amount,
		}
	}
	return rows
}

// post moves one account's counters. The check of the balance and its change are one
// statement, so no second payment can spend what this one takes.
func post(tx *gorm.DB, t total, at time.Time) error {
	set := tx.Exec(postAccount, t.debits, t.credits, on(at), t.account.ID(), t.debits-t.credits)
	if set.Error != nil {
		return set.Error
	}
	if set.RowsAffected == 0 {
		return pirogue.Errorf(pirogue.InsufficientBalance, "account %s", t.account.ID())
	}
	return nil
}

const postAccount = `
UPDATE ledger_accounts
   SET debits_posted = debits_posted + ?, credits_posted = credits_posted + ?, updated_at = ?
 WHERE id = ? AND (may_overdraw = 1 OR credits_posted - debits_posted - debits_held >= ?)`
