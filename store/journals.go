package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
	DebitsHeld    int64 // held for payments that have not ended
	UpdatedAt     timeText
}

// TableName returns the table's name.
func (accountRow) TableName() string { return "ledger_accounts" }

// transferRow is a row of ledger_transfers.
type transferRow struct {
	ID        string `gorm:"primaryKey"`
	JournalID string
	Phase     string
	HoldID    foreignKey // the hold that a capture or release ends
	DebitID   string
	CreditID  string
	Mode      string
	Currency  string
	Amount    int64
}

// TableName returns the table's name.
func (transferRow) TableName() string { return "ledger_transfers" }

// book books one journal, and nothing for nil; see bookAll.
func book(tx *gorm.DB, j *ledger.Journal, at time.Time) error {
	if j == nil {
		return nil
	}
	return bookAll(tx, at, *j)
}

// bookAll writes journals with their transfers and changes the accounts' counters. It writes the
// journals' keys first: a journal that exists has moved its money and is left out. It changes the
// counters last, because other payments of the merchant wait for them. It fails with
// InsufficientBalance.
func bookAll(tx *gorm.DB, at time.Time, journals ...ledger.Journal) error {
	fresh, err := claimJournals(tx, at, journals)
	if err != nil || len(fresh) == 0 {
		return err
	}
	totals, err := sumTotals(fresh)
	if err != nil {
		return err
	}
	if !defersForeignKeys(tx) {
		if err := openAccounts(tx, totals, at); err != nil {
			return err
		}
	}
	if err := insertTransfers(tx, fresh); err != nil {
		return err
	}
	return moveBalances(tx, totals, at)
}

// defersForeignKeys reports whether the accounts of a transfer need not exist before the commit.
// SQLite has them checked at once.
func defersForeignKeys(tx *gorm.DB) bool { return tx.Name() == "postgres" }

// claimJournals writes the journals' keys and returns the journals that did not exist.
func claimJournals(tx *gorm.DB, at time.Time, journals []ledger.Journal) ([]ledger.Journal, error) {
	if len(journals) == 0 {
		return nil, nil
	}
	rows := make([]any, 0, len(journals)*journalColumns)
	for _, j := range journals {
		rows = append(rows, j.ID(), foreignKey(j.PaymentID), foreignKey(j.SettlementID), foreignKey(j.BulkID),
			string(j.Step), j.Attempt, timestamp(at))
	}
	var claimed []string
	values := valuesRows(len(journals), "?, ?, ?, ?, ?, ?, ?")
	err := tx.Raw(fmt.Sprintf(claimJournal, values), rows...).Scan(&claimed).Error
	fresh := slices.DeleteFunc(slices.Clone(journals), func(j ledger.Journal) bool {
		return !slices.Contains(claimed, j.ID())
	})
	return fresh, err
}

// claimJournal writes the journals that do not exist.
const claimJournal = `
INSERT INTO ledger_journals (id, payment_id, settlement_id, bulk_id, step, attempt, created_at) VALUES %s
ON CONFLICT DO NOTHING RETURNING id`

const journalColumns = 7 // of claimJournal

// accountTotal is the change of one account by a set of journals.
type accountTotal struct {
	account         ledger.Account
	debits, credits int64
	held            int64 // negative if holds end
	volume          int64 // the sum of all amounts, to detect an overflow of 64 bits
}

// phaseEffects gives the effect of one minor unit in each phase. It is on the debited account's
// posted and held debits, and on the credited account's posted credits.
var phaseEffects = map[ledger.Phase]struct{ debits, held, credits int64 }{
	ledger.Posted:  {debits: 1, credits: 1},
	ledger.Held:    {held: 1},
	ledger.Taken:   {debits: 1, held: -1, credits: 1},
	ledger.Dropped: {held: -1},
}

// sumTotals returns the journals' totals in the order of the accounts' IDs. Every booking locks the
// rows in one order, so two bookings never deadlock.
func sumTotals(journals []ledger.Journal) ([]accountTotal, error) {
	totals := map[string]accountTotal{}
	for _, j := range journals {
		effect, known := phaseEffects[journalPhase(j)]
		if !known || len(j.Transfers) == 0 {
			return nil, pirogue.Errorf(pirogue.Internal, "journal %s of phase %q is empty", j.ID(), j.Phase)
		}
		for _, t := range j.Transfers {
			debit, credit := totals[t.Debit.ID()], totals[t.Credit.ID()]
			debit.account, credit.account = t.Debit, t.Credit
			debit.debits += effect.debits * t.Amount
			debit.held += effect.held * t.Amount
			credit.credits += effect.credits * t.Amount
			debit.volume, credit.volume = debit.volume+t.Amount, credit.volume+t.Amount
			totals[t.Debit.ID()], totals[t.Credit.ID()] = debit, credit
			// A volume below one of its parts did not fit into 64 bits.
			if t.Amount <= 0 || debit.volume < t.Amount || credit.volume < t.Amount || t.Debit == t.Credit {
				return nil, pirogue.Errorf(pirogue.Internal, "journal %s moves %d", j.ID(), t.Amount)
			}
		}
	}
	var sorted []accountTotal
	for _, id := range slices.Sorted(maps.Keys(totals)) {
		sorted = append(sorted, totals[id])
	}
	return sorted, nil
}

// journalPhase returns a journal's phase. The default is Posted: the money moves.
func journalPhase(j ledger.Journal) ledger.Phase {
	if j.Phase == "" {
		return ledger.Posted
	}
	return j.Phase
}

// openAccounts makes the accounts that do not exist yet, also in the order of their IDs. The
// inserts of two first payments of one merchant wait for each other.
func openAccounts(tx *gorm.DB, totals []accountTotal, at time.Time) error {
	rows := make([]accountRow, len(totals))
	for i, t := range totals {
		a := t.account
		rows[i] = accountRow{
			ID: a.ID(), Kind: string(a.Kind), MerchantID: string(a.Merchant), Mode: string(a.Mode),
			Country: string(a.Country), Currency: string(a.Currency), Operator: string(a.Operator),
			MayOverdraw: flagValue(a.MayOverdraw()), UpdatedAt: timestamp(at),
		}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// insertTransfers writes the transfers of journals. Mode and currency are the debited account's. A
// foreign key refuses them if the credited account has others.
func insertTransfers(tx *gorm.DB, journals []ledger.Journal) error {
	var rows []transferRow
	for _, j := range journals {
		if journalPhase(j) == ledger.Taken || journalPhase(j) == ledger.Dropped {
			if err := resolveHolds(tx, j); err != nil {
				return err
			}
			continue
		}
		for i, t := range j.Transfers {
			rows = append(rows, transferRow{
				ID: transferID(j, i), JournalID: j.ID(), Phase: string(journalPhase(j)),
				DebitID: t.Debit.ID(), CreditID: t.Credit.ID(),
				Mode: string(t.Debit.Mode), Currency: string(t.Debit.Currency), Amount: t.Amount,
			})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.Create(rows).Error
}

// resolveHolds writes the transfers of a capture or release, each with the hold that it ends. If
// the payment has no hold with this account and amount, that is a bug. Nothing may be booked then.
func resolveHolds(tx *gorm.DB, j ledger.Journal) error {
	holds, row := ledger.Journal{PaymentID: j.PaymentID, Step: ledger.StepHold}, []any{}
	for i, t := range j.Transfers {
		row = append(row, transferID(j, i), transferID(holds, i), t.Debit.ID(), t.Credit.ID(), t.Amount)
	}
	rows := valuesRows(len(j.Transfers),
		"CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)")
	written := tx.Exec(fmt.Sprintf(resolveHoldsQuery, rows), append(row, j.ID(), journalPhase(j))...)
	if written.Error == nil && written.RowsAffected != int64(len(j.Transfers)) {
		return pirogue.Errorf(pirogue.Internal, "journal %s finds other holds than its own", j.ID())
	}
	return written.Error
}

// resolveHoldsQuery finds each hold by its key, account and amount. A hold that differs in one of
// them is not found, and resolve then fails.
const resolveHoldsQuery = `
WITH wanted (id, hold_id, debit_id, credit_id, amount) AS (VALUES %s)
INSERT INTO ledger_transfers (id, journal_id, phase, hold_id, debit_id, credit_id, mode, currency, amount)
SELECT w.id, CAST(? AS TEXT), CAST(? AS TEXT), h.id, h.debit_id, w.credit_id, h.mode, h.currency, h.amount
  FROM wanted w JOIN ledger_transfers h ON h.id = w.hold_id AND h.debit_id = w.debit_id AND h.amount = w.amount
 WHERE h.phase = 'hold'`

// transferID returns the key of a journal's i-th transfer, i from 0.
func transferID(j ledger.Journal, i int) string { return fmt.Sprintf("%s#%d", j.ID(), i+1) }

// moveBalances changes the accounts' counters, and makes the accounts that do not exist. One
// statement checks and changes the balances, so no second payment can spend the same money.
func moveBalances(tx *gorm.DB, totals []accountTotal, at time.Time) error {
	var rows int
	var row []any
	accounts := make([]string, len(totals))
	for i, t := range totals {
		accounts[i] = t.account.ID()
		if t.debits != 0 || t.credits != 0 || t.held != 0 { // a hold only names the credited account
			rows++
			row = append(row, t.account.ID(), t.debits, t.credits, t.held)
		}
	}
	changes := valuesRows(rows, "CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)")
	change := func() *gorm.DB {
		args := append(slices.Clone(row), timestamp(at), accounts, len(accounts))
		return tx.Exec(fmt.Sprintf(moveAccounts, changes, lockInOrder(tx)), args...)
	}
	set := change()
	if set.Error == nil && set.RowsAffected == 0 && defersForeignKeys(tx) { // an account may not exist
		if err := openAccounts(tx, totals, at); err != nil {
			return err
		}
		set = change()
	}
	if set.Error == nil && set.RowsAffected != int64(rows) {
		return pirogue.Errorf(pirogue.InsufficientBalance, "account %s", totals[0].account.ID())
	}
	return set.Error
}

// moveAccounts locks its rows in the order of their IDs, as every booking does, so that two never
// deadlock. It changes nothing unless every account exists.
const moveAccounts = `
WITH change (id, debits, credits, held) AS (VALUES %s),
     taken AS (SELECT a.id FROM ledger_accounts a JOIN change c ON c.id = a.id ORDER BY a.id %s)
UPDATE ledger_accounts
   SET debits_posted = debits_posted + c.debits, credits_posted = credits_posted + c.credits,
       debits_held = debits_held + c.held, updated_at = ?
  FROM change c JOIN taken ON taken.id = c.id
 WHERE ledger_accounts.id = c.id AND (SELECT COUNT(*) FROM ledger_accounts WHERE id IN ?) = ?
   AND (may_overdraw = 1 OR credits_posted - debits_posted - debits_held >= c.debits + c.held - c.credits)`

// lockInOrder returns the clause that makes PostgreSQL lock rows in the order of a query. SQLite
// has one writer and needs none.
func lockInOrder(tx *gorm.DB) string {
	if tx.Name() == "postgres" {
		return "FOR NO KEY UPDATE OF a"
	}
	return ""
}

// valuesRows returns n rows of placeholders for a list of VALUES.
func valuesRows(n int, marks string) string { return strings.Repeat(", ("+marks+")", n)[2:] }
