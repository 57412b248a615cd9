package api_test

import (
	"context"
	"slices"
	"time"

	"pirogue"
	"pirogue/access"
	"pirogue/bulk"
)

// AcceptBulk keeps the promises of the real store. A reference is used once, and order IDs are
// unique over payments and lines. The money of all lines is held, or nothing is stored.
func (s fakeBulks) AcceptBulk(
	ctx context.Context, b bulk.Bulk, lines []bulk.BulkLine,
) (bulk.Bulk, bool, error) {
	if err := s.checkFaults(ctx, "AcceptBulk"); err != nil {
		return bulk.Bulk{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := access.Owner{MerchantID: b.MerchantID, Mode: b.Mode}
	for _, stands := range s.bulks {
		if stands.Reference == b.Reference && stands.MerchantID == b.MerchantID && stands.Mode == b.Mode {
			return *stands, false, nil
		}
	}
	wrong := &pirogue.Error{Code: pirogue.InvalidOrderID}
	for _, l := range lines {
		if s.byReference(owner, pirogue.CashOut, l.Payment.OrderID) != nil || s.isLine(owner, l.Payment.OrderID) {
			wrong.Params = append(wrong.Params, pirogue.Param{
				Field: bulk.LineField(l.Number, "merchant_order_id"), Code: pirogue.DuplicateOrder, Line: l.Number,
			})
		}
	}
	if len(wrong.Params) > 0 {
		return bulk.Bulk{}, false, wrong
	}
	for i, balance := range s.balances[owner] {
		if balance.Country != b.Country || balance.Available < b.Cost {
			continue
		}
		s.balances[owner][i].Available -= b.Cost
		s.balances[owner][i].Reserved += b.Cost
		s.bulks = append(s.bulks, &b)
		s.lines[b.ID] = slices.Clone(lines)
		return b, true, nil
	}
	return bulk.Bulk{}, false, pirogue.Errorf(pirogue.InsufficientBalance, "not %d", b.Cost)
}

// isLine reports whether an order ID belongs to a line.
func (s *fakeStore) isLine(o access.Owner, number string) bool {
	for _, lines := range s.lines {
		for _, l := range lines {
			if ownerOf(l.Payment) == o && l.Payment.OrderID == number {
				return true
			}
		}
	}
	return false
}

// Bulk implements api.Bulks, with the tallies of the stored lines.
func (s fakeBulks) Bulk(ctx context.Context, o access.Owner, id pirogue.BulkID) (bulk.BulkProgress, error) {
	if err := s.checkFaults(ctx, "Bulk"); err != nil {
		return bulk.BulkProgress{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bulk(o, id)
	if b == nil {
		return bulk.BulkProgress{}, pirogue.Errorf(pirogue.NotFound, "no bulk %s", id)
	}
	progress := bulk.BulkProgress{Bulk: *b, Tallies: map[bulk.LineStatus]bulk.BulkTally{}}
	for _, l := range s.lines[id] {
		tally := progress.Tallies[l.Status]
		tally.Lines, tally.Amount, tally.Cost = tally.Lines+1, tally.Amount+l.Payment.Amount.Minor, tally.Cost+l.Payment.Net()
		progress.Tallies[l.Status] = tally
	}
	return progress, nil
}

// bulk returns the owner's bulk, nil when there is none.
func (s *fakeStore) bulk(o access.Owner, id pirogue.BulkID) *bulk.Bulk {
	for _, b := range s.bulks {
		if b.ID == id && b.MerchantID == o.MerchantID && b.Mode == o.Mode {
			return b
		}
	}
	return nil
}

// BulkLines implements api.Bulks. It holds no lock while each runs.
func (s fakeBulks) BulkLines(
	ctx context.Context, o access.Owner, id pirogue.BulkID, span bulk.LineSpan, each func(bulk.BulkLine) error,
) error {
	if err := s.checkFaults(ctx, "BulkLines"); err != nil {
		return err
	}
	s.mu.Lock()
	b, lines := s.bulk(o, id), slices.Clone(s.lines[id])
	s.mu.Unlock()
	if b == nil {
		return pirogue.Errorf(pirogue.NotFound, "no bulk %s", id)
	}
	lines = lines[min(span.After, len(lines)):]
	if span.Limit > 0 {
		lines = lines[:min(span.Limit, len(lines))]
	}
	for _, l := range lines {
		if err := each(l); err != nil {
			return err
		}
	}
	return nil
}

// CancelBulk implements api.Bulks: only waiting lines are cancelled.
func (s fakeBulks) CancelBulk(
	ctx context.Context, o access.Owner, id pirogue.BulkID, at time.Time,
) (bulk.BulkProgress, error) {
	if err := s.checkFaults(ctx, "CancelBulk"); err != nil {
		return bulk.BulkProgress{}, err
	}
	s.change(func() {
		b := s.bulk(o, id)
		if b == nil || b.State.Ended() {
			return
		}
		b.State, b.UpdatedAt = bulk.BulkCancelling, at
		for i, l := range s.lines[id] {
			if l.Status == bulk.LineWaiting {
				s.lines[id][i].Status = bulk.LineCancelled
			}
		}
	})
	return s.Bulk(ctx, o, id)
}

// LaunchBulk implements api.Launcher.
func (w *fakeWorkflows) LaunchBulk(_ context.Context, b bulk.Bulk) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.launches != nil {
		return w.launches
	}
	w.launched = append(w.launched, b.ID)
	return nil
}
