-- The books. One row per transfer with both accounts, so an unbalanced entry has no
-- spelling; counters on the account, so a balance is one read and its check one update.

-- +goose Up
CREATE TABLE ledger_accounts (
  id             TEXT COLLATE "C" PRIMARY KEY,
  kind           TEXT NOT NULL
                 CHECK (kind IN ('MERCHANT','FLOAT','FEE_INCOME','OPERATOR_FEE','SUSPENSE','SETTLEMENT')),
  merchant_id    TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode           TEXT NOT NULL CHECK (mode IN ('test','live')),
  country        TEXT NOT NULL,
  currency       TEXT NOT NULL,
  operator       TEXT NOT NULL,
  may_overdraw   SMALLINT NOT NULL CHECK (may_overdraw IN (0,1)),
  debits_posted  BIGINT NOT NULL CHECK (debits_posted >= 0),
  credits_posted BIGINT NOT NULL CHECK (credits_posted >= 0),
  debits_held    BIGINT NOT NULL CHECK (debits_held >= 0),
  updated_at     TEXT COLLATE "C" NOT NULL,
  CHECK (may_overdraw = 1 OR credits_posted - debits_posted - debits_held >= 0),
  CHECK (may_overdraw = 0 OR kind <> 'MERCHANT'),
  UNIQUE (id, mode, currency)
);
CREATE INDEX ledger_accounts_owner ON ledger_accounts (merchant_id, mode, kind);

-- Money that left for a merchant's bank. Its row comes before its journal.
CREATE TABLE payouts (
  id          TEXT COLLATE "C" PRIMARY KEY,
  merchant_id TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode        TEXT NOT NULL CHECK (mode IN ('test','live')),
  country     TEXT NOT NULL,
  currency    TEXT NOT NULL,
  amount      BIGINT NOT NULL CHECK (amount > 0),
  note        TEXT NOT NULL,
  paid_at     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX payouts_owner ON payouts (merchant_id, mode, paid_at);

CREATE TABLE ledger_journals (
  id         TEXT COLLATE "C" PRIMARY KEY, -- '<payment or payout>/<step>': a movement happens once
  payment_id TEXT COLLATE "C" REFERENCES payments (id),
  payout_id  TEXT COLLATE "C" REFERENCES payouts (id),
  step       TEXT NOT NULL CHECK (step IN ('cashin','hold','capture','release','fee','late','payout')),
  created_at TEXT COLLATE "C" NOT NULL,
  CHECK ((payment_id IS NULL) = (step = 'payout')),
  CHECK ((payout_id IS NULL) = (step <> 'payout'))
);
CREATE INDEX ledger_journals_payment ON ledger_journals (payment_id);

-- The composite keys keep a transfer inside one mode and one currency. They are checked at
-- the commit, when the transaction has its accounts' rows anyway: checked before, every
-- booking of a busy merchant would first share their locks with all the others that wait.
-- A hold is never changed: another transfer names it, and the unique index lets one do so.
CREATE TABLE ledger_transfers (
  id         TEXT COLLATE "C" PRIMARY KEY, -- '<journal>#<n>'
  journal_id TEXT COLLATE "C" NOT NULL REFERENCES ledger_journals (id),
  phase      TEXT NOT NULL CHECK (phase IN ('posted','hold','capture','release')),
  hold_id    TEXT COLLATE "C" REFERENCES ledger_transfers (id), -- what a capture or release resolves
  debit_id   TEXT COLLATE "C" NOT NULL,
  credit_id  TEXT COLLATE "C" NOT NULL,
  mode       TEXT NOT NULL,
  currency   TEXT NOT NULL,
  amount     BIGINT NOT NULL CHECK (amount > 0),
  CHECK (debit_id <> credit_id),
  CHECK ((phase IN ('capture','release')) = (hold_id IS NOT NULL)),
  FOREIGN KEY (debit_id, mode, currency) REFERENCES ledger_accounts (id, mode, currency) DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (credit_id, mode, currency) REFERENCES ledger_accounts (id, mode, currency) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX ledger_transfers_hold ON ledger_transfers (hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX ledger_transfers_journal ON ledger_transfers (journal_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit_id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit_id);

CREATE TRIGGER ledger_journals_kept BEFORE UPDATE OR DELETE ON ledger_journals
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfers_kept BEFORE UPDATE OR DELETE ON ledger_transfers
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payouts_kept BEFORE UPDATE OR DELETE ON payouts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_accounts_kept BEFORE DELETE ON ledger_accounts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_journals_not_emptied BEFORE TRUNCATE ON ledger_journals EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_transfers_not_emptied BEFORE TRUNCATE ON ledger_transfers EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE ledger_transfers;
DROP TABLE ledger_journals;
DROP TABLE payouts;
DROP TABLE ledger_accounts;
