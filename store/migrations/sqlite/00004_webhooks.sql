-- The outbox. An event is written by the transaction that makes a status terminal. It
-- counts its deliveries itself: the last check is the promise that seven is the end. Sent
-- again from the start it begins another round, and has seven more.

-- +goose Up
CREATE TABLE webhook_events (
  id          TEXT PRIMARY KEY,
  payment_id  TEXT NOT NULL REFERENCES payments (id),
  merchant_id TEXT NOT NULL REFERENCES merchants (id),
  mode        TEXT NOT NULL CHECK (mode IN ('test','live')),
  url         TEXT NOT NULL,
  body        TEXT NOT NULL, -- the exact bytes of every delivery
  state       TEXT NOT NULL CHECK (state IN ('WAITING','DELIVERED','EXHAUSTED','UNWANTED')),
  round       INTEGER NOT NULL CHECK (round BETWEEN 0 AND 99),
  begun       INTEGER NOT NULL CHECK (begun BETWEEN 0 AND 7), -- of this round, as is ended
  ended       INTEGER NOT NULL,
  created_at  TEXT NOT NULL,
  CHECK (begun - ended IN (0, 1)),
  CHECK (NOT (state = 'WAITING' AND ended = 7))
) STRICT;
CREATE INDEX webhook_events_payment ON webhook_events (payment_id);
CREATE INDEX webhook_events_page ON webhook_events (merchant_id, mode, created_at, id);
CREATE INDEX webhook_events_undelivered ON webhook_events (created_at) WHERE state = 'WAITING' AND begun = 0;
CREATE INDEX webhook_events_failing ON webhook_events (created_at)
  WHERE state = 'EXHAUSTED' OR (state = 'WAITING' AND begun >= 2);

CREATE TABLE webhook_deliveries (
  event_id    TEXT NOT NULL REFERENCES webhook_events (id),
  round       INTEGER NOT NULL CHECK (round >= 0),
  number      INTEGER NOT NULL CHECK (number BETWEEN 1 AND 7),
  started_at  TEXT NOT NULL,
  ended_at    TEXT,
  http_status INTEGER NOT NULL,
  error       TEXT NOT NULL,
  PRIMARY KEY (event_id, round, number)
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER webhook_events_terms BEFORE UPDATE OF id, payment_id, merchant_id, mode, body, created_at ON webhook_events
BEGIN SELECT RAISE(ABORT, 'UPDATE of webhook_events is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhook_events_no_delete BEFORE DELETE ON webhook_events
BEGIN SELECT RAISE(ABORT, 'DELETE of webhook_events is refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
