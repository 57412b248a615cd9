package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/support"
)

// auditEntryRow is a row of audit_log: one support action. The fields known before the action
// never change. The result is added once.
type auditEntryRow struct {
	ID        string `gorm:"primaryKey"`
	At        timeText
	Actor     string
	Role      string
	Action    string
	PaymentID foreignKey // NULL if the action is about no payment
	Subject   string
	Reason    string
	// Resolution and ResolutionEvidence are the terms of a resolve.
	Resolution         string
	ResolutionEvidence string
	CaseID             string // the case of a resolve; "" for none
	Decision           string // "" until the action is completed
	ResultReason       string // the reason in the result
	Evidence           string
	Status             string
	EndedAt            timeText // NULL: under way, or cut off
}

// TableName returns the table's name.
func (auditEntryRow) TableName() string { return "audit_log" }

// BeginAuditEntry writes the audit entry of a support action before the action. If this fails, the
// caller must not act. A repeated call with the same action changes nothing; an ID that belongs
// to another action is Internal. It fails with MissingField for an action without a reason, and
// with TransactionNotFound if there is no such payment.
func (db *AuditLog) BeginAuditEntry(ctx context.Context, a support.AuditEntry) error {
	if a.Reason == "" {
		return pirogue.FieldError(pirogue.MissingField, "reason")
	}
	texts := []string{
		a.ID, a.Actor, string(a.Action), string(a.PaymentID), a.Subject, a.Reason, string(a.Resolution), a.Evidence,
		string(a.Case),
	}
	if !isStorable(texts...) {
		return pirogue.FieldError(pirogue.InvalidParameter, "reason")
	}
	row := packAuditEntry(a)
	return db.inTx(ctx, "begin audit entry", func(tx *gorm.DB) error {
		written := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if errors.Is(written.Error, gorm.ErrForeignKeyViolated) {
			return pirogue.Errorf(pirogue.TransactionNotFound, "payment %q: %w", a.PaymentID, written.Error)
		}
		if written.Error != nil || written.RowsAffected == 1 {
			return written.Error
		}
		var stored auditEntryRow
		if err := tx.Where("id = ?", a.ID).Take(&stored).Error; err != nil {
			return err
		}
		if begun := unpackAuditEntry(stored); begun.Actor != a.Actor || begun.Action != a.Action ||
			begun.PaymentID != a.PaymentID || begun.Subject != a.Subject || begun.Reason != a.Reason ||
			begun.Resolution != a.Resolution || begun.Evidence != a.Evidence || begun.Case != a.Case {
			return pirogue.Errorf(pirogue.Internal, "audit entry %s is another one's", a.ID)
		}
		return unchanged{}
	})
}

// EndAuditEntry completes an audit entry with its result. An entry that has a result keeps it. It
// fails with NotFound.
func (db *AuditLog) EndAuditEntry(ctx context.Context, act string, v support.ActionResult, at time.Time) error {
	if v.Decision == "" || at.IsZero() {
		return pirogue.Errorf(pirogue.Internal, "end audit entry %s without a result or a time", act)
	}
	return db.inTx(ctx, "end audit entry", func(tx *gorm.DB) error {
		set := tx.Model(&auditEntryRow{}).Where("id = ? AND ended_at IS NULL", act).Updates(map[string]any{
			"decision": v.Decision, "result_reason": storableText(v.Reason), "evidence": storableText(v.Evidence),
			"status":   v.Status,
			"ended_at": timestamp(at),
		})
		if set.Error != nil || set.RowsAffected == 1 {
			return set.Error
		}
		var stored auditEntryRow
		return asNotFound(tx.Where("id = ?", act).Take(&stored).Error, pirogue.NotFound, act)
	})
}

// AuditEntry returns an audit entry. It fails with NotFound.
func (db *AuditLog) AuditEntry(ctx context.Context, id string) (support.AuditEntry, error) {
	if !isStorable(id) {
		return support.AuditEntry{}, pirogue.Errorf(pirogue.NotFound, "audit entry %q", id)
	}
	var row auditEntryRow
	err := db.read(ctx, "read audit entry", func(tx *gorm.DB) error {
		return asNotFound(tx.Where("id = ?", id).Take(&row).Error, pirogue.NotFound, id)
	})
	return unpackAuditEntry(row), err
}

// Proposal returns the resolution of a payment that waits for a second person: the newest
// proposal. None waits if since then a resolution was carried out, a case was opened, or an
// attempt was sent. It fails with NotFound.
func (db *AuditLog) Proposal(ctx context.Context, id pirogue.PaymentID) (support.AuditEntry, error) {
	var rows []auditEntryRow
	err := db.read(ctx, "read proposal", func(tx *gorm.DB) error {
		return tx.Raw(lastResolution, map[string]any{
			"payment": id, "resolve": support.ActionResolve, "refused": support.DecisionRefused,
		}).Scan(&rows).Error
	})
	if err == nil && (len(rows) == 0 || rows[0].Decision != string(support.DecisionProposed)) {
		err = pirogue.Errorf(pirogue.NotFound, "payment %q has no proposal", id)
	}
	if err != nil {
		return support.AuditEntry{}, err
	}
	return unpackAuditEntry(rows[0]), nil
}

// lastResolution reads the newest resolution of a payment that was not refused. A proposal from
// before a case was opened is not about that case. A proposal from before an attempt was sent is
// not about that request.
const lastResolution = `
SELECT * FROM audit_log
 WHERE payment_id = @payment AND action = @resolve AND ended_at IS NOT NULL AND decision <> @refused
   AND ended_at >= COALESCE(
       (SELECT MAX(c.opened_at) FROM cases c WHERE c.payment_id = @payment AND c.closed_at IS NULL), ended_at)
   AND ended_at >= COALESCE((SELECT MAX(a.sent_at) FROM attempts a WHERE a.payment_id = @payment), ended_at)
 ORDER BY ended_at DESC, id DESC LIMIT 1`

// AuditEntries returns the audit entries of one payment or, for "", of all, the newest first. It
// returns at most limit and pirogue.MaxPage + 1.
func (db *AuditLog) AuditEntries(ctx context.Context, id pirogue.PaymentID, limit int) ([]support.AuditEntry, error) {
	if !isStorable(string(id)) {
		return []support.AuditEntry{}, nil
	}
	var rows []auditEntryRow
	err := db.read(ctx, "list audit entries", func(tx *gorm.DB) error {
		if id != "" {
			tx = tx.Where("payment_id = ?", id)
		}
		return tx.Order("at DESC, id DESC").Limit(pageSize(limit)).Find(&rows).Error
	})
	return unpackAll(rows, unpackAuditEntry), err
}

// packAuditEntry returns the row of an audit entry that has no result yet.
func packAuditEntry(a support.AuditEntry) auditEntryRow {
	return auditEntryRow{
		ID: a.ID, At: timestamp(a.At), Actor: a.Actor, Role: string(a.Role), Action: string(a.Action),
		PaymentID: foreignKey(a.PaymentID), Subject: a.Subject, Reason: a.Reason,
		Resolution: string(a.Resolution), ResolutionEvidence: a.Evidence, CaseID: string(a.Case),
	}
}

// unpackAuditEntry returns the audit entry of a row.
func unpackAuditEntry(r auditEntryRow) support.AuditEntry {
	return support.AuditEntry{
		ID: r.ID, At: r.At.time(), Actor: r.Actor, Role: support.Role(r.Role), Action: support.SupportActionKind(r.Action),
		PaymentID: pirogue.PaymentID(r.PaymentID), Subject: r.Subject, Reason: r.Reason, EndedAt: r.EndedAt.time(),
		Resolution: support.Resolution(r.Resolution), Evidence: r.ResolutionEvidence,
		Case: support.CaseID(r.CaseID),
		Result: support.ActionResult{
			Decision: support.Decision(r.Decision), Reason: r.ResultReason, Evidence: r.Evidence,
			Status: pirogue.Status(r.Status),
		},
	}
}
