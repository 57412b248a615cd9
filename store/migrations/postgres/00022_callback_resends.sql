-- When an attempt's operator was asked to send its callback again, which happens once.

-- +goose Up
-- NULL before.
ALTER TABLE attempts ADD COLUMN callback_asked_at TEXT COLLATE "C";

-- +goose Down
ALTER TABLE attempts DROP COLUMN callback_asked_at;
