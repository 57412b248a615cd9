-- Money of several attempts: by which one it came, and what a case is about.

-- +goose Up
-- The number of the attempt under which money moved. 0 is the payment's latest.
ALTER TABLE ledger_journals ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0);
ALTER TABLE cases ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0);

-- +goose Down
ALTER TABLE cases DROP COLUMN attempt;
ALTER TABLE ledger_journals DROP COLUMN attempt;
