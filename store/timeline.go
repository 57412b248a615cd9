package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"pirogue"
	"pirogue/access"
	"pirogue/support"
)

// timelineReader holds all stored rows about the events of one payment.
type timelineReader struct {
	payment      pirogue.PaymentID
	forSupport   bool // the reader is support, who may read more than a merchant
	history      []historyRow
	attempts     []attemptRow
	callbacks    []callbackRow
	cases        []caseRow
	auditEntries []auditEntryRow
	returns      []paymentRow // of unwanted money
	deliveries   []deliveryRow
}

// Timeline returns the events of one of the owner's payments, in their order. It fails with
// TransactionNotFound. Details contain no secret: no numbers, no handles and no tokens. The
// adapters have redacted the operators' messages. A merchant does not read which person of
// support acted, nor why.
func (db *Payments) Timeline(
	ctx context.Context, o access.Owner, id pirogue.PaymentID,
) ([]support.TimelineEntry, error) {
	return db.timeline(ctx, timelineReader{payment: id}, func(tx *gorm.DB) error {
		_, err := readOwnedPayment(tx, o, id)
		return err
	})
}

// AnyTimeline returns the timeline of a payment of any owner, for support. It includes the notes
// of the cases, and the person and reason of each support action. It fails with
// TransactionNotFound.
func (db *Payments) AnyTimeline(ctx context.Context, id pirogue.PaymentID) ([]support.TimelineEntry, error) {
	if !isStorable(string(id)) {
		return nil, pirogue.Errorf(pirogue.TransactionNotFound, "payment %q", id)
	}
	return db.timeline(ctx, timelineReader{payment: id, forSupport: true}, func(tx *gorm.DB) error {
		return readPayment(tx, id, &paymentRow{})
	})
}

// timeline reads a payment's rows once admit has found the payment.
func (db *Payments) timeline(
	ctx context.Context, r timelineReader, admit func(tx *gorm.DB) error,
) ([]support.TimelineEntry, error) {
	var s timelineReader
	err := db.snapshot(ctx, "read timeline", func(tx *gorm.DB) error {
		s = r
		if err := admit(tx); err != nil {
			return err
		}
		return s.read(tx)
	})
	if err != nil {
		return nil, err
	}
	return s.entries(), nil
}

// read reads the story's rows from their tables.
func (s *timelineReader) read(tx *gorm.DB) error {
	id := s.payment
	for _, source := range []struct {
		rows  any
		order string
	}{
		{&s.history, "number"},
		{&s.attempts, "number"},
		{&s.callbacks, "received_at"},
		{&s.cases, "opened_at"},
		{&s.auditEntries, "at, id"},
	} {
		if err := tx.Where("payment_id = ?", id).Order(source.order).Find(source.rows).Error; err != nil {
			return err
		}
	}
	returns := tx.Where("parent_id = ? AND late = 1", id).Order("created_at, id").Find(&s.returns)
	if returns.Error != nil {
		return returns.Error
	}
	return tx.Where("event_id IN (SELECT id FROM webhook_events WHERE payment_id = ?)", id).
		Order("started_at, event_id, round, number").Find(&s.deliveries).Error
}

// entries returns the events in order. Of two events at the same microsecond, the order of the
// code below decides.
func (s *timelineReader) entries() []support.TimelineEntry {
	var entries []support.TimelineEntry
	add := func(at timeText, what support.TimelineEntryType, who support.Source, details map[string]any) {
		if at != "" {
			entries = append(entries, support.TimelineEntry{At: at.time(), Type: what, Source: who, Details: details})
		}
	}
	// The first line of the history is the acceptance, the others are changes.
	for _, h := range s.history[:min(1, len(s.history))] {
		add(h.ChangedAt, support.PaymentAccepted, support.SourceAPI, map[string]any{"status": h.ToStatus})
	}
	for _, a := range s.attempts {
		addAttempt(add, a)
	}
	for _, c := range s.callbacks {
		add(c.ReceivedAt, support.CallbackReceived, support.SourceOperator, map[string]any{"words": c.Message})
	}
	for _, h := range s.history[min(1, len(s.history)):] {
		add(h.ChangedAt, support.StatusChanged, support.SourcePirogue,
			map[string]any{"from": h.FromStatus, "to": h.ToStatus})
	}
	for _, c := range s.cases {
		add(c.OpenedAt, support.CaseOpened, support.SourcePirogue, s.caseDetails(c))
		add(c.ClosedAt, support.CaseClosed, support.SourceSupport, map[string]any{"cause": c.Cause})
	}
	for _, r := range s.returns {
		details := map[string]any{"transaction_id": r.ID, "amount": r.Amount, "status": r.Status}
		begun := map[string]any{"transaction_id": r.ID, "amount": r.Amount}
		add(r.CreatedAt, support.ReturnBegan, support.SourcePirogue, begun)
		if pirogue.Status(r.Status).Terminal() {
			add(r.UpdatedAt, support.ReturnEnded, support.SourcePirogue, details)
		}
	}
	for _, a := range s.auditEntries {
		add(a.At, support.SupportActed, support.SourceSupport, s.auditDetails(a))
	}
	for _, d := range s.deliveries {
		add(d.StartedAt, support.WebhookAttempted, support.SourceWebhook, deliveryDetails(d))
	}
	return sortEntries(entries)
}

// sortEntries sorts events by their time. Changes of status keep their own order, which the
// database decided: two workers' clocks may differ by minutes.
func sortEntries(entries []support.TimelineEntry) []support.TimelineEntry {
	var changes []support.TimelineEntry
	for _, m := range entries {
		if m.Type == support.StatusChanged {
			changes = append(changes, m)
		}
	}
	slices.SortStableFunc(entries, func(a, b support.TimelineEntry) int { return a.At.Compare(b.At) })
	for i := range entries {
		if entries[i].Type == support.StatusChanged {
			entries[i], changes = changes[0], changes[1:]
		}
	}
	return entries
}

// resultEntries maps an attempt's state to its event in a timeline and to the source of that.
var resultEntries = map[string]struct {
	what support.TimelineEntryType
	who  support.Source
}{
	string(pirogue.AttemptAccepted): {support.TimelineAttemptAccepted, support.SourceOperator},
	string(pirogue.AttemptRefused):  {support.TimelineAttemptRefused, support.SourceOperator},
	string(pirogue.AttemptUnknown):  {support.TimelineAttemptUnknown, support.SourcePirogue},
}

// addAttempt adds the events of one attempt. Only its latest operator message is stored. It
// belongs to the last status query, or to the response to the submission if there was none.
func addAttempt(add func(timeText, support.TimelineEntryType, support.Source, map[string]any), a attemptRow) {
	details := func(more ...any) map[string]any {
		d := map[string]any{"attempt": a.Number, "operator": a.Operator}
		for i := 0; i+1 < len(more); i += 2 {
			if key, ok := more[i].(string); ok && more[i+1] != "" {
				d[key] = more[i+1]
			}
		}
		return d
	}
	// Only the first line has the reference: one is enough to find it.
	submitted, polled := a.OperatorMessage, ""
	if a.Polls > 0 {
		submitted, polled = "", a.OperatorMessage
	}
	add(a.CreatedAt, support.TimelineAttemptPrepared, support.SourcePirogue, details("operator_ref", a.Ref))
	add(a.SentAt, support.TimelineAttemptSent, support.SourcePirogue, details())
	if entry, ok := resultEntries[a.State]; ok {
		add(a.ResultAt, entry.what, entry.who, details("words", submitted))
	}
	add(a.FirstPolledAt, support.TimelineAttemptPolled, support.SourcePirogue,
		details("count", a.Polls, "last_at", string(a.PolledAt), "words", polled))
}

// caseDetails returns the details of a case. Its note is evidence for support; the merchant gets
// only the cause.
func (s *timelineReader) caseDetails(c caseRow) map[string]any {
	details := map[string]any{"cause": c.Cause}
	if s.forSupport && c.Note != "" {
		details["note"] = c.Note
	}
	return details
}

// auditDetails returns the details of a support action and its result. The merchant API calls the
// action "verb".
func (s *timelineReader) auditDetails(a auditEntryRow) map[string]any {
	details := map[string]any{}
	if a.Decision != "" {
		details["decision"] = a.Decision
	}
	if !s.forSupport {
		details["verb"] = a.Action
		return details
	}
	details["action"], details["audit_id"], details["actor"], details["reason"] = a.Action, a.ID, a.Actor, a.Reason
	if a.ResultReason != "" {
		details["result"] = a.ResultReason
	}
	if a.Evidence != "" {
		details["evidence"] = a.Evidence
	}
	return details
}

// deliveryDetails returns the number of a delivery and its result, if it has ended.
func deliveryDetails(d deliveryRow) map[string]any {
	details := map[string]any{"event_id": d.EventID, "number": d.Number}
	if d.Round > 0 {
		details["round"] = d.Round
	}
	if d.EndedAt != "" {
		details["ended_at"] = string(d.EndedAt)
	}
	if d.HTTPStatus != 0 {
		details["http_status"] = d.HTTPStatus
	}
	if d.Error != "" {
		details["error"] = d.Error
	}
	return details
}
