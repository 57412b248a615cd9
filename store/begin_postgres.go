package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// beginConnector opens connections that send BEGIN together with a transaction's first statement. So
// a transaction costs one round trip less.
type beginConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c beginConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	own, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("a connection of pgx is a %T", conn)
	}
	return &beginConn{Conn: own}, nil
}

// beginState says how far the transaction of a connection is.
type beginState int

const (
	noTransaction beginState = iota
	toBegin                  // its BEGIN is not sent yet
	begun
	notBegun // its BEGIN failed: nothing may run in its place
)

var errNotBegun = errors.New("the transaction could not begin")

// beginConn is a connection that may owe a BEGIN. One goroutine at a time uses it.
type beginConn struct {
	*stdlib.Conn

	state beginState
}

// BeginTx implements driver.ConnBeginTx. A transaction with options begins at once.
func (c *beginConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if o.ReadOnly || o.Isolation != driver.IsolationLevel(sql.LevelDefault) {
		return c.Conn.BeginTx(ctx, o)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	c.state = toBegin
	return beginTx{ctx, c}, nil
}

// PrepareContext implements driver.ConnPrepareContext. Nothing in this package prepares statements.
func (c *beginConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.state == toBegin || c.state == notBegun {
		return nil, errNotBegun
	}
	return c.Conn.PrepareContext(ctx, query)
}

// ExecContext implements driver.ExecerContext.
func (c *beginConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	switch c.state {
	case notBegun:
		return nil, errNotBegun
	case toBegin:
		var changed int64
		err := c.begin(ctx, query, args, func(results pgx.BatchResults) error {
			tag, err := results.Exec()
			changed = tag.RowsAffected()
			return err
		})
		return driver.RowsAffected(changed), err
	case noTransaction, begun:
	}
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext. A transaction's first statement comes back as a
// whole.
func (c *beginConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	switch c.state {
	case notBegun:
		return nil, errNotBegun
	case toBegin:
		found := &readRows{}
		err := c.begin(ctx, query, args, found.read)
		if err != nil {
			return nil, err
		}
		return found, nil
	case noTransaction, begun:
	}
	return c.Conn.QueryContext(ctx, query, args)
}

// begin sends BEGIN and the first statement of a transaction in one go. read reads the response to
// the statement. The server skips the statement if it cannot begin.
func (c *beginConn) begin(
	ctx context.Context, query string, args []driver.NamedValue, read func(pgx.BatchResults) error,
) error {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
	}
	batch := &pgx.Batch{}
	batch.Queue("begin")
	batch.Queue(query, values...)
	results := c.Conn.Conn().SendBatch(ctx, batch)
	_, err := results.Exec()
	if err == nil {
		err = read(results)
	}
	if closed := results.Close(); err == nil { // after an error it is the same one
		err = closed
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) { // pgx wraps what the server says of a statement that it prepares
		err = refused
	}
	c.state = begun
	if c.Conn.Conn().PgConn().TxStatus() == 'I' {
		c.state = notBegun
	}
	return err
}

// beginTx is a transaction of a beginConn.
type beginTx struct {
	ctx context.Context //nolint:containedctx // driver.Tx has none, and pgx's own keeps it too
	c   *beginConn
}

// Commit implements driver.Tx. It fails if the transaction was rolled back, as pgx's own does.
func (t beginTx) Commit() error {
	state := t.c.state
	t.c.state = noTransaction
	switch state {
	case begun:
	case notBegun:
		return errNotBegun
	case noTransaction, toBegin:
		return nil // it did nothing
	}
	conn := t.c.Conn.Conn()
	tag, err := conn.Exec(t.ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	if err != nil && conn.PgConn().TxStatus() != 'I' {
		conn.Close(t.ctx) //nolint:errcheck // the connection is of no use, whatever this comes to
	}
	return err
}

// Rollback implements driver.Tx. A connection that cannot roll back is closed, which rolls back too.
func (t beginTx) Rollback() error {
	state := t.c.state
	t.c.state = noTransaction
	if state != begun {
		return nil
	}
	conn := t.c.Conn.Conn()
	_, err := conn.Exec(t.ctx, "rollback")
	if err != nil {
		conn.Close(t.ctx) //nolint:errcheck // the connection is of no use, whatever this comes to
	}
	return err
}

// readRows holds all rows of a response.
type readRows struct {
	columns []string
	rows    [][]any
}

// read reads one response of a batch.
func (r *readRows) read(results pgx.BatchResults) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		r.rows = append(r.rows, values)
	}
	for _, field := range rows.FieldDescriptions() {
		r.columns = append(r.columns, field.Name)
	}
	return rows.Err()
}

// Columns implements driver.Rows.
func (r *readRows) Columns() []string { return r.columns }

// Close implements driver.Rows.
func (r *readRows) Close() error { return nil }

// Next implements driver.Rows.
func (r *readRows) Next(into []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, value := range r.rows[0] {
		var err error
		if into[i], err = driver.DefaultParameterConverter.ConvertValue(value); err != nil {
			return err
		}
	}
	r.rows = r.rows[1:]
	return nil
}
