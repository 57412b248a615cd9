package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"pirogue"
	"pirogue/operator"
)

// breakerRow is a row of circuit_breakers.
type breakerRow struct {
	Operator    string `gorm:"primaryKey"`
	State       string
	Since       timeText
	ProbeAt     timeText
	LastFailure string
	Backlog     int
	Parked      bool
	ParkedBy    string
	ParkedWhy   string
	ParkedAt    timeText
	Version     int64
}

// TableName returns the table's name.
func (breakerRow) TableName() string { return "circuit_breakers" }

// Breaker returns the state of an operator's circuit breaker. An operator that never failed is
// closed.
func (db *Operators) Breaker(ctx context.Context, o pirogue.OperatorCode) (operator.CircuitBreaker, error) {
	var rows []breakerRow
	err := db.read(ctx, "read circuit breaker", func(tx *gorm.DB) error {
		return tx.Where("operator = ?", o).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return operator.CircuitBreaker{Operator: o, State: operator.BreakerClosed}, err
	}
	return rows[0].unpack(), nil
}

// Breakers returns the circuit breaker of every operator that ever failed or was parked.
func (db *Operators) Breakers(ctx context.Context) (map[pirogue.OperatorCode]operator.CircuitBreaker, error) {
	var rows []breakerRow
	err := db.read(ctx, "read circuit breakers", func(tx *gorm.DB) error { return tx.Find(&rows).Error })
	all := make(map[pirogue.OperatorCode]operator.CircuitBreaker, len(rows))
	for _, r := range rows {
		all[pirogue.OperatorCode(r.Operator)] = r.unpack()
	}
	return all, err
}

// SaveBreaker writes the next version of a circuit breaker, and reports whether it did. It does
// not if another process changed the row since h was read.
func (db *Operators) SaveBreaker(ctx context.Context, h operator.CircuitBreaker) (bool, error) {
	row := breakerRow{
		Operator: string(h.Operator), State: string(h.State), Since: timestamp(h.Since), ProbeAt: timestamp(h.ProbeAt),
		LastFailure: storableText(h.LastFailure), Backlog: h.Backlog, Parked: h.Parked, ParkedBy: storableText(h.ParkedBy),
		ParkedWhy: storableText(h.ParkedWhy), ParkedAt: timestamp(h.ParkedAt), Version: h.Version + 1,
	}
	var saved bool
	err := db.exec(ctx, "save circuit breaker", func(tx *gorm.DB) error {
		var written *gorm.DB
		if h.Version == 0 {
			written = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		} else {
			written = tx.Model(&breakerRow{}).Where("operator = ? AND version = ?", row.Operator, h.Version).
				Select("*").Updates(&row)
		}
		saved = written.RowsAffected == 1
		return written.Error
	})
	return saved && err == nil, err
}

// unpack returns the circuit breaker of a row.
func (r breakerRow) unpack() operator.CircuitBreaker {
	return operator.CircuitBreaker{
		Operator: pirogue.OperatorCode(r.Operator), State: operator.BreakerState(r.State), Since: r.Since.time(),
		ProbeAt: r.ProbeAt.time(), LastFailure: r.LastFailure, Backlog: r.Backlog, Parked: r.Parked, ParkedBy: r.ParkedBy,
		ParkedWhy: r.ParkedWhy, ParkedAt: r.ParkedAt.time(), Version: r.Version,
	}
}

// Park takes an operator out of service, or puts it back, in the name of a person. A repeated
// call changes nothing but the reason.
func (db *Operators) Park(ctx context.Context, c operator.ServiceChange) error {
	for range maxTries {
		h, err := db.Breaker(ctx, c.Operator)
		if err != nil {
			return err
		}
		if h.Parked && !c.Parked {
			if h.Backlog, err = db.Waiting(ctx, c.Operator); err != nil {
				return err
			}
		}
		h.Parked, h.ParkedBy, h.ParkedWhy, h.ParkedAt = c.Parked, c.Actor, c.Reason, c.At
		if saved, err := db.SaveBreaker(ctx, h); saved || err != nil {
			return err
		}
	}
	return pirogue.Errorf(pirogue.ServiceUnavailable, "the circuit breaker of %s changes too often", c.Operator)
}
