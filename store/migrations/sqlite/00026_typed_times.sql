-- Times stay text here: SQLite has no type for them. A payment that is not finished sorts behind all
-- times, under a word that PostgreSQL knows as a time and that sorts behind them as text too.

-- +goose Up
DROP INDEX payments_watched;
CREATE INDEX payments_watched ON payments (operator, COALESCE(finished_at, 'infinity'))
  WHERE sequence > 0 AND settled_at IS NULL;

-- +goose Down
DROP INDEX payments_watched;
CREATE INDEX payments_watched ON payments (operator, COALESCE(finished_at, '9999'))
  WHERE sequence > 0 AND settled_at IS NULL;
