package store_test

import (
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"pirogue/piroguetest"
	"pirogue/store"
)

// TestBegin walks transactions whose BEGIN travels with their first statement, all on one connection.
func TestBegin(t *testing.T) {
	t.Parallel()
	pool, err := store.OpenBeginPool(piroguetest.Postgres(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	do := func(statement string, args ...any) error {
		_, err := pool.ExecContext(t.Context(), statement, args...)
		return err
	}
	rows := func() (n int) {
		require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&n))
		return n
	}
	begin := func() *sql.Tx {
		tx, err := pool.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		return tx
	}
	require.NoError(t, do("CREATE TABLE kept (id INT PRIMARY KEY, small SMALLINT, text TEXT, at BIGINT, flag BOOLEAN)"))

	t.Run("commit", func(t *testing.T) {
		tx := begin()
		var id, small, at int64
		var text *string
		var flag bool
		require.NoError(t, tx.QueryRowContext(t.Context(),
			"INSERT INTO kept VALUES ($1, 2, NULL, 3, TRUE) RETURNING *", 1).Scan(&id, &small, &text, &at, &flag))
		require.Equal(t, []int64{1, 2, 3}, []int64{id, small, at})
		require.Nil(t, text)
		require.True(t, flag)
		require.NoError(t, tx.Commit())
		require.Equal(t, 1, rows())
	})
	t.Run("rollback", func(t *testing.T) {
		tx := begin()
		result, err := tx.ExecContext(t.Context(), "INSERT INTO kept VALUES (2), (3)")
		require.NoError(t, err)
		changed, err := result.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 2, changed)
		require.NoError(t, tx.Rollback())
		require.Equal(t, 1, rows())
	})
	t.Run("nothing_done", func(t *testing.T) {
		require.NoError(t, begin().Commit())
		require.NoError(t, begin().Rollback())
		require.NoError(t, do("INSERT INTO kept VALUES (4)"))
		require.Equal(t, 2, rows(), "the next statement is no part of it")
	})
	t.Run("first_statement_fails", func(t *testing.T) {
		for _, statement := range []string{"INSERT INTO kept VALUES (4)", "INSERT INTO missing VALUES (1)", "?"} {
			tx := begin()
			_, err := tx.ExecContext(t.Context(), statement)
			require.IsType(t, &pgconn.PgError{}, err, "GORM translates no other")
			_, err = tx.ExecContext(t.Context(), "INSERT INTO kept VALUES (5)")
			require.Error(t, err, "nothing runs outside of the transaction")
			require.NoError(t, tx.Rollback())
			require.Equal(t, 2, rows())

			tx = begin()
			_, err = tx.QueryContext(t.Context(), statement) //nolint:sqlclosecheck,rowserrcheck // it fails
			require.Error(t, err)
			require.Error(t, tx.Commit(), "a transaction that failed is not committed")
			require.Equal(t, 2, rows())
		}
	})
	t.Run("later_statement_fails", func(t *testing.T) {
		tx := begin()
		_, err := tx.ExecContext(t.Context(), "INSERT INTO kept VALUES (6)")
		require.NoError(t, err)
		_, err = tx.ExecContext(t.Context(), "INSERT INTO kept VALUES (6)")
		require.Error(t, err)
		require.ErrorIs(t, tx.Commit(), pgx.ErrTxCommitRollback)
		require.Equal(t, 2, rows())
	})
}
