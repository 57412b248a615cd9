-- Events that wait because their merchant's endpoint is busy, and what questions cost.

-- +goose Up
-- When an event's workflow makes its next delivery; NULL only where none is left to make.
ALTER TABLE webhook_events ADD COLUMN next_at TEXT COLLATE "C";
UPDATE webhook_events SET next_at = created_at;
UPDATE webhook_events e SET next_at = to_char((d.ended_at::timestamptz + CASE d.number WHEN 1 THEN interval '1 minute'
           WHEN 2 THEN interval '5 minutes' WHEN 3 THEN interval '15 minutes' WHEN 4 THEN interval '1 hour'
           WHEN 5 THEN interval '6 hours' ELSE interval '24 hours' END) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM webhook_deliveries d
 WHERE d.event_id = e.id AND d.round = e.round AND d.number = e.ended AND d.ended_at IS NOT NULL
   AND e.state = 'WAITING' AND e.ended > 0;
-- A queued event waits for the merchant's endpoint, not for its schedule.
ALTER TABLE webhook_events ADD COLUMN queued BOOLEAN NOT NULL DEFAULT FALSE;
-- A drained event was delivered ahead of its place: its workflow comes back sooner than it is due.
ALTER TABLE webhook_events ADD COLUMN drained BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX webhook_events_queued ON webhook_events (merchant_id, mode, created_at, id) WHERE queued;
DROP INDEX webhook_events_undelivered;
CREATE INDEX webhook_events_undelivered ON webhook_events (next_at) WHERE state = 'WAITING' AND begun = 0;

-- The moment that the next queued event of an owner is given, in microseconds since 1970.
CREATE TABLE webhook_queues (
  merchant_id TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode        TEXT NOT NULL CHECK (mode IN ('test','live')),
  tail        BIGINT NOT NULL,
  PRIMARY KEY (merchant_id, mode)
);

-- Ended payments whose operator is still asked about money that comes late.
CREATE INDEX payments_watched ON payments (operator, updated_at) WHERE status IN ('EXPIRED','FAILED');

-- +goose Down
DROP INDEX payments_watched;
DROP TABLE webhook_queues;
DROP INDEX webhook_events_undelivered;
CREATE INDEX webhook_events_undelivered ON webhook_events (created_at) WHERE state = 'WAITING' AND begun = 0;
DROP INDEX webhook_events_queued;
ALTER TABLE webhook_events DROP COLUMN drained;
ALTER TABLE webhook_events DROP COLUMN queued;
ALTER TABLE webhook_events DROP COLUMN next_at;
