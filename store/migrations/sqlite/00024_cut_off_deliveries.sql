-- First deliveries that a crash cut off, for the sweep.

-- +goose Up
-- A first delivery under way is here for a few seconds.
CREATE INDEX webhook_events_cut_off ON webhook_events (next_at) WHERE state = 'WAITING' AND begun = 1 AND ended = 0;

-- +goose Down
DROP INDEX webhook_events_cut_off;
