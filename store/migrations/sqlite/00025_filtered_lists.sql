-- Indexes for lists with a filter that few rows match: such a list does not read a merchant's whole
-- history.

-- +goose Up
-- The status of an ended payment; NULL while it is open. An index on it does not depend on a column
-- that a status change sets before the end.
ALTER TABLE payments ADD COLUMN ended_as TEXT GENERATED ALWAYS AS (CASE WHEN sequence > 0 THEN status END) VIRTUAL;
CREATE INDEX payments_ended ON payments (merchant_id, mode, country, operator, kind, ended_as, created_at, id)
  WHERE ended_as IS NOT NULL;
DROP INDEX payments_open;
CREATE INDEX payments_open ON payments (merchant_id, mode, created_at, id) WHERE sequence = 0;

-- It replaces webhook_events_page: a list of all states reads each state in turn.
CREATE INDEX webhook_events_state ON webhook_events (merchant_id, mode, state, created_at, id);
DROP INDEX webhook_events_page;

-- +goose Down
CREATE INDEX webhook_events_page ON webhook_events (merchant_id, mode, created_at, id);
DROP INDEX webhook_events_state;
DROP INDEX payments_open;
CREATE INDEX payments_open ON payments (merchant_id, mode) WHERE sequence = 0;
DROP INDEX payments_ended;
ALTER TABLE payments DROP COLUMN ended_as;
