-- How operators do, and what they said where it is all there is.

-- +goose Up
-- How each operator instance does. An operator without a row never had trouble.
CREATE TABLE operator_health (
  operator   TEXT COLLATE "C" PRIMARY KEY,
  state      TEXT NOT NULL CHECK (state IN ('CLOSED','HALF_OPEN','OPEN')),
  since      TEXT COLLATE "C",
  probe_at   TEXT COLLATE "C",
  words      TEXT NOT NULL,
  backlog    BIGINT NOT NULL CHECK (backlog >= 0),
  parked     BOOLEAN NOT NULL,
  parked_by  TEXT NOT NULL,
  parked_why TEXT NOT NULL,
  parked_at  TEXT COLLATE "C",
  version    BIGINT NOT NULL CHECK (version >= 1),
  CHECK ((state = 'CLOSED') = (probe_at IS NULL)),
  CHECK (NOT parked OR (parked_by <> '' AND parked_at IS NOT NULL))
);

-- Why an attempt was refused: for a reason of the operator's own another may be tried.
ALTER TABLE attempts ADD COLUMN unable BOOLEAN NOT NULL DEFAULT FALSE;

-- When an attempt first left us: sent_at is of the latest time that the same reference did.
ALTER TABLE attempts ADD COLUMN first_sent_at TEXT COLLATE "C";
UPDATE attempts SET first_sent_at = sent_at;

-- What a callback said, for an operator that cannot be asked. '' when it said nothing
-- that could be understood, 0 when it named no amount.
ALTER TABLE callbacks ADD COLUMN outcome TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN amount BIGINT NOT NULL DEFAULT 0 CHECK (amount >= 0);
ALTER TABLE callbacks ADD COLUMN currency TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN mismatch TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN provider_tx_id TEXT NOT NULL DEFAULT '';
CREATE INDEX callbacks_attempt ON callbacks (attempt_id);

-- What is under way at an operator, and what waits for it.
CREATE INDEX payments_open_operator ON payments (operator) WHERE status IN ('CREATED','INITIATED','PENDING');

-- +goose Down
DROP INDEX payments_open_operator;
DROP INDEX callbacks_attempt;
ALTER TABLE callbacks DROP COLUMN provider_tx_id;
ALTER TABLE callbacks DROP COLUMN mismatch;
ALTER TABLE callbacks DROP COLUMN currency;
ALTER TABLE callbacks DROP COLUMN amount;
ALTER TABLE callbacks DROP COLUMN outcome;
ALTER TABLE attempts DROP COLUMN first_sent_at;
ALTER TABLE attempts DROP COLUMN unable;
DROP TABLE operator_health;
