package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/lifecycle"
	"pirogue/listing"
	"pirogue/operator"
)

// matchChunk is the number of lines of an operator's list that one statement looks up.
const matchChunk = 500

// askedOperatorRow is a row of ask_first_operators.
type askedOperatorRow struct {
	AskFirstID string   `gorm:"primaryKey"`
	Operator   string   `gorm:"primaryKey"`
	ListedTo   timeText // NULL: no list of it was read
	Evidence   string
	EvidenceBy string
}

// TableName returns the table's name.
func (askedOperatorRow) TableName() string { return "ask_first_operators" }

// unmatchedLineRow is a row of ask_first_lines: a line of an operator's list that matches no
// attempt.
type unmatchedLineRow struct {
	AskFirstID string `gorm:"primaryKey"`
	Operator   string `gorm:"primaryKey"`
	Line       string `gorm:"primaryKey"`
	TxID       string
	Ref        string
	Kind       string
	Outcome    string
	Amount     int64
	Currency   string
	At         timeText
	FoundAt    timeText
}

// TableName returns the table's name.
func (unmatchedLineRow) TableName() string { return "ask_first_lines" }

// OperatorListed records the lines of an operator's own list, read up to a time, that match no
// attempt of ours. They replace the lines of an earlier reading. It leaves out lines by which no
// money moved. It also withdraws a proposal to end the mode. It fails with NotFound outside of
// ask-first mode.
func (db *AskFirst) OperatorListed(
	ctx context.Context, o pirogue.OperatorCode, to time.Time, lines []operator.StatementLine,
) error {
	mode, err := db.openAskFirst(ctx)
	if err != nil {
		return err
	}
	var rows []unmatchedLineRow
	for chunk := range slices.Chunk(moneyLines(lines), matchChunk) {
		unmatched, err := db.unmatched(ctx, chunk)
		if err != nil {
			return err
		}
		for _, line := range unmatched {
			rows = append(rows, packUnmatched(o, line, len(rows)))
			rows[len(rows)-1].AskFirstID = mode.ID
			rows[len(rows)-1].FoundAt = timestamp(db.clock.Now())
		}
	}
	return asError("keep operator's list", db.long().WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE ask_first SET proposed_by = '' WHERE id = ?", mode.ID).Error; err != nil {
			return err
		}
		err := tx.Where("ask_first_id = ? AND operator = ?", mode.ID, o).Delete(&unmatchedLineRow{}).Error
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(rows, matchChunk) {
			if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&chunk).Error; err != nil {
				return err
			}
		}
		return tx.Exec(operatorListed, mode.ID, o, timestamp(to)).Error
	}))
}

// operatorListed records the time up to which an operator's list was read. It keeps a person's
// evidence.
const operatorListed = `
INSERT INTO ask_first_operators AS o (ask_first_id, operator, listed_to) VALUES (?, ?, ?)
ON CONFLICT (ask_first_id, operator) DO UPDATE SET listed_to = excluded.listed_to`

// moneyLines returns the lines by which money moved or may have moved.
func moneyLines(lines []operator.StatementLine) []operator.StatementLine {
	return slices.DeleteFunc(slices.Clone(lines), func(l operator.StatementLine) bool {
		return l.Outcome == pirogue.OutcomeDeclined || l.Outcome == pirogue.OutcomeExpired
	})
}

// unmatched returns the lines that name neither an attempt's reference nor a payment's transaction
// of ours.
func (db *AskFirst) unmatched(ctx context.Context, lines []operator.StatementLine) ([]operator.StatementLine, error) {
	refs, transactions := make([]string, len(lines)), make([]string, len(lines))
	for i, line := range lines {
		refs[i], transactions[i] = storableText(string(line.Ref)), storableText(line.TxID)
	}
	var known []string
	err := db.read(ctx, "match operator's list", func(tx *gorm.DB) error {
		return tx.Raw(`SELECT ref FROM attempts WHERE ref IN @refs
			UNION SELECT provider_tx_id FROM payments WHERE provider_tx_id IN @transactions AND provider_tx_id <> ''`,
			map[string]any{"refs": refs, "transactions": transactions}).Scan(&known).Error
	})
	ours := map[string]bool{}
	for _, name := range known {
		ours[name] = true
	}
	return slices.DeleteFunc(slices.Clone(lines), func(l operator.StatementLine) bool {
		return ours[string(l.Ref)] || ours[l.TxID]
	}), err
}

// packUnmatched returns the row of the n-th unmatched line.
func packUnmatched(o pirogue.OperatorCode, l operator.StatementLine, n int) unmatchedLineRow {
	return unmatchedLineRow{
		Operator: string(o), Line: storableText(cmp.Or(l.TxID, string(l.Ref), "#"+strconv.Itoa(n))),
		TxID: storableText(l.TxID), Ref: storableText(string(l.Ref)), Kind: string(l.Kind), Outcome: string(l.Outcome),
		Amount: max(l.Amount.Minor, 0), Currency: string(l.Amount.Currency), At: timestamp(l.CreatedAt),
	}
}

// OperatorLooked records a person's evidence for an operator that cannot be asked. It fails with
// NotFound outside of ask-first mode.
func (db *AskFirst) OperatorLooked(ctx context.Context, o pirogue.OperatorCode, evidence, by string) error {
	mode, err := db.openAskFirst(ctx)
	if err != nil {
		return err
	}
	row := askedOperatorRow{AskFirstID: mode.ID, Operator: string(o), Evidence: evidence, EvidenceBy: by}
	return db.exec(ctx, "keep evidence", func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "ask_first_id"}, {Name: "operator"}},
			DoUpdates: clause.AssignmentColumns([]string{"evidence", "evidence_by"}),
		}).Create(&row).Error
	})
}

// AskFirstReport returns the progress of the ask-first mode that is on. It has the operators that
// are configured, or that have an attempt without a result. It fails with NotFound if the mode is
// off.
func (db *AskFirst) AskFirstReport(
	ctx context.Context, configured []pirogue.OperatorCode,
) (lifecycle.AskFirstReport, error) {
	var r askFirstReading
	err := db.snapshot(ctx, "read ask-first mode", func(tx *gorm.DB) error {
		r = askFirstReading{}
		return r.read(tx)
	})
	if err != nil {
		return lifecycle.AskFirstReport{}, err
	}
	return r.report(configured), nil
}

// askFirstReading holds the rows of an ask-first mode, all from one snapshot.
type askFirstReading struct {
	mode       askFirstRow
	asked      []askedOperatorRow
	unanswered []struct {
		Operator string
		Attempts int
	}
	sums []struct {
		Operator, Kind, Currency string
		Lines                    int
		Amount                   int64
	}
	lines     []unmatchedLineRow
	lost      []lostRow
	lostCount int
	outdated  int
}

// read fills the reading within the caller's transaction, so that all of it is from one snapshot.
// Lists end after pirogue.MaxPage rows; the counts and sums cover all.
func (r *askFirstReading) read(tx *gorm.DB) error {
	err := asNotFound(tx.Where("ended_at IS NULL").Take(&r.mode).Error, pirogue.NotFound, "ask-first mode")
	if err != nil {
		return err
	}
	named := map[string]any{
		"mode": r.mode.ID, "begun": r.mode.BegunAt, "limit": listing.MaxPage,
		"since": timestamp(r.mode.Since.time().Add(-lifecycle.AskFirstMargin)),
	}
	for _, reading := range []struct {
		query string
		into  any
	}{
		{"SELECT * FROM ask_first_operators WHERE ask_first_id = @mode ORDER BY operator", &r.asked},
		{unansweredAttempts, &r.unanswered},
		{unmatchedSums, &r.sums},
		{"SELECT * FROM ask_first_lines WHERE ask_first_id = @mode ORDER BY operator, at, line LIMIT @limit", &r.lines},
		{"SELECT * FROM lost_rows WHERE ask_first_id = @mode ORDER BY started_at, workflow_id LIMIT @limit", &r.lost},
		{"SELECT COUNT(*) FROM lost_rows WHERE ask_first_id = @mode", &r.lostCount},
		{outdatedWorkflows, &r.outdated},
	} {
		if err := tx.Raw(reading.query, named).Scan(reading.into).Error; err != nil {
			return err
		}
	}
	return nil
}

// unansweredAttempts counts the attempts whose result the mode needs. These are the latest one of
// each open payment, and earlier ones that left since the restore point.
const unansweredAttempts = `
SELECT a.operator AS operator, COUNT(*) AS attempts
  FROM attempts a JOIN payments p ON p.id = a.payment_id
 WHERE p.sequence = 0 AND p.status IN ('CREATED','INITIATED','PENDING') AND a.state IN ('SENT','UNKNOWN','ACCEPTED')
   AND a.evidence_outcome = '' AND a.created_at < @begun
   AND (a.first_sent_at >= @since
        OR a.number = (SELECT MAX(b.number) FROM attempts b WHERE b.payment_id = a.payment_id))
 GROUP BY a.operator`

// unmatchedSums adds up the unmatched lines of each operator, kind and currency.
const unmatchedSums = `
SELECT operator, kind, currency, COUNT(*) AS lines, CAST(SUM(amount) AS BIGINT) AS amount
  FROM ask_first_lines WHERE ask_first_id = @mode
 GROUP BY operator, kind, currency ORDER BY operator, kind, currency`

// outdatedWorkflows counts payments and bulks whose workflow is older than the mode. The mode
// cannot end before these have started anew.
const outdatedWorkflows = `
SELECT (SELECT COUNT(*) FROM payments WHERE finished_at IS NULL AND workflow_seen_at < @begun)
     + (SELECT COUNT(*) FROM bulks WHERE closed_at IS NULL AND workflow_seen_at < @begun)`

// report returns the rows in the domain's types.
func (r *askFirstReading) report(configured []pirogue.OperatorCode) lifecycle.AskFirstReport {
	report := lifecycle.AskFirstReport{
		AskFirst: unpackAskFirst(r.mode), TemporalAsked: r.mode.TemporalAskedAt.time(), ProposedBy: r.mode.ProposedBy,
		Outdated: r.outdated, LostCount: r.lostCount, Operators: r.operators(configured),
	}
	for _, s := range r.sums {
		report.Sums = append(report.Sums, lifecycle.UnmatchedSum{
			Operator: pirogue.OperatorCode(s.Operator), Kind: pirogue.PaymentKind(s.Kind),
			Currency: pirogue.Currency(s.Currency),
			Lines:    s.Lines, Amount: s.Amount,
		})
	}
	for _, l := range r.lines {
		report.Lines = append(report.Lines, lifecycle.UnmatchedLine{
			Operator: pirogue.OperatorCode(l.Operator), TxID: l.TxID, Ref: pirogue.OperatorRef(l.Ref),
			Kind: pirogue.PaymentKind(l.Kind), Outcome: pirogue.Outcome(l.Outcome),
			Amount: pirogue.Money{Minor: l.Amount, Currency: pirogue.Currency(l.Currency)}, At: l.At.time(),
		})
	}
	for _, l := range r.lost {
		report.Lost = append(report.Lost, l.unpack())
	}
	return report
}

// operators returns every operator that has to be asked, in the order of their codes.
func (r *askFirstReading) operators(configured []pirogue.OperatorCode) []lifecycle.AskedOperator {
	all := map[pirogue.OperatorCode]lifecycle.AskedOperator{}
	for _, code := range configured {
		all[code] = lifecycle.AskedOperator{Operator: code}
	}
	for _, o := range r.asked {
		code := pirogue.OperatorCode(o.Operator)
		all[code] = lifecycle.AskedOperator{
			Operator: code, ListedTo: o.ListedTo.time(), Evidence: o.Evidence, EvidenceBy: o.EvidenceBy,
		}
	}
	for _, u := range r.unanswered {
		o := all[pirogue.OperatorCode(u.Operator)]
		o.Operator, o.Unanswered = pirogue.OperatorCode(u.Operator), u.Attempts
		all[o.Operator] = o
	}
	operators := make([]lifecycle.AskedOperator, 0, len(all))
	for _, o := range all {
		operators = append(operators, o)
	}
	slices.SortFunc(operators, func(a, b lifecycle.AskedOperator) int { return cmp.Compare(a.Operator, b.Operator) })
	return operators
}
