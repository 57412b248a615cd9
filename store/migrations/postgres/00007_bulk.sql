-- Bulks: many cash-outs that are asked for together. A line becomes a payment when its
-- turn has come; until then it stands here, with its order number taken and its money
-- set aside.

-- +goose Up
-- Every order number that was ever given, of payments and of lines: the one key on which
-- a payment and a line that ask for the same number at once meet.
CREATE TABLE order_references (
  merchant_id  TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode         TEXT NOT NULL CHECK (mode IN ('test','live')),
  merchant_ref TEXT COLLATE "C" NOT NULL CHECK (merchant_ref <> ''),
  PRIMARY KEY (merchant_id, mode, merchant_ref)
);
INSERT INTO order_references (merchant_id, mode, merchant_ref)
SELECT merchant_id, mode, merchant_ref FROM payments WHERE ref_space = 'order';

CREATE TABLE bulks (
  id           TEXT COLLATE "C" PRIMARY KEY,
  merchant_id  TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode         TEXT NOT NULL CHECK (mode IN ('test','live')),
  merchant_ref TEXT COLLATE "C" NOT NULL CHECK (merchant_ref <> ''),
  state        TEXT NOT NULL CHECK (state IN ('ACCEPTED','RUNNING','CANCELLING','COMPLETED','CANCELLED')),
  country      TEXT NOT NULL,
  currency     TEXT NOT NULL,
  lines        BIGINT NOT NULL CHECK (lines BETWEEN 1 AND 10000),
  amount       BIGINT NOT NULL CHECK (amount > 0), -- the sum over its lines, as are fee and cost
  fee          BIGINT NOT NULL CHECK (fee >= 0),
  cost         BIGINT NOT NULL CHECK (cost > 0),   -- what is set aside
  digest       TEXT NOT NULL,
  notify_url   TEXT NOT NULL,
  notify_lines SMALLINT NOT NULL CHECK (notify_lines IN (0,1)),
  metadata     TEXT NOT NULL,
  pages        TEXT NOT NULL,
  created_at   TEXT COLLATE "C" NOT NULL,
  updated_at   TEXT COLLATE "C" NOT NULL,
  started_at   TEXT COLLATE "C",
  cancelled_at TEXT COLLATE "C",
  closed_at    TEXT COLLATE "C",
  CHECK ((state IN ('COMPLETED','CANCELLED')) = (closed_at IS NOT NULL)),
  UNIQUE (merchant_id, mode, merchant_ref)
);
CREATE INDEX bulks_unstarted ON bulks (created_at) WHERE started_at IS NULL;

CREATE TABLE bulk_lines (
  bulk_id              TEXT COLLATE "C" NOT NULL REFERENCES bulks (id),
  number               BIGINT NOT NULL CHECK (number BETWEEN 1 AND 10000),
  page                 BIGINT NOT NULL CHECK (page >= 1),
  state                TEXT NOT NULL CHECK (state IN ('WAITING','CREATED','CANCELLED')),
  payment_id           TEXT COLLATE "C" NOT NULL UNIQUE, -- its payment's, once it has one
  merchant_id          TEXT COLLATE "C" NOT NULL,
  mode                 TEXT NOT NULL,
  merchant_ref         TEXT COLLATE "C" NOT NULL,
  amount               BIGINT NOT NULL CHECK (amount > 0),
  fee                  BIGINT NOT NULL CHECK (fee >= 0),
  fee_payer            TEXT NOT NULL CHECK (fee_payer IN ('merchant','customer')),
  cost                 BIGINT NOT NULL CHECK (cost > 0),
  network              TEXT NOT NULL,
  operator             TEXT NOT NULL,
  msisdn_sealed        TEXT NOT NULL,
  msisdn_digest        TEXT COLLATE "C" NOT NULL,
  customer_name_sealed TEXT NOT NULL,
  description          TEXT NOT NULL,
  notify_url           TEXT NOT NULL,
  metadata             TEXT NOT NULL,
  PRIMARY KEY (bulk_id, number),
  UNIQUE (merchant_id, mode, merchant_ref),
  FOREIGN KEY (merchant_id, mode, merchant_ref) REFERENCES order_references (merchant_id, mode, merchant_ref)
);
CREATE INDEX bulk_lines_waiting ON bulk_lines (bulk_id, page, number) WHERE state = 'WAITING';

ALTER TABLE payments ADD COLUMN bulk_id TEXT COLLATE "C" REFERENCES bulks (id);
ALTER TABLE payments ADD COLUMN quiet SMALLINT NOT NULL DEFAULT 0 CHECK (quiet IN (0,1)); -- its bulk tells its end
CREATE INDEX payments_bulk ON payments (bulk_id, status) WHERE bulk_id IS NOT NULL;
-- A bulk's lines are started by their coordinator, however long they wait for their turn.
DROP INDEX payments_unstarted;
CREATE INDEX payments_unstarted ON payments (created_at) WHERE status = 'CREATED' AND bulk_id IS NULL;
CREATE INDEX payments_line_unstarted ON payments (created_at) WHERE status = 'CREATED' AND bulk_id IS NOT NULL;

ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind_check;
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind_check
  CHECK (kind IN ('MERCHANT','BULK','FLOAT','FEE_INCOME','OPERATOR_FEE','SUSPENSE','SETTLEMENT'));
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_bulk_check CHECK (may_overdraw = 0 OR kind <> 'BULK');

ALTER TABLE ledger_journals ADD COLUMN bulk_id TEXT COLLATE "C" REFERENCES bulks (id);
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_step_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_step_check
  CHECK (step IN ('cashin','hold','capture','release','fee','late','payout','bulk','line','rest'));
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_check
  CHECK ((payment_id IS NULL) = (step IN ('payout','bulk','rest')));
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_bulk_check
  CHECK ((bulk_id IS NULL) = (step NOT IN ('bulk','rest')));
CREATE INDEX ledger_journals_bulk ON ledger_journals (bulk_id) WHERE bulk_id IS NOT NULL;

ALTER TABLE webhook_events ALTER COLUMN payment_id DROP NOT NULL;
ALTER TABLE webhook_events ADD COLUMN bulk_id TEXT COLLATE "C" REFERENCES bulks (id);
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_bulk_check CHECK ((payment_id IS NULL) <> (bulk_id IS NULL));
CREATE INDEX webhook_events_bulk ON webhook_events (bulk_id) WHERE bulk_id IS NOT NULL;

CREATE TRIGGER order_references_kept BEFORE UPDATE OR DELETE ON order_references
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_terms
  BEFORE UPDATE OF id, merchant_id, mode, merchant_ref, country, currency, lines, amount, fee, cost, digest, notify_url,
    notify_lines, metadata, pages, created_at OR DELETE ON bulks
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_ended BEFORE UPDATE ON bulks
  FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulk_lines_terms
  BEFORE UPDATE OF bulk_id, number, page, payment_id, merchant_id, mode, merchant_ref, amount, fee, fee_payer, cost, network,
    operator, msisdn_sealed, msisdn_digest, customer_name_sealed, description, notify_url, metadata OR DELETE ON bulk_lines
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulk_lines_once BEFORE UPDATE ON bulk_lines
  FOR EACH ROW WHEN (OLD.state <> 'WAITING') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_bulk_kept BEFORE UPDATE OF bulk_id, quiet ON payments
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_events_bulk_kept BEFORE UPDATE OF bulk_id ON webhook_events
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_not_emptied BEFORE TRUNCATE ON bulks EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulk_lines_not_emptied BEFORE TRUNCATE ON bulk_lines EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER webhook_events_bulk_kept ON webhook_events;
DROP TRIGGER payments_bulk_kept ON payments;
ALTER TABLE webhook_events DROP COLUMN bulk_id;
ALTER TABLE webhook_events ALTER COLUMN payment_id SET NOT NULL;
ALTER TABLE ledger_journals DROP COLUMN bulk_id;
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_step_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_step_check
  CHECK (step IN ('cashin','hold','capture','release','fee','late','payout'));
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_check CHECK ((payment_id IS NULL) = (step = 'payout'));
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_bulk_check;
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind_check;
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind_check
  CHECK (kind IN ('MERCHANT','FLOAT','FEE_INCOME','OPERATOR_FEE','SUSPENSE','SETTLEMENT'));
DROP INDEX payments_line_unstarted;
DROP INDEX payments_unstarted;
CREATE INDEX payments_unstarted ON payments (created_at) WHERE status = 'CREATED';
DROP INDEX payments_bulk;
ALTER TABLE payments DROP COLUMN quiet;
ALTER TABLE payments DROP COLUMN bulk_id;
DROP TABLE bulk_lines;
DROP TABLE bulks;
DROP TABLE order_references;
