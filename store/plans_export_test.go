package store

import (
	"context"
	"fmt"

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
				"term": "x", "id": "x", "digest": "x", "limit": 1, "started": "x", "line": "x", "answered": "x",
				"expired": "x",
				"paid":    "x", "reported": "x", "operator": "", "merchant": "", "country": "", "kind": "", "before": "",
				"cause": "",
				"after": "x", "place": "x", "most": 1,
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
