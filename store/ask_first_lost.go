package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/support"
)

// lostRow is a row of lost_rows: a workflow whose own row a restored database lost.
type lostRow struct {
	WorkflowID  string `gorm:"primaryKey"`
	AskFirstID  string
	What        string
	RowID       string
	Kind        string
	MerchantID  string
	Mode        string
	RefSpace    string
	MerchantRef string
	State       string
	StartedAt   timeText
	FoundAt     timeText
}

// TableName returns the table's name.
func (lostRow) TableName() string { return "lost_rows" }

// unpack returns the lost row in the domain's types.
func (r lostRow) unpack() lifecycle.LostRow {
	return lifecycle.LostRow{
		WorkflowID: r.WorkflowID, What: lifecycle.FollowedKind(r.What), ID: r.RowID, Kind: pirogue.PaymentKind(r.Kind),
		MerchantID: pirogue.MerchantID(r.MerchantID), Mode: pirogue.Mode(r.Mode), Reference: r.MerchantRef,
		State: r.State, StartedAt: r.StartedAt.time(),
	}
}

// tablesByKind names the table that has the row of each kind of workflow.
var tablesByKind = map[lifecycle.FollowedKind]string{
	lifecycle.FollowedPayment: "payments", lifecycle.FollowedBulk: "bulks", lifecycle.FollowedEvent: "webhook_events",
}

// Missing returns the IDs that have no row.
func (db *AskFirst) Missing(ctx context.Context, what lifecycle.FollowedKind, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var known []string
	err := db.read(ctx, "find missing rows", func(tx *gorm.DB) error {
		return tx.Raw("SELECT id FROM "+tablesByKind[what]+" WHERE id IN ?", ids).Scan(&known).Error
	})
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(known, id) }), err
}

// KeepLost records workflows that have no row in this database. It fails with NotFound outside of
// ask-first mode.
func (db *AskFirst) KeepLost(ctx context.Context, lost []lifecycle.LostRow) error {
	mode, err := db.openAskFirst(ctx)
	if err != nil || len(lost) == 0 {
		return err
	}
	rows := make([]lostRow, len(lost))
	for i, l := range lost {
		rows[i] = lostRow{
			WorkflowID: l.WorkflowID, AskFirstID: mode.ID, What: string(l.What), RowID: l.ID, Kind: string(l.Kind),
			MerchantID: string(l.MerchantID), Mode: string(l.Mode), MerchantRef: storableText(l.Reference), State: l.State,
			StartedAt: timestamp(l.StartedAt), FoundAt: timestamp(db.clock.Now()),
		}
		if l.What == lifecycle.FollowedPayment && l.Reference != "" {
			rows[i].RefSpace = refSpace(l.Kind, false)
		}
	}
	return db.inTx(ctx, "keep lost rows", func(tx *gorm.DB) error {
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workflow_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"state"}),
		}).Create(&rows).Error
		if err != nil {
			return err
		}
		return tx.Exec(takeLostReferences, mode.ID).Error
	})
}

// takeLostReferences reserves the order numbers of lost payments, against lines of bulks too. It
// leaves out a lost merchant: nobody can send requests for it.
const takeLostReferences = `
INSERT INTO order_references (merchant_id, mode, merchant_ref)
SELECT DISTINCT l.merchant_id, l.mode, l.merchant_ref FROM lost_rows l JOIN merchants m ON m.id = l.merchant_id
 WHERE l.ask_first_id = ? AND l.what = 'payment' AND l.ref_space = 'order'
ON CONFLICT DO NOTHING`

// TemporalAsked records that all of Temporal's workflows were compared with our rows at a time.
// It fails with NotFound outside of ask-first mode.
func (db *AskFirst) TemporalAsked(ctx context.Context, at time.Time) error {
	return db.exec(ctx, "note that Temporal was asked", func(tx *gorm.DB) error {
		set := tx.Exec("UPDATE ask_first SET temporal_asked_at = ? WHERE ended_at IS NULL", timestamp(at))
		if set.Error == nil && set.RowsAffected == 0 {
			return pirogue.Errorf(pirogue.NotFound, "ask-first mode")
		}
		return set.Error
	})
}

// EndAskFirst ends ask-first mode in the name of actor. The result is a refusal that lists what
// was not asked yet, if anything is left. If money may have left us that is in no book, it is a
// proposal: a second person has to confirm. It fails with NotFound outside of ask-first mode.
func (db *AskFirst) EndAskFirst(
	ctx context.Context, configured []pirogue.OperatorCode, actor string, at time.Time,
) (support.ActionResult, error) {
	report, err := db.AskFirstReport(ctx, configured)
	if err != nil {
		return support.ActionResult{}, err
	}
	if open := openQuestions(report); len(open) > 0 {
		return support.ActionResult{Decision: support.DecisionRefused, Reason: strings.Join(open, " ")}, nil
	}
	paid := slices.ContainsFunc(report.Sums, lifecycle.UnmatchedSum.MayHavePaid)
	if paid && (report.ProposedBy == "" || report.ProposedBy == actor) {
		return support.ActionResult{
			Decision: support.DecisionProposed, Reason: "Money may have left us that is in no book: another person confirms.",
		}, db.proposeEnd(ctx, report, actor)
	}
	return db.endAskFirst(ctx, report, actor, at)
}

// openQuestions lists in sentences what was not asked yet.
func openQuestions(r lifecycle.AskFirstReport) []string {
	var open []string
	if r.TemporalAsked.Before(r.Begun) {
		open = append(open, "Temporal's workflows were not compared with our rows.")
	}
	if r.Outdated > 0 {
		open = append(open, fmt.Sprintf("%d workflows were not started again from our rows.", r.Outdated))
	}
	for _, o := range r.Operators {
		if o.Asked(r.Begun) {
			continue
		}
		open = append(open, fmt.Sprintf("%s: its list was not read, or %d attempts are not answered, and nobody looked.",
			o.Operator, o.Unanswered))
	}
	return open
}

// proposeEnd records that actor proposes to end the mode. It changes nothing if the proposal has
// changed since the report.
func (db *AskFirst) proposeEnd(ctx context.Context, r lifecycle.AskFirstReport, actor string) error {
	return db.exec(ctx, "propose to end ask-first mode", func(tx *gorm.DB) error {
		return tx.Exec("UPDATE ask_first SET proposed_by = ? WHERE id = ? AND ended_at IS NULL AND proposed_by = ?",
			actor, r.ID, r.ProposedBy).Error
	})
}

// endAskFirst ends the mode, unless the proposal has changed since it was read.
func (db *AskFirst) endAskFirst(
	ctx context.Context, r lifecycle.AskFirstReport, actor string, at time.Time,
) (support.ActionResult, error) {
	result := support.ActionResult{
		Decision: support.DecisionSettled,
		Reason:   "Requests are accepted and sent again. What waited goes on within ten minutes.",
		Evidence: cmp.Or(r.ProposedBy, actor),
	}
	err := db.exec(ctx, "end ask-first mode", func(tx *gorm.DB) error {
		set := tx.Exec(`UPDATE ask_first SET ended_at = ?, ended_by = ?
			WHERE id = ? AND ended_at IS NULL AND proposed_by = ?`, timestamp(at), actor, r.ID, r.ProposedBy)
		if set.Error == nil && set.RowsAffected == 0 {
			result = support.ActionResult{
				Decision: support.DecisionRefused, Reason: "Somebody changed it meanwhile: look again.",
			}
		}
		return set.Error
	})
	return result, err
}
