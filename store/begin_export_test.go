package store

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
)

// OpenBeginPool opens one connection that sends BEGIN with a transaction's first statement.
func OpenBeginPool(url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	return postgresPool(config, 1), nil
}
