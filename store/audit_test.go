package store_test

import (
	"database/sql"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/ledger"
	"pirogue/store"
	"pirogue/support"
)

// The test breaks each rule with SQL, without the guards that forbid it. The audit must name the
// broken rule.
func TestTheAuditNamesWhatIsBroken(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.makeOneOfEach()
		w.requireSound()

		db := w.dropGuards()
		broken := map[string][2]string{ // by rule: the statement that breaks it, and the one that mends it
			"debits equal credits in every mode and currency": {
				"UPDATE ledger_accounts SET debits_posted = debits_posted + 1 WHERE kind = 'FLOAT'",
				"UPDATE ledger_accounts SET debits_posted = debits_posted - 1 WHERE kind = 'FLOAT'",
			},
			"an account's debits are the sum of what moved": {
				"UPDATE ledger_accounts SET debits_posted = debits_posted + 1, credits_posted = credits_posted + 1 " +
					"WHERE kind = 'FLOAT'",
				"UPDATE ledger_accounts SET debits_posted = debits_posted - 1, credits_posted = credits_posted - 1 " +
					"WHERE kind = 'FLOAT'",
			},
			"an account's credits are the sum of what moved": {
				"UPDATE ledger_accounts SET credits_posted = credits_posted + 1 WHERE kind = 'FEE_INCOME'",
				"UPDATE ledger_accounts SET credits_posted = credits_posted - 1 WHERE kind = 'FEE_INCOME'",
			},
			"what an account holds is the sum of its open holds": {
				"UPDATE ledger_accounts SET debits_held = debits_held + 1 WHERE kind = 'SUSPENSE'",
				"UPDATE ledger_accounts SET debits_held = debits_held - 1 WHERE kind = 'SUSPENSE'",
			},
			"a journal has transfers": {
				journal("empty", "created", "late"), "DELETE FROM ledger_journals WHERE id = 'empty'",
			},
			"a transfer is in the phase that its journal's step says": {
				"UPDATE ledger_transfers SET phase = 'posted' WHERE phase = 'hold'",
				"UPDATE ledger_transfers SET phase = 'hold' WHERE id LIKE '%/hold#%'",
			},
			"what is captured or released is what its payment held": {
				"UPDATE ledger_transfers SET amount = amount + 1 WHERE phase = 'capture'",
				"UPDATE ledger_transfers SET amount = amount - 1 WHERE phase = 'capture'",
			},
			"a payout is booked with its amount": {
				"INSERT INTO settlements SELECT 'unbooked', merchant_id, mode, country, currency, amount, note, paid_at " +
					"FROM settlements",
				"DELETE FROM settlements WHERE id = 'unbooked'",
			},
			"money in suspense has an open case of the same sum, for each payment": {
				"UPDATE cases SET closed_at = opened_at", "UPDATE cases SET closed_at = NULL",
			},
			"a payment that was paid in part has FAILED, and its merchant was charged that part": {
				"UPDATE payments SET moved = 1 WHERE merchant_ref = 'vain'",
				"UPDATE payments SET moved = 0 WHERE merchant_ref = 'vain'",
			},
			"a cash-in is booked when it is SUCCESS or REVERSED, and only then": {
				journal("early", "created", "cashin"), "DELETE FROM ledger_journals WHERE id = 'early'",
			},
			"a cash-in's journal credits its merchant with its amount": {
				"UPDATE payments SET amount = 5001 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET amount = 5000 WHERE merchant_ref = 'paid'",
			},
			"a cash-out or refund has a hold; SUCCESS captures it, FAILED and EXPIRED release it": {
				journal("both", "gone", "release"), "DELETE FROM ledger_journals WHERE id = 'both'",
			},
			"a hold is open while its payment is, and no longer": {
				"UPDATE ledger_transfers SET hold_id = NULL WHERE phase = 'release'",
				"UPDATE ledger_transfers SET hold_id = REPLACE(id, '/release#', '/hold#') WHERE phase = 'release'",
			},
			"a hold is on its merchant, or for a late refund on suspense, and is what the payment costs": {
				"UPDATE payments SET fee = 21 WHERE merchant_ref = 'out'",
				"UPDATE payments SET fee = 20 WHERE merchant_ref = 'out'",
			},
			"what was refunded of a cash-in is the sum of its successful refunds": {
				"UPDATE payments SET refunded = 1 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET refunded = 0 WHERE merchant_ref = 'paid'",
			},
			"what is held of a cash-in is the sum of its open refunds": {
				"UPDATE payments SET refund_held = 999 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET refund_held = 1000 WHERE merchant_ref = 'paid'",
			},
			"no more is refunded or held than was paid": {
				"UPDATE payments SET refund_held = 5001 WHERE merchant_ref = 'created'",
				"UPDATE payments SET refund_held = 0 WHERE merchant_ref = 'created'",
			},
			"a cash-in is REVERSED when all of it was refunded, and only then": {
				"UPDATE payments SET refunded = 4999 WHERE merchant_ref = 'whole'",
				"UPDATE payments SET refunded = 5000 WHERE merchant_ref = 'whole'",
			},
			"a refund gives back a cash-in of its owner, in its currency and country": {
				"UPDATE payments SET country = 'SN' WHERE merchant_ref = 'part'",
				"UPDATE payments SET country = 'ML' WHERE merchant_ref = 'part'",
			},
			"a fee comes back with its cash-in: all of it with all, none without the contract": {
				"UPDATE payments SET fee_returns = 0 WHERE merchant_ref = 'whole'",
				"UPDATE payments SET fee_returns = 1 WHERE merchant_ref = 'whole'",
			},
			"what came late is what the payment's cases say": {
				"UPDATE cases SET paid = paid + 1", "UPDATE cases SET paid = paid - 1",
			},
			"late money is booked at its attempt's operator, with a case of that attempt": {
				"UPDATE cases SET attempt = 9", "UPDATE cases SET attempt = 0",
			},
			"no more goes back out of suspense than came": {
				"UPDATE payments SET amount = 5001 WHERE merchant_ref = 'return'",
				"UPDATE payments SET amount = 2000 WHERE merchant_ref = 'return'",
			},
			"a payment has one event for each time it became terminal": {
				"UPDATE payments SET sequence = 2 WHERE merchant_ref = 'failed'",
				"UPDATE payments SET sequence = 1 WHERE merchant_ref = 'failed'",
			},
			"a history has only edges of the status graph": {
				"UPDATE status_history SET to_status = 'REVERSED' WHERE number = 2 AND payment_id " + is("failed"),
				"UPDATE status_history SET to_status = 'FAILED' WHERE number = 2 AND payment_id " + is("failed"),
			},
			"a line of a history begins where the one before ended": {
				"UPDATE status_history SET from_status = 'PENDING' WHERE number = 3 AND payment_id " + is("paid"),
				"UPDATE status_history SET from_status = 'INITIATED' WHERE number = 3 AND payment_id " + is("paid"),
			},
			"a history ends at the payment's status": {
				"UPDATE payments SET version = version + 2 WHERE merchant_ref = 'paid'",
				"UPDATE payments SET version = version - 2 WHERE merchant_ref = 'paid'",
			},
			"a payment's attempts are numbered from 1 without a gap": {
				"UPDATE attempts SET number = 3 WHERE number = 2",
				"UPDATE attempts SET number = 2 WHERE number = 3",
			},
			"an attempt that was followed by another is not under way": {
				"UPDATE attempts SET state = 'SENT' WHERE state = 'UNKNOWN'",
				"UPDATE attempts SET state = 'UNKNOWN' WHERE state = 'SENT' AND payment_id " + is("sent"),
			},
			"an attempt is PREPARED exactly when none of its sendings may have left": {
				"UPDATE attempts SET may_have_left = ',1,' WHERE payment_id " + is("created"),
				"UPDATE attempts SET may_have_left = ',' WHERE payment_id " + is("created"),
			},
			"nothing was sent for a payment that is CREATED": {
				"UPDATE attempts SET state = 'SENT', sent_at = created_at WHERE payment_id " + is("created"),
				"UPDATE attempts SET state = 'PREPARED', sent_at = NULL WHERE payment_id " + is("created"),
			},
			"something was sent for a payment that is SUCCESS": {
				"UPDATE attempts SET state = 'PREPARED', sent_at = NULL WHERE payment_id " + is("paid"),
				"UPDATE attempts SET state = 'SENT', sent_at = created_at WHERE payment_id " + is("paid"),
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
		maps.Copy(broken, brokenBulks())
		for rule, statements := range broken {
			require.NoError(w.t, w.exec(db, statements[0]), rule)
			violations, err := w.db.Books.Audit(w.ctx())
			require.NoError(w.t, err)
			require.True(w.t, slices.ContainsFunc(violations, func(v store.Violation) bool {
				return v.Rule == rule && v.Row != ""
			}), "%s: found %v", rule, violations)
			require.NoError(w.t, w.exec(db, statements[1]), rule)
		}
		w.requireSound()
		require.Len(w.t, broken, store.Rules())
	})
}

// makeOneOfEach adds a payment of every kind and end to the world, each with a reference that names
// it.
func (w *world) makeOneOfEach() {
	w.t.Helper()
	w.fund(100_000)
	w.accept("created")
	open, a := w.sent("sent")
	w.renew(open, a)
	_, d := w.beginDelivery(w.failedEvent("failed"), w.at(0))
	w.endDelivery(d, 200, pirogue.EventDelivered)
	w.accepted(w.refund(w.paid("paid"), "part", 1000))
	_, err := w.success(w.underway(w.refund(w.paid("whole"), "all", 5000)))
	require.NoError(w.t, err)
	w.accepted(w.cashOut("out", 1000, 20))
	_, err = w.success(w.underway(w.cashOut("gone", 1000, 20)))
	require.NoError(w.t, err)
	_, err = w.failed(w.underway(w.cashOut("vain", 1000, 20)))
	require.NoError(w.t, err)
	w.accepted(w.lateRefund(w.lateCashIn("stray", 5000), "return", 2000))
	w.insertSettlement("bank", 700)
	w.makeBulks()
}

// settleMerchant books a payout with SQL, without the store's checks.
func (w *world) insertSettlement(id string, amount int64) {
	w.t.Helper()
	require.NoError(w.t, w.exec(w.raw(),
		`INSERT INTO settlements (id, merchant_id, mode, country, currency, amount, note, paid_at)
		VALUES (?, ?, 'test', 'ML', 'XOF', ?, '', '2026-04-29T14:32:18.000000Z')`, id, string(w.owner.MerchantID), amount))
	require.NoError(w.t, w.db.Book(w.ctx(), ledger.Settlement(support.Settlement{
		ID: id, MerchantID: w.owner.MerchantID, Mode: pirogue.Test, Country: "ML",
		Amount: pirogue.Money{Minor: amount, Currency: pirogue.XOF},
	}), w.at(0)))
}

// is returns the condition that selects the payment with a reference.
func is(reference string) string {
	return "= (SELECT id FROM payments WHERE merchant_ref = '" + reference + "')"
}

// journal returns a statement that writes a journal without transfers.
func journal(id, reference, step string) string {
	return "INSERT INTO ledger_journals (id, payment_id, step, created_at) SELECT '" + id + "', id, '" + step +
		"', created_at FROM payments WHERE id " + is(reference)
}

// dropGuards removes the guards and returns a connection that checks nothing.
func (w *world) dropGuards() *sql.DB {
	w.t.Helper()
	db := w.raw("ignore_check_constraints(1)")
	const guards = " NOT IN ('payments_history', 'payments_first_history')" // these refuse nothing
	queries := []string{"SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' AND name" + guards}
	if w.postgres() {
		queries = []string{
			"SELECT DISTINCT 'DROP TRIGGER ' || trigger_name || ' ON ' || event_object_table " +
				"FROM information_schema.triggers WHERE trigger_schema = 'public' AND trigger_name" + guards,
			"SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || conname " +
				"FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
		}
	}
	for _, query := range queries {
		for _, statement := range texts(w.t, db, query) {
			require.NoError(w.t, w.exec(db, statement))
		}
	}
	return db
}
