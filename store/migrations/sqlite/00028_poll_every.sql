-- How far apart the polls of an attempt are that are not recorded, in milliseconds. 0: each is.

-- +goose Up
ALTER TABLE attempts ADD COLUMN poll_every_ms INTEGER NOT NULL DEFAULT 0 CHECK (poll_every_ms >= 0);

-- +goose Down
ALTER TABLE attempts DROP COLUMN poll_every_ms;
