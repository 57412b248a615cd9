-- The outbox. An event is written by the transaction that makes a status terminal. It
-- counts its deliveries itself: the last check is the promise that seven is the end. Sent
-- again from the start it begins another round, and has seven more.

-- +goose Up
CREATE TABLE webhook_events (
  id          TEXT COLLATE "C" PRIMARY KEY,
  payment_id  TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  merchant_id TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode        TEXT NOT NULL CHECK (mode IN ('test','live')),
  url         TEXT NOT NULL,
  body        TEXT NOT NULL, -- the exact bytes of every delivery
  state       TEXT NOT NULL CHECK (state IN ('WAITING','DELIVERED','EXHAUSTED','UNWANTED')),
  round       BIGINT NOT NULL CHECK (round BETWEEN 0 AND 99),
  begun       BIGINT NOT NULL CHECK (begun BETWEEN 0 AND 7), -- of this round, as is ended
  ended       BIGINT NOT NULL,
  created_at  TEXT COLLATE "C" NOT NULL,
  CHECK (begun - ended IN (0, 1)),
  CHECK (NOT (state = 'WAITING' AND ended = 7))
);
CREATE INDEX webhook_events_payment ON webhook_events (payment_id);
CREATE INDEX webhook_events_page ON webhook_events (merchant_id, mode, created_at, id);
CREATE INDEX webhook_events_undelivered ON webhook_events (created_at) WHERE state = 'WAITING' AND begun = 0;
CREATE INDEX webhook_events_failing ON webhook_events (created_at)
  WHERE state = 'EXHAUSTED' OR (state = 'WAITING' AND begun >= 2);

CREATE TABLE webhook_deliveries (
  event_id    TEXT COLLATE "C" NOT NULL REFERENCES webhook_events (id),
  round       BIGINT NOT NULL CHECK (round >= 0),
  number      BIGINT NOT NULL CHECK (number BETWEEN 1 AND 7),
  started_at  TEXT COLLATE "C" NOT NULL,
  ended_at    TEXT COLLATE "C",
  http_status BIGINT NOT NULL,
  error       TEXT NOT NULL,
  PRIMARY KEY (event_id, round, number)
);

CREATE TRIGGER webhook_events_kept BEFORE UPDATE OF id, payment_id, merchant_id, mode, body, created_at OR DELETE
  ON webhook_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
