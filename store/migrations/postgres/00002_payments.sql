-- Payments and all that happens to them. The graph of statuses is a table, so that
-- the database itself refuses an edge that pirogue.Status does not have.

-- +goose Up
CREATE TABLE status_edges (
  kind        TEXT NOT NULL CHECK (kind IN ('CASHIN','CASHOUT','REFUND')),
  from_status TEXT NOT NULL, -- '' is where a payment comes from
  to_status   TEXT NOT NULL,
  PRIMARY KEY (kind, from_status, to_status)
);
INSERT INTO status_edges (kind, from_status, to_status)
SELECT kinds.kind, edges.from_status, edges.to_status
  FROM (SELECT 'CASHIN' AS kind UNION ALL SELECT 'CASHOUT' UNION ALL SELECT 'REFUND') AS kinds,
       (SELECT '' AS from_status, 'CREATED' AS to_status
        UNION ALL SELECT 'CREATED', 'INITIATED'
        UNION ALL SELECT 'CREATED', 'FAILED'
        UNION ALL SELECT 'CREATED', 'EXPIRED'
        UNION ALL SELECT 'INITIATED', 'PENDING'
        UNION ALL SELECT 'INITIATED', 'SUCCESS'
        UNION ALL SELECT 'INITIATED', 'FAILED'
        UNION ALL SELECT 'INITIATED', 'EXPIRED'
        UNION ALL SELECT 'PENDING', 'SUCCESS'
        UNION ALL SELECT 'PENDING', 'FAILED'
        UNION ALL SELECT 'PENDING', 'EXPIRED') AS edges;
INSERT INTO status_edges (kind, from_status, to_status)
VALUES ('CASHIN', 'SUCCESS', 'REVERSED'), ('CASHIN', 'EXPIRED', 'SUCCESS');

CREATE TABLE payments (
  id                   TEXT COLLATE "C" PRIMARY KEY,
  merchant_id          TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode                 TEXT NOT NULL CHECK (mode IN ('test','live')),
  kind                 TEXT NOT NULL CHECK (kind IN ('CASHIN','CASHOUT','REFUND')),
  ref_space            TEXT NOT NULL CHECK (ref_space IN ('order','refund','return')),
  merchant_ref         TEXT COLLATE "C" NOT NULL CHECK (merchant_ref <> ''),
  -- Deferred, so that a parent nobody has is found by the store and named, not by the key.
  parent_id            TEXT COLLATE "C" REFERENCES payments (id) DEFERRABLE INITIALLY DEFERRED,
  late                 SMALLINT NOT NULL CHECK (late IN (0,1)), -- gives back money that waits in suspense
  status               TEXT NOT NULL
                       CHECK (status IN ('CREATED','INITIATED','PENDING','SUCCESS','FAILED','EXPIRED','REVERSED')),
  version              BIGINT NOT NULL CHECK (version >= 1),  -- lines in status_history
  sequence             BIGINT NOT NULL CHECK (sequence >= 0), -- terminal events so far
  amount               BIGINT NOT NULL CHECK (amount > 0),
  fee                  BIGINT NOT NULL CHECK (fee >= 0),
  fee_payer            TEXT NOT NULL CHECK (fee_payer IN ('merchant','customer')),
  fee_returns          SMALLINT NOT NULL CHECK (fee_returns IN (0,1)),
  currency             TEXT NOT NULL,
  country              TEXT NOT NULL,
  network              TEXT NOT NULL,
  operator             TEXT NOT NULL,
  msisdn_sealed        TEXT NOT NULL,
  msisdn_digest        TEXT COLLATE "C" NOT NULL,
  customer_name_sealed TEXT NOT NULL,
  description          TEXT NOT NULL,
  return_url           TEXT NOT NULL,
  cancel_url           TEXT NOT NULL,
  notify_url           TEXT NOT NULL,
  metadata             TEXT NOT NULL,
  next_action          TEXT NOT NULL,
  provider_tx_id       TEXT NOT NULL,
  failure_code         TEXT NOT NULL,
  failure_note         TEXT NOT NULL,
  refunded             BIGINT NOT NULL CHECK (refunded >= 0),
  refund_held          BIGINT NOT NULL CHECK (refund_held >= 0),
  start_deadline       TEXT COLLATE "C",
  expires_at           TEXT COLLATE "C",
  created_at           TEXT COLLATE "C" NOT NULL,
  updated_at           TEXT COLLATE "C" NOT NULL,
  settled_at           TEXT COLLATE "C",
  CHECK (refunded + refund_held <= amount),
  CHECK ((kind = 'REFUND') = (ref_space <> 'order')),
  CHECK ((kind = 'REFUND') = (parent_id IS NOT NULL)),
  CHECK ((late = 1) = (ref_space = 'return')),
  CHECK ((status IN ('SUCCESS','FAILED','EXPIRED','REVERSED')) = (sequence > 0)),
  UNIQUE (merchant_id, mode, ref_space, merchant_ref)
);
CREATE INDEX payments_page ON payments (merchant_id, mode, created_at, id);
CREATE INDEX payments_open ON payments (merchant_id, mode) WHERE status IN ('CREATED','INITIATED','PENDING');
CREATE INDEX payments_unstarted ON payments (created_at) WHERE status = 'CREATED';
CREATE INDEX payments_msisdn ON payments (msisdn_digest);
CREATE INDEX payments_refunds ON payments (parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE status_history (
  payment_id  TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  number      BIGINT NOT NULL CHECK (number >= 1),
  from_status TEXT NOT NULL,
  to_status   TEXT NOT NULL,
  changed_at  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (payment_id, number),
  CHECK ((number = 1) = (from_status = ''))
);

CREATE TABLE attempts (
  id               TEXT COLLATE "C" PRIMARY KEY,
  payment_id       TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  number           BIGINT NOT NULL CHECK (number >= 1),
  operator         TEXT COLLATE "C" NOT NULL,
  ref              TEXT COLLATE "C" NOT NULL CHECK (length(ref) BETWEEN 1 AND 20),
  state            TEXT NOT NULL CHECK (state IN ('PREPARED','SENT','ACCEPTED','REFUSED','UNKNOWN')),
  callback_digest  TEXT COLLATE "C" NOT NULL UNIQUE,
  handle_sealed    TEXT NOT NULL,
  answer           TEXT NOT NULL,
  polls            BIGINT NOT NULL CHECK (polls >= 0),
  first_polled_at  TEXT COLLATE "C",
  polled_at        TEXT COLLATE "C",
  -- What the operator says again and again; '' before its first answer.
  evidence_outcome TEXT NOT NULL,
  evidence_times   BIGINT NOT NULL CHECK (evidence_times >= 0),
  evidence_since   TEXT COLLATE "C",
  sent_at          TEXT COLLATE "C",
  answered_at      TEXT COLLATE "C",
  created_at       TEXT COLLATE "C" NOT NULL,
  updated_at       TEXT COLLATE "C" NOT NULL,
  CHECK (state = 'PREPARED' OR sent_at IS NOT NULL),
  CHECK ((evidence_outcome = '') = (evidence_times = 0)),
  CHECK ((evidence_outcome = '') = (evidence_since IS NULL)),
  UNIQUE (payment_id, number),
  UNIQUE (operator, ref)
);

CREATE TABLE callbacks (
  id          TEXT COLLATE "C" PRIMARY KEY,
  attempt_id  TEXT COLLATE "C" NOT NULL REFERENCES attempts (id),
  payment_id  TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  words       TEXT NOT NULL,
  received_at TEXT COLLATE "C" NOT NULL,
  routed_at   TEXT COLLATE "C"
);
CREATE INDEX callbacks_payment ON callbacks (payment_id);
CREATE INDEX callbacks_unrouted ON callbacks (received_at) WHERE routed_at IS NULL;

CREATE TABLE cases (
  id         TEXT COLLATE "C" PRIMARY KEY,
  payment_id TEXT COLLATE "C" NOT NULL REFERENCES payments (id),
  cause      TEXT NOT NULL,
  note       TEXT NOT NULL,
  paid       BIGINT NOT NULL CHECK (paid >= 0), -- what this case put into suspense
  opened_at  TEXT COLLATE "C" NOT NULL,
  closed_at  TEXT COLLATE "C"
);
CREATE INDEX cases_payment ON cases (payment_id);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_payment_status() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was TEXT := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := OLD.status;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM status_edges
                  WHERE kind = NEW.kind AND from_status = was AND to_status = NEW.status) THEN
    RAISE EXCEPTION 'no edge of a % from % to %', NEW.kind, was, NEW.status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION guard_history_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM status_edges e JOIN payments p ON p.kind = e.kind
                  WHERE p.id = NEW.payment_id AND e.from_status = NEW.from_status AND e.to_status = NEW.to_status) THEN
    RAISE EXCEPTION 'no edge from % to %', NEW.from_status, NEW.to_status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER payments_birth BEFORE INSERT ON payments
  FOR EACH ROW EXECUTE FUNCTION guard_payment_status();
CREATE TRIGGER payments_status BEFORE UPDATE OF status ON payments
  FOR EACH ROW EXECUTE FUNCTION guard_payment_status();
CREATE TRIGGER payments_terms
  BEFORE UPDATE OF id, merchant_id, mode, kind, ref_space, merchant_ref, parent_id, late, amount, fee, fee_payer,
    fee_returns, currency, country ON payments
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_kept BEFORE DELETE ON payments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER status_history_edge BEFORE INSERT ON status_history
  FOR EACH ROW EXECUTE FUNCTION guard_history_edge();
CREATE TRIGGER status_history_kept BEFORE UPDATE OR DELETE ON status_history
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER status_edges_kept BEFORE INSERT OR UPDATE OR DELETE ON status_edges
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_not_emptied BEFORE TRUNCATE ON payments EXECUTE FUNCTION refuse_change();
CREATE TRIGGER status_history_not_emptied BEFORE TRUNCATE ON status_history EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE cases;
DROP TABLE callbacks;
DROP TABLE attempts;
DROP TABLE status_history;
DROP TABLE payments;
DROP TABLE status_edges;
DROP FUNCTION guard_history_edge();
DROP FUNCTION guard_payment_status();
DROP FUNCTION refuse_change();
