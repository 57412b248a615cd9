-- Ask first: this database is a copy that was restored to an earlier moment. While a row of
-- ask_first is open nothing is sent and nothing ends without money. Beside it stands what was
-- found of the time that the copy does not know.

-- +goose Up
CREATE TABLE ask_first (
  id                TEXT PRIMARY KEY,
  since             TEXT NOT NULL, -- the moment to which the database was restored
  begun_at          TEXT NOT NULL,
  begun_by          TEXT NOT NULL CHECK (begun_by <> ''),
  reason            TEXT NOT NULL CHECK (reason <> ''),
  temporal_asked_at TEXT, -- when its workflows were last compared with our rows
  proposed_by       TEXT NOT NULL DEFAULT '', -- who proposed to end it; another person confirms
  ended_at          TEXT,
  ended_by          TEXT NOT NULL DEFAULT '',
  CHECK ((ended_at IS NULL) = (ended_by = ''))
) STRICT;
CREATE UNIQUE INDEX ask_first_open ON ask_first ((ended_at IS NULL)) WHERE ended_at IS NULL;

-- Until when an operator's own list was read, or where a person looked instead.
CREATE TABLE ask_first_operators (
  ask_first_id TEXT NOT NULL REFERENCES ask_first (id),
  operator     TEXT NOT NULL,
  listed_to    TEXT,
  evidence     TEXT NOT NULL DEFAULT '',
  evidence_by  TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (ask_first_id, operator)
) STRICT;

-- Lines of operators' lists that no attempt of ours matches. They are in no book.
CREATE TABLE ask_first_lines (
  ask_first_id TEXT NOT NULL REFERENCES ask_first (id),
  operator     TEXT NOT NULL,
  line         TEXT NOT NULL, -- the operator's transaction, or our reference where it names none
  tx_id        TEXT NOT NULL,
  ref          TEXT NOT NULL,
  kind         TEXT NOT NULL, -- '' for a type that we never ask for
  outcome      TEXT NOT NULL,
  amount       INTEGER NOT NULL CHECK (amount >= 0),
  currency     TEXT NOT NULL, -- '' when no amount could be read
  at           TEXT,
  found_at     TEXT NOT NULL,
  PRIMARY KEY (ask_first_id, operator, line)
) STRICT;

-- Workflows whose row the copy does not have: it was acknowledged after the restore point. A
-- payment's reference stays taken for ever, so that nobody is paid under it again.
CREATE TABLE lost_rows (
  workflow_id  TEXT PRIMARY KEY,
  ask_first_id TEXT NOT NULL REFERENCES ask_first (id),
  what         TEXT NOT NULL CHECK (what IN ('payment','bulk','event')),
  row_id       TEXT NOT NULL,
  kind         TEXT NOT NULL,
  merchant_id  TEXT NOT NULL,
  mode         TEXT NOT NULL,
  ref_space    TEXT NOT NULL, -- '' where its reference is not known
  merchant_ref TEXT NOT NULL,
  state        TEXT NOT NULL, -- of the workflow
  started_at   TEXT NOT NULL,
  found_at     TEXT NOT NULL
) STRICT;
CREATE INDEX lost_rows_reference ON lost_rows (merchant_id, mode, ref_space, merchant_ref) WHERE what = 'payment';
CREATE INDEX lost_rows_row ON lost_rows (row_id);

-- +goose Down
DROP TABLE lost_rows;
DROP TABLE ask_first_lines;
DROP TABLE ask_first_operators;
DROP TABLE ask_first;
