-- What decides whether a request comes in. Spent signatures must survive a crash, or a
-- captured request could be replayed after one. A rate limit need not, but SQLite has
-- one durability for all tables.

-- +goose Up
CREATE TABLE spent_signatures (
  signature TEXT PRIMARY KEY,
  key_id    TEXT NOT NULL,
  method    TEXT NOT NULL,
  path      TEXT NOT NULL,
  spent_at  TEXT NOT NULL
) STRICT;
CREATE INDEX spent_signatures_age ON spent_signatures (spent_at);

CREATE TABLE rate_limits (
  merchant_id TEXT NOT NULL,
  mode        TEXT NOT NULL,
  arrival     INTEGER NOT NULL, -- when the bucket is empty again, in Unix microseconds
  PRIMARY KEY (merchant_id, mode)
) STRICT;

-- +goose Down
DROP TABLE rate_limits;
DROP TABLE spent_signatures;
