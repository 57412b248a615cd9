-- Bulks: many cash-outs that are asked for together. A line becomes a payment when its
-- turn has come; until then it stands here, with its order number taken and its money
-- set aside.

-- +goose Up
-- SQLite changes no constraint of a table that stands. Where only a CHECK or NOT NULL is
-- changed, its documentation rewrites the table's text: the rows stay as they are.
-- https://sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(sql, '(''MERCHANT'',''FLOAT''', '(''MERCHANT'',''BULK'',''FLOAT'''),
  'kind <> ''MERCHANT''', 'kind NOT IN (''MERCHANT'',''BULK'')')
 WHERE type = 'table' AND name = 'ledger_accounts';
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(sql, '''late'',''payout'')', '''late'',''payout'',''bulk'',''line'',''rest'')'),
  '(payment_id IS NULL) = (step = ''payout'')', '(payment_id IS NULL) = (step IN (''payout'',''bulk'',''rest''))')
 WHERE type = 'table' AND name = 'ledger_journals';
UPDATE sqlite_schema SET sql = REPLACE(sql, 'payment_id  TEXT NOT NULL', 'payment_id  TEXT')
 WHERE type = 'table' AND name = 'webhook_events';
PRAGMA writable_schema = RESET;

-- Every order number that was ever given, of payments and of lines: the one key on which
-- a payment and a line that ask for the same number at once meet.
CREATE TABLE order_references (
  merchant_id  TEXT NOT NULL REFERENCES merchants (id),
  mode         TEXT NOT NULL CHECK (mode IN ('test','live')),
  merchant_ref TEXT NOT NULL CHECK (merchant_ref <> ''),
  PRIMARY KEY (merchant_id, mode, merchant_ref)
) STRICT;
INSERT INTO order_references (merchant_id, mode, merchant_ref)
SELECT merchant_id, mode, merchant_ref FROM payments WHERE ref_space = 'order';

CREATE TABLE bulks (
  id           TEXT PRIMARY KEY,
  merchant_id  TEXT NOT NULL REFERENCES merchants (id),
  mode         TEXT NOT NULL CHECK (mode IN ('test','live')),
  merchant_ref TEXT NOT NULL CHECK (merchant_ref <> ''),
  state        TEXT NOT NULL CHECK (state IN ('ACCEPTED','RUNNING','CANCELLING','COMPLETED','CANCELLED')),
  country      TEXT NOT NULL,
  currency     TEXT NOT NULL,
  lines        INTEGER NOT NULL CHECK (lines BETWEEN 1 AND 10000),
  amount       INTEGER NOT NULL CHECK (amount > 0), -- the sum over its lines, as are fee and cost
  fee          INTEGER NOT NULL CHECK (fee >= 0),
  cost         INTEGER NOT NULL CHECK (cost > 0),   -- what is set aside
  digest       TEXT NOT NULL,
  notify_url   TEXT NOT NULL,
  notify_lines INTEGER NOT NULL CHECK (notify_lines IN (0,1)),
  metadata     TEXT NOT NULL,
  pages        TEXT NOT NULL,
  created_at   TEXT NOT NULL,
  updated_at   TEXT NOT NULL,
  started_at   TEXT,
  cancelled_at TEXT,
  closed_at    TEXT,
  CHECK ((state IN ('COMPLETED','CANCELLED')) = (closed_at IS NOT NULL)),
  UNIQUE (merchant_id, mode, merchant_ref)
) STRICT;
CREATE INDEX bulks_unstarted ON bulks (created_at) WHERE started_at IS NULL;

CREATE TABLE bulk_lines (
  bulk_id              TEXT NOT NULL REFERENCES bulks (id),
  number               INTEGER NOT NULL CHECK (number BETWEEN 1 AND 10000),
  page                 INTEGER NOT NULL CHECK (page >= 1),
  state                TEXT NOT NULL CHECK (state IN ('WAITING','CREATED','CANCELLED')),
  payment_id           TEXT NOT NULL UNIQUE, -- its payment's, once it has one
  merchant_id          TEXT NOT NULL,
  mode                 TEXT NOT NULL,
  merchant_ref         TEXT NOT NULL,
  amount               INTEGER NOT NULL CHECK (amount > 0),
  fee                  INTEGER NOT NULL CHECK (fee >= 0),
  fee_payer            TEXT NOT NULL CHECK (fee_payer IN ('merchant','customer')),
  cost                 INTEGER NOT NULL CHECK (cost > 0),
  network              TEXT NOT NULL,
  operator             TEXT NOT NULL,
  msisdn_sealed        TEXT NOT NULL,
  msisdn_digest        TEXT NOT NULL,
  customer_name_sealed TEXT NOT NULL,
  description          TEXT NOT NULL,
  notify_url           TEXT NOT NULL,
  metadata             TEXT NOT NULL,
  PRIMARY KEY (bulk_id, number),
  UNIQUE (merchant_id, mode, merchant_ref),
  FOREIGN KEY (merchant_id, mode, merchant_ref) REFERENCES order_references (merchant_id, mode, merchant_ref)
) STRICT;
CREATE INDEX bulk_lines_waiting ON bulk_lines (bulk_id, page, number) WHERE state = 'WAITING';

ALTER TABLE payments ADD COLUMN bulk_id TEXT REFERENCES bulks (id);
ALTER TABLE payments ADD COLUMN quiet INTEGER NOT NULL DEFAULT 0 CHECK (quiet IN (0,1)); -- its bulk tells its end
CREATE INDEX payments_bulk ON payments (bulk_id, status) WHERE bulk_id IS NOT NULL;
-- A bulk's lines are started by their coordinator, however long they wait for their turn.
DROP INDEX payments_unstarted;
CREATE INDEX payments_unstarted ON payments (created_at) WHERE status = 'CREATED' AND bulk_id IS NULL;
CREATE INDEX payments_line_unstarted ON payments (created_at) WHERE status = 'CREATED' AND bulk_id IS NOT NULL;

ALTER TABLE ledger_journals ADD COLUMN bulk_id TEXT REFERENCES bulks (id)
  CHECK ((bulk_id IS NULL) = (step NOT IN ('bulk','rest')));
CREATE INDEX ledger_journals_bulk ON ledger_journals (bulk_id) WHERE bulk_id IS NOT NULL;
ALTER TABLE webhook_events ADD COLUMN bulk_id TEXT REFERENCES bulks (id)
  CHECK ((payment_id IS NULL) <> (bulk_id IS NULL));
CREATE INDEX webhook_events_bulk ON webhook_events (bulk_id) WHERE bulk_id IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER order_references_no_update BEFORE UPDATE ON order_references
BEGIN SELECT RAISE(ABORT, 'UPDATE of order_references is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER order_references_no_delete BEFORE DELETE ON order_references
BEGIN SELECT RAISE(ABORT, 'DELETE of order_references is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulks_terms BEFORE UPDATE OF id, merchant_id, mode, merchant_ref, country, currency, lines, amount, fee, cost, digest,
  notify_url, notify_lines, metadata, pages, created_at ON bulks
BEGIN SELECT RAISE(ABORT, 'UPDATE of bulks is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulks_ended BEFORE UPDATE ON bulks WHEN OLD.closed_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'UPDATE of bulks is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulks_no_delete BEFORE DELETE ON bulks
BEGIN SELECT RAISE(ABORT, 'DELETE of bulks is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulk_lines_terms BEFORE UPDATE OF bulk_id, number, page, payment_id, merchant_id, mode, merchant_ref, amount, fee, fee_payer,
  cost, network, operator, msisdn_sealed, msisdn_digest, customer_name_sealed, description, notify_url, metadata ON bulk_lines
BEGIN SELECT RAISE(ABORT, 'UPDATE of bulk_lines is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulk_lines_once BEFORE UPDATE ON bulk_lines WHEN OLD.state <> 'WAITING'
BEGIN SELECT RAISE(ABORT, 'UPDATE of bulk_lines is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulk_lines_no_delete BEFORE DELETE ON bulk_lines
BEGIN SELECT RAISE(ABORT, 'DELETE of bulk_lines is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_bulk_kept BEFORE UPDATE OF bulk_id, quiet ON payments
BEGIN SELECT RAISE(ABORT, 'UPDATE of payments is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER webhook_events_bulk_kept BEFORE UPDATE OF bulk_id ON webhook_events
BEGIN SELECT RAISE(ABORT, 'UPDATE of webhook_events is refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER webhook_events_bulk_kept;
DROP TRIGGER payments_bulk_kept;
DROP INDEX webhook_events_bulk;
ALTER TABLE webhook_events DROP COLUMN bulk_id;
DROP INDEX ledger_journals_bulk;
ALTER TABLE ledger_journals DROP COLUMN bulk_id;
DROP INDEX payments_line_unstarted;
DROP INDEX payments_unstarted;
CREATE INDEX payments_unstarted ON payments (created_at) WHERE status = 'CREATED';
DROP INDEX payments_bulk;
ALTER TABLE payments DROP COLUMN quiet;
ALTER TABLE payments DROP COLUMN bulk_id;
DROP TABLE bulk_lines;
DROP TABLE bulks;
DROP TABLE order_references;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(sql, '(''MERCHANT'',''BULK'',''FLOAT''', '(''MERCHANT'',''FLOAT'''),
  'kind NOT IN (''MERCHANT'',''BULK'')', 'kind <> ''MERCHANT''')
 WHERE type = 'table' AND name = 'ledger_accounts';
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(sql, '''late'',''payout'',''bulk'',''line'',''rest'')', '''late'',''payout'')'),
  '(payment_id IS NULL) = (step IN (''payout'',''bulk'',''rest''))', '(payment_id IS NULL) = (step = ''payout'')')
 WHERE type = 'table' AND name = 'ledger_journals';
UPDATE sqlite_schema SET sql = REPLACE(sql, 'payment_id  TEXT REFERENCES', 'payment_id  TEXT NOT NULL REFERENCES')
 WHERE type = 'table' AND name = 'webhook_events';
PRAGMA writable_schema = RESET;
