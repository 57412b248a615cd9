-- What decides whether a request comes in. Spent signatures must survive a crash, or a
-- captured request could be replayed after one. A rate limit need not: unlogged is
-- faster, and a crash forgives at most one burst.

-- +goose Up
CREATE TABLE spent_signatures (
  signature TEXT COLLATE "C" PRIMARY KEY,
  key_id    TEXT NOT NULL,
  method    TEXT NOT NULL,
  path      TEXT NOT NULL,
  spent_at  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX spent_signatures_age ON spent_signatures (spent_at);

CREATE UNLOGGED TABLE rate_limits (
  merchant_id TEXT COLLATE "C" NOT NULL,
  mode        TEXT NOT NULL,
  arrival     BIGINT NOT NULL, -- when the bucket is empty again, in Unix microseconds
  PRIMARY KEY (merchant_id, mode)
);

-- +goose Down
DROP TABLE rate_limits;
DROP TABLE spent_signatures;
