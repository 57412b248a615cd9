package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// SupportPlans returns the database's query plans for support's reads, by read. It keeps
// PostgreSQL from reading small tables as a whole.
func (db *DB) SupportPlans(ctx context.Context) (map[string][]string, error) {
	questions := map[string]string{
		"find": findPayments, "cases": fmt.Sprintf(workPage, openCases), "worth": fmt.Sprintf(workTally, openCases),
	}
	for _, c := range stuckCauses {
		questions[string(c.cause)] = fmt.Sprintf(workPage, c.query)
	}
	explain := "EXPLAIN QUERY PLAN "
	if db.writer.Name() == "postgres" {
		explain = "EXPLAIN "
	}
	plans := map[string][]string{}
	err := db.writer.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if db.writer.Name() == "postgres" {
			if err := tx.Exec("SET LOCAL enable_seqscan = off").Error; err != nil {
				return err
			}
		}
		for name, question := range questions {
			var plan []map[string]any
			err := tx.Raw(explain+question, map[string]any{
				"term": "x", "id": "x", "digest": "x", "limit": 1, "started": earliest, "line": earliest,
				"answered": earliest, "expired": earliest, "paid": earliest, "reported": earliest,
				"operator": "", "merchant": "", "country": "", "kind": "", "before": timeText(""), "cause": "",
				"after": earliest, "place": "x", "most": 1,
			}).Scan(&plan).Error
			if err != nil {
				return err
			}
			for _, line := range plan {
				plans[name] = append(plans[name], fmt.Sprint(line["detail"], line["QUERY PLAN"]))
			}
		}
		return nil
	})
	return plans, err
}

// NewestPayment is the statement that finds the end of an export.
const NewestPayment = newestPayment

// OnStatement calls do with each statement that the database runs from now on, and with its values.
func (db *DB) OnStatement(do func(statement string, values []any)) error {
	report := func(tx *gorm.DB) {
		if statement := tx.Statement.SQL.String(); statement != "" {
			do(statement, slices.Clone(tx.Statement.Vars))
		}
	}
	var all []error
	for _, pool := range []*gorm.DB{db.writer, db.reader, db.reports} {
		calls := pool.Callback()
		all = append(all,
			calls.Query().After("gorm:query").Register("report", report),
			calls.Raw().After("gorm:raw").Register("report", report),
			calls.Row().After("gorm:row").Register("report", report),
			calls.Create().After("gorm:create").Register("report", report),
			calls.Update().After("gorm:update").Register("report", report),
			calls.Delete().After("gorm:delete").Register("report", report),
		)
	}
	return errors.Join(all...)
}
