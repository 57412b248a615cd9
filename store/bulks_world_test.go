package store_test

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"pirogue"
	"pirogue/bulk"
	"pirogue/ids"
)

// bulk returns a bulk of cash-outs of these amounts in francs, each with a fee of 20. It is not
// accepted yet.
func (w *world) bulk(reference string, amounts ...int64) (bulk.Bulk, []bulk.BulkLine) {
	b := bulk.Bulk{
		ID: pirogue.BulkID(ids.New()), MerchantID: w.owner.MerchantID, Mode: w.owner.Mode, Reference: reference,
		State: bulk.BulkAccepted, Country: "ML", Amount: pirogue.Money{Currency: pirogue.XOF},
		Fee: pirogue.Money{Currency: pirogue.XOF}, Digest: fmt.Sprint("digest of ", amounts),
		Metadata: map[string]string{"month": "avril"}, CreatedAt: w.at(0), UpdatedAt: w.at(0),
	}
	lines := make([]bulk.BulkLine, len(amounts))
	for i, amount := range amounts {
		p, _ := w.cashOut(fmt.Sprintf("%s_%d", reference, i+1), amount, 20)
		p.BulkID, p.Quiet, p.ReturnURL, p.CancelURL, p.StartDeadline = b.ID, true, "", "", time.Time{}
		lines[i] = bulk.BulkLine{Number: i + 1, Status: bulk.LineWaiting, Payment: p}
		b.Lines, b.Amount.Minor, b.Fee.Minor, b.Cost = b.Lines+1, b.Amount.Minor+amount, b.Fee.Minor+20, b.Cost+p.Net()
	}
	return b, lines
}

// acceptBulk accepts a bulk.
func (w *world) acceptBulk(reference string, amounts ...int64) (bulk.Bulk, []bulk.BulkLine) {
	w.t.Helper()
	b, lines := w.bulk(reference, amounts...)
	b, fresh, err := w.db.Bulks.AcceptBulk(w.ctx(), b, lines)
	require.NoError(w.t, err)
	require.True(w.t, fresh)
	return b, lines
}

// firstAttempt returns the attempt that a page prepares for a line, and its callback digest.
func (w *world) firstAttempt(p pirogue.Payment) (pirogue.Attempt, string) {
	a := pirogue.Attempt{
		ID: pirogue.AttemptID(ids.New()), PaymentID: p.ID, Number: 1, Operator: p.Operator, Ref: ids.Reference(p.Kind),
		State: pirogue.AttemptPrepared, CreatedAt: w.at(0),
	}
	return a, digest(a)
}

// startLines starts lines of the first page and returns their number.
func (w *world) startLines(b bulk.Bulk, limit int) int {
	w.t.Helper()
	n, err := w.db.BulkLines.StartLines(w.ctx(), b.ID, 1, limit, w.firstAttempt)
	require.NoError(w.t, err)
	return n
}

// bulkState returns a bulk's state and the number of its lines in each status.
func (w *world) bulkState(b bulk.Bulk) (bulk.BulkState, map[bulk.LineStatus]int) {
	w.t.Helper()
	progress, err := w.db.Bulks.Bulk(w.ctx(), w.owner, b.ID)
	require.NoError(w.t, err)
	counts := map[bulk.LineStatus]int{}
	for status, tally := range progress.Tallies {
		counts[status] = tally.Lines
	}
	return progress.State, counts
}

// linesOf returns every line of a bulk.
func (w *world) linesOf(b bulk.Bulk) []bulk.BulkLine {
	w.t.Helper()
	var all []bulk.BulkLine
	require.NoError(w.t, w.db.Bulks.BulkLines(w.ctx(), w.owner, b.ID, bulk.LineSpan{}, func(l bulk.BulkLine) error {
		all = append(all, l)
		return nil
	}))
	return all
}

// sendLine sends the payment of a line.
func (w *world) sendLine(l bulk.BulkLine) {
	w.t.Helper()
	_, a := w.latest(l.Payment.ID)
	w.send(a)
}

// makeBulks adds a bulk in every state to the world.
func (w *world) makeBulks() {
	w.t.Helper()
	w.acceptBulk("waits", 100, 200)
	half, _ := w.acceptBulk("half", 100, 200, 300)
	w.startLines(half, 1)
	_, err := w.db.Bulks.CancelBulk(w.ctx(), w.owner, half.ID, w.at(0))
	require.NoError(w.t, err)
	whole, lines := w.acceptBulk("bulk", 100)
	w.startLines(whole, 10)
	w.sendLine(lines[0])
	_, err = w.success(lines[0].Payment)
	require.NoError(w.t, err)
	_, closed, err := w.db.Bulks.CloseBulk(w.ctx(), whole.ID, w.at(0))
	require.NoError(w.t, err)
	require.True(w.t, closed)
}

// brokenBulks returns, for each rule about bulks, the statement that breaks it and the one that
// mends it.
func brokenBulks() map[string][2]string {
	return map[string][2]string{
		"what is set aside for bulks is what their waiting lines cost": {
			"UPDATE ledger_accounts SET credits_posted = credits_posted + 1 WHERE kind = 'BULK'",
			"UPDATE ledger_accounts SET credits_posted = credits_posted - 1 WHERE kind = 'BULK'",
		},
		"a bulk is the sum of its lines": {
			"UPDATE bulks SET lines = 2 WHERE merchant_ref = 'bulk'",
			"UPDATE bulks SET lines = 1 WHERE merchant_ref = 'bulk'",
		},
		"a bulk set aside what it costs, and gave back what its cancelled lines would have cost": {
			"UPDATE ledger_transfers SET amount = amount + 1 WHERE id LIKE '%/rest#1'",
			"UPDATE ledger_transfers SET amount = amount - 1 WHERE id LIKE '%/rest#1'",
		},
		"a line that has begun is one payment, as it was accepted, and one that has not is none": {
			"UPDATE payments SET bulk_id = NULL WHERE merchant_ref = 'bulk_1'",
			"UPDATE payments SET bulk_id = (SELECT id FROM bulks WHERE merchant_ref = 'bulk') WHERE merchant_ref = 'bulk_1'",
		},
		"a line that has begun took its part of what was set aside, and no other payment did": {
			"UPDATE bulk_lines SET cost = cost + 1 WHERE merchant_ref = 'bulk_1'",
			"UPDATE bulk_lines SET cost = cost - 1 WHERE merchant_ref = 'bulk_1'",
		},
		"a bulk that is over has no open line and was told once, and no other was told": {
			"UPDATE webhook_events SET bulk_id = (SELECT id FROM bulks WHERE merchant_ref = 'waits') WHERE bulk_id IS NOT NULL",
			"UPDATE webhook_events SET bulk_id = (SELECT id FROM bulks WHERE merchant_ref = 'bulk') WHERE bulk_id IS NOT NULL",
		},
		"a bulk is CANCELLED when lines of it were, and only then": {
			"UPDATE bulks SET state = 'CANCELLED' WHERE merchant_ref = 'bulk'",
			"UPDATE bulks SET state = 'COMPLETED' WHERE merchant_ref = 'bulk'",
		},
		"an order number stays taken": {
			"UPDATE order_references SET merchant_ref = 'elsewhere' WHERE merchant_ref = 'created'",
			"UPDATE order_references SET merchant_ref = 'created' WHERE merchant_ref = 'elsewhere'",
		},
	}
}
