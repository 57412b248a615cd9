-- When an attempt's operator is asked next, which depends on everything else that it is asked.

-- +goose Up
-- About when; NULL before the first question, and where the operator cannot be asked.
ALTER TABLE attempts ADD COLUMN next_poll_at TEXT;

-- +goose Down
ALTER TABLE attempts DROP COLUMN next_poll_at;
