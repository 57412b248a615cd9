package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"pirogue"
)

func TestWhatADatabaseSaysBecomesACode(t *testing.T) {
	t.Parallel()

	pg := func(code string) error { return fmt.Errorf("exec: %w", &pgconn.PgError{Code: code}) }
	for name, row := range map[string]struct {
		err  error
		code pirogue.Code
	}{
		"nothing":                         {nil, ""},
		"an error with a code":            {pirogue.Errorf(pirogue.NotFound, "x"), pirogue.NotFound},
		"too many connections":            {pg("53300"), pirogue.ServiceUnavailable},
		"disk full":                       {pg("53100"), pirogue.ServiceUnavailable},
		"statement took too long":         {pg("57014"), pirogue.ServiceUnavailable},
		"lock not granted":                {pg("55P03"), pirogue.ServiceUnavailable},
		"server stops":                    {pg("57P01"), pirogue.ServiceUnavailable},
		"server starts":                   {pg("57P03"), pirogue.ServiceUnavailable},
		"connection lost":                 {pg("08006"), pirogue.ServiceUnavailable},
		"read-only":                       {pg("25006"), pirogue.ServiceUnavailable},
		"an I/O error":                    {pg("58030"), pirogue.ServiceUnavailable},
		"a deadlock after all tries":      {pg("40P01"), pirogue.ServiceUnavailable},
		"a conflict after all tries":      {pg("40001"), pirogue.ServiceUnavailable},
		"a unique key broken":             {pg("23505"), pirogue.Internal},
		"a syntax error":                  {pg("42601"), pirogue.Internal},
		"a wrong password":                {pg("28P01"), pirogue.Internal},
		"an error with half a code":       {pg("0"), pirogue.Internal},
		"no time left":                    {context.DeadlineExceeded, pirogue.ServiceUnavailable},
		"a connection that is no more":    {driver.ErrBadConn, pirogue.ServiceUnavailable},
		"a stream cut off":                {io.ErrUnexpectedEOF, pirogue.ServiceUnavailable},
		"a network error":                 {&net.OpError{Op: "read", Err: errors.New("reset")}, pirogue.ServiceUnavailable},
		"a row that should have been one": {gorm.ErrRecordNotFound, pirogue.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := asError("do", row.err)
			require.Equal(t, row.code, pirogue.CodeOf(err))
			if row.err != nil {
				require.ErrorIs(t, err, row.err, "the cause is kept for the log")
			}
		})
	}
}

func TestLostTransactionIsRepeatedWithinLimits(t *testing.T) {
	t.Parallel()

	for name, row := range map[string]struct {
		err   error
		tries int
	}{
		"a conflict":           {&pgconn.PgError{Code: "40001"}, maxTries},
		"a deadlock":           {&pgconn.PgError{Code: "40P01"}, maxTries},
		"a lost connection":    {io.ErrUnexpectedEOF, 1},
		"a time-out":           {&pgconn.PgError{Code: "57014"}, 1},
		"a unique key broken":  {&pgconn.PgError{Code: "23505"}, 1},
		"an error with a code": {pirogue.Errorf(pirogue.InsufficientBalance, "x"), 1},
		"nothing":              {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			err := retryRolledBack(t.Context(), func(context.Context) error {
				tries++
				return row.err
			})
			require.ErrorIs(t, err, row.err)
			require.Equal(t, row.tries, tries)
		})
	}
}
