package store_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/store"
)

// Each rule finds what was broken behind the store's back, once the guards that forbid
// it are taken away.
func TestTheAuditNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		p, _ := w.sent("paid")
		_, err := w.success(p)
		require.NoError(w.t, err)
		failed := w.event("failed")
		w.accept("created")
		open, a := w.sent("sent")
		w.renew(open, a)
		_, d := w.beginDelivery(failed, w.at(0))
		w.endDelivery(d, 200, pirogue.EventDelivered)
		w.sound()

		db := w.raw()
		w.disarm()
		broken := map[string][2]string{ // by rule: what breaks it, what mends it
			"debits equal credits in every mode and currency": {
				"UPDATE ledger_accounts SET debits_posted = debits_posted + 1 WHERE kind = 'FLOAT'",
				"UPDATE ledger_accounts SET debits_posted = debits_posted - 1 WHERE kind = 'FLOAT'",
			},
			"an account's debits are the sum of its transfers": {
				"UPDATE ledger_accounts SET debits_posted = debits_posted + 1, credits_posted = credits_posted + 1 WHERE kind = 'FLOAT'",
				"UPDATE ledger_accounts SET debits_posted = debits_posted - 1, credits_posted = credits_posted - 1 WHERE kind = 'FLOAT'",
			},
			"an account's credits are the sum of its transfers": {
				"UPDATE ledger_accounts SET credits_posted = credits_posted + 1 WHERE kind = 'FEE_INCOME'",
				"UPDATE ledger_accounts SET credits_posted = credits_posted - 1 WHERE kind = 'FEE_INCOME'",
			},
			"nothing is held, for nothing can be held yet": {
				"UPDATE ledger_accounts SET debits_held = 1 WHERE kind = 'MERCHANT'",
				"UPDATE ledger_accounts SET debits_held = 0",
			},
			"a journal has transfers": {
				"INSERT INTO ledger_journals SELECT 'empty', payment_id, 'late', created_at FROM ledger_journals",
				"DELETE FROM ledger_journals WHERE id = 'empty'",
			},
			"a cash-in is booked when it is SUCCESS or REVERSED, and only then": {
				"INSERT INTO ledger_journals SELECT 'early', id, 'cashin', created_at FROM payments WHERE merchant_ref = 'created'",
				"DELETE FROM ledger_journals WHERE id = 'early'",
			},
			"a cash-in's journal credits its merchant with its amount": {
				"UPDATE payments SET amount = 5001 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET amount = 5000 WHERE merchant_ref = 'paid'",
			},
			"a payment has one event for each time it became terminal": {
				"UPDATE payments SET sequence = 2 WHERE merchant_ref = 'failed'",
				"UPDATE payments SET sequence = 1 WHERE merchant_ref = 'failed'",
			},
			"a history has only edges of the status graph": {
				"UPDATE status_history SET to_status = 'REVERSED' WHERE number = 2",
				"UPDATE status_history SET to_status = 'INITIATED' WHERE number = 2 AND payment_id IN (SELECT id FROM payments WHERE merchant_ref IN ('sent','paid'))",
			},
			"a line of a history begins where the one before ended": {
				"UPDATE status_history SET from_status = 'PENDING' WHERE number = 3",
				"UPDATE status_history SET from_status = 'INITIATED' WHERE number = 3",
			},
			"a history ends at the payment's status": {
				"UPDATE payments SET version = version + 1 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET version = version - 1 WHERE merchant_ref = 'paid'",
			},
			"a payment's attempts are numbered from 1 without a gap": {
				"UPDATE attempts SET number = 3 WHERE number = 2",
				"UPDATE attempts SET number = 2 WHERE number = 3",
			},
			"an attempt that was followed by another is not under way": {
				"UPDATE attempts SET state = 'SENT' WHERE state = 'UNKNOWN'",
				"UPDATE attempts SET state = 'UNKNOWN' WHERE state = 'SENT' AND payment_id IN (SELECT id FROM payments WHERE merchant_ref = 'sent')",
			},
			"nothing was sent for a payment that is CREATED": {
				"UPDATE attempts SET state = 'SENT', sent_at = created_at WHERE payment_id IN (SELECT id FROM payments WHERE merchant_ref = 'created')",
				"UPDATE attempts SET state = 'PREPARED', sent_at = NULL WHERE payment_id IN (SELECT id FROM payments WHERE merchant_ref = 'created')",
			},
			"something was sent for a payment that is SUCCESS": {
				"UPDATE attempts SET state = 'PREPARED', sent_at = NULL WHERE payment_id IN (SELECT id FROM payments WHERE merchant_ref = 'paid')",
				"UPDATE attempts SET state = 'SENT', sent_at = created_at WHERE payment_id IN (SELECT id FROM payments WHERE merchant_ref = 'paid')",
			},
			"an event's deliveries are as many as it counts": {
				"UPDATE webhook_events SET begun = 2, ended = 2 WHERE state = 'DELIVERED'",
				"UPDATE webhook_events SET begun = 1, ended = 1 WHERE state = 'DELIVERED'",
			},
			"a DELIVERED event was answered with 2xx": {
				"UPDATE webhook_deliveries SET http_status = 302",
				"UPDATE webhook_deliveries SET http_status = 200",
			},
		}
		for rule, statements := range broken {
			require.NoError(w.t, w.exec(db, statements[0]), rule)
			violations, err := w.db.Audit(w.ctx())
			require.NoError(w.t, err)
			require.True(w.t, slices.ContainsFunc(violations, func(v store.Violation) bool {
				return v.Rule == rule && v.Row != ""
			}), "%s: found %v", rule, violations)
			require.NoError(w.t, w.exec(db, statements[1]), rule)
			if rule == "a history has only edges of the status graph" {
				require.NoError(w.t, w.exec(db, "UPDATE status_history SET to_status = 'FAILED' WHERE to_status = 'REVERSED'"))
			}
		}
		w.sound()
		require.Len(w.t, broken, store.Rules())
	})
}

// disarm takes the guards away.
func (w *world) disarm() {
	w.t.Helper()
	db := w.raw()
	query := "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger'"
	if w.postgres() {
		query = "SELECT DISTINCT 'DROP TRIGGER ' || trigger_name || ' ON ' || event_object_table " +
			"FROM information_schema.triggers WHERE trigger_schema = 'public'"
	}
	for _, statement := range texts(w.t, db, query) {
		require.NoError(w.t, w.exec(db, statement))
	}
}
