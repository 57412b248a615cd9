package store_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
)

var kinds = []pirogue.PaymentKind{pirogue.CashIn, pirogue.CashOut, pirogue.Refund}

// The test tries every conceivable change of status. The database accepts exactly those of the
// domain.
func TestTheDatabaseDrawsTheEdgesOfTheDomainAndNoOther(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		db := w.raw()
		for _, kind := range kinds {
			for _, status := range pirogue.Statuses {
				err := w.insertPayment(db, "birth"+string(kind)+string(status), kind, status)
				require.Equal(w.t, status == pirogue.StatusCreated, err == nil, "a %s begins %s: %v", kind, status, err)
			}
		}
		drop := "DROP TRIGGER payments_birth" // so that a payment can have any status at once
		if w.postgres() {
			drop += " ON payments"
		}
		require.NoError(w.t, w.exec(db, drop))
		for _, kind := range kinds {
			for _, from := range pirogue.Statuses {
				for _, to := range pirogue.Statuses {
					id := string(kind) + string(from) + string(to)
					require.NoError(w.t, w.insertPayment(db, id, kind, from))
					err := w.exec(db, "UPDATE payments SET status = ?, sequence = ? WHERE id = ?", string(to), sequence(to), id)
					require.Equal(w.t, from.CanBecome(to, kind), err == nil, "a %s from %s to %s: %v", kind, from, to, err)
				}
			}
		}
	})
}

// insertPayment writes a payment with SQL, without the store.
func (w *world) insertPayment(db *sql.DB, id string, kind pirogue.PaymentKind, status pirogue.Status) error {
	space, parent := "order", "NULL"
	if kind == pirogue.Refund {
		space, parent = "refund", "(SELECT MIN(id) FROM payments)"
	}
	return w.exec(db, `INSERT INTO payments
		(id, merchant_id, mode, kind, ref_space, merchant_ref, status, sequence, parent_id, late, fee_payer, fee_returns,
		 version, amount, fee, refunded, refund_held, currency, country, network, operator,
		 msisdn_sealed, msisdn_digest, customer_name_sealed,
		 description, return_url, cancel_url, notify_url, metadata, next_action, provider_tx_id, failure_code,
		 failure_note, created_at, updated_at)
		SELECT ?, id, 'test', ?, ?, ?, ?, ?, `+parent+`, 0, 'merchant', 0, 1, 1, 0, 0, 0, 'XOF', 'ML',
		 '', '', '', '', '', '', '', '', '', '', '', '',
		       '', '', created_at, created_at FROM merchants LIMIT 1`,
		id, string(kind), space, id, string(status), sequence(status))
}

// sequence returns the smallest number of events of a payment with a status.
func sequence(s pirogue.Status) int {
	if s.Terminal() {
		return 1
	}
	return 0
}

func TestTheDatabaseRefusesWhatOnlyABugWouldDo(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("order_1")
		_, err := w.success(p)
		require.NoError(w.t, err)
		_, err = w.success(w.underway(w.cashOut("order_2", 100, 0)))
		require.NoError(w.t, err)
		w.accepted(w.refund(p, "refund_1", 100))
		w.insertSettlement("bank", 100)
		db, columns := w.raw(), strings.Join(w.paymentColumns(), ", ")
		for name, statement := range map[string]string{
			"another amount":             "UPDATE payments SET amount = 1",
			"another merchant":           "UPDATE payments SET merchant_id = 'x'",
			"another payer of the fee":   "UPDATE payments SET fee_payer = 'customer'",
			"a fee that comes back":      "UPDATE payments SET fee_returns = 0",
			"another cash-in given back": "UPDATE payments SET parent_id = id WHERE kind = 'REFUND'",
			"a refund out of suspense":   "UPDATE payments SET late = 1 WHERE kind = 'REFUND'",
			"a second end of a hold": "INSERT INTO ledger_transfers SELECT 'again', journal_id, 'release', hold_id, debit_id, " +
				"credit_id, mode, currency, amount FROM ledger_transfers WHERE phase = 'capture'",
			"a capture of nothing": "INSERT INTO ledger_transfers SELECT 'again', journal_id, 'capture', NULL, debit_id, " +
				"credit_id, mode, currency, amount FROM ledger_transfers WHERE phase = 'hold'",
			"more freed than is held": "UPDATE ledger_accounts SET debits_held = debits_held - 1",
			"a journal of no payment": "INSERT INTO ledger_journals (id, payment_id, step, created_at) " +
				"SELECT 'x', NULL, 'late', created_at FROM ledger_journals",
			"a settlement changed": "UPDATE settlements SET amount = 1",
			"a settlement deleted": "DELETE FROM settlements",
			"a fee rule beyond the whole": "INSERT INTO fee_rules SELECT id, 'CASHIN', '', '', 0, 10001, 0, 0, " +
				"'merchant', 0 FROM merchants",
			"a payment deleted": "DELETE FROM payments",
			"a payment replaced": "INSERT INTO payments (" + columns + ") SELECT " + columns + " FROM payments WHERE true " +
				"ON CONFLICT (id) DO UPDATE SET amount = 1",
			"another end":                    "UPDATE payments SET ended_as = 'FAILED'",
			"refunded more than was paid":    "UPDATE payments SET refunded = 4000, refund_held = 1001",
			"a terminal status not numbered": "UPDATE payments SET sequence = 0",
			"the history changed":            "UPDATE status_history SET to_status = 'FAILED'",
			"the history deleted":            "DELETE FROM status_history",
			"an illegal line of history": "INSERT INTO status_history SELECT payment_id, 9, 'SUCCESS', 'FAILED', changed_at " +
				"FROM status_history WHERE number = 1",
			"a status transition added":      "INSERT INTO status_transitions VALUES ('CASHOUT','FAILED','SUCCESS')",
			"a status transition removed":    "DELETE FROM status_transitions",
			"a transfer changed":             "UPDATE ledger_transfers SET amount = amount + 1",
			"a transfer deleted":             "DELETE FROM ledger_transfers",
			"a journal changed":              "UPDATE ledger_journals SET step = 'late'",
			"a journal deleted":              "DELETE FROM ledger_journals",
			"an account deleted":             "DELETE FROM ledger_accounts",
			"a merchant overdrawn":           "UPDATE ledger_accounts SET debits_posted = 5001 WHERE kind = 'MERCHANT'",
			"a merchant allowed to overdraw": "UPDATE ledger_accounts SET may_overdraw = 1 WHERE kind = 'MERCHANT'",
			"a hold above the balance":       "UPDATE ledger_accounts SET debits_held = 4926 WHERE kind = 'MERCHANT'",
			"an event's bytes changed":       "UPDATE webhook_events SET body = '{}'",
			"an event deleted":               "DELETE FROM webhook_events",
			"a delivery ended before begun":  "UPDATE webhook_events SET ended = 1",
			"an eighth delivery":             "UPDATE webhook_events SET begun = 8, ended = 8, state = 'EXHAUSTED'",
			"seven ended and still waiting":  "UPDATE webhook_events SET begun = 7, ended = 7",
			"an attempt sent at no moment":   "UPDATE attempts SET sent_at = NULL",
			"a text where a number belongs":  "UPDATE payments SET refunded = 'many'",
		} {
			err := w.exec(db, statement)
			require.Error(w.t, err, name)
			require.NotContains(w.t, err.Error(), "syntax error", name)
		}
		w.requireSound()
	})
}

func TestReplaceDoesNotGetAroundTheGuards(t *testing.T) {
	t.Parallel()
	w := newWorldOnSQLite(t)
	p, _ := w.sent("order_1")
	_, err := w.success(p)
	require.NoError(t, err)
	require.ErrorContains(t, w.db.Exec("INSERT OR REPLACE INTO ledger_transfers "+
		"SELECT id, journal_id, phase, hold_id, debit_id, credit_id, mode, currency, 1 FROM ledger_transfers"), "refused")
	w.requireSound()
}
