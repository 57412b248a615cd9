-- Events that wait because their merchant's endpoint is busy, and what questions cost.

-- +goose Up
-- When an event's workflow makes its next delivery; NULL only where none is left to make.
ALTER TABLE webhook_events ADD COLUMN next_at TEXT;
UPDATE webhook_events SET next_at = created_at;
UPDATE webhook_events SET next_at = COALESCE((
  SELECT strftime('%Y-%m-%dT%H:%M:%f000Z', d.ended_at, CASE d.number WHEN 1 THEN '+1 minutes' WHEN 2 THEN '+5 minutes'
           WHEN 3 THEN '+15 minutes' WHEN 4 THEN '+1 hours' WHEN 5 THEN '+6 hours' ELSE '+24 hours' END)
    FROM webhook_deliveries d
   WHERE d.event_id = webhook_events.id AND d.round = webhook_events.round AND d.number = webhook_events.ended), next_at)
 WHERE state = 'WAITING' AND ended > 0;
-- A queued event waits for the merchant's endpoint, not for its schedule.
ALTER TABLE webhook_events ADD COLUMN queued INTEGER NOT NULL DEFAULT 0 CHECK (queued IN (0,1));
-- A drained event was delivered ahead of its place: its workflow comes back sooner than it is due.
ALTER TABLE webhook_events ADD COLUMN drained INTEGER NOT NULL DEFAULT 0 CHECK (drained IN (0,1));
CREATE INDEX webhook_events_queued ON webhook_events (merchant_id, mode, created_at, id) WHERE queued;
DROP INDEX webhook_events_undelivered;
CREATE INDEX webhook_events_undelivered ON webhook_events (next_at) WHERE state = 'WAITING' AND begun = 0;

-- The moment that the next queued event of an owner is given, in microseconds since 1970.
CREATE TABLE webhook_queues (
  merchant_id TEXT NOT NULL REFERENCES merchants (id),
  mode        TEXT NOT NULL CHECK (mode IN ('test','live')),
  tail        INTEGER NOT NULL,
  PRIMARY KEY (merchant_id, mode)
) STRICT;

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
