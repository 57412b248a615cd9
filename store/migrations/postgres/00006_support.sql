-- What support works with: who may, what they did, and how they find a payment.

-- +goose Up
-- A token is known by the digest of its secret. One name has one token in force.
CREATE TABLE admin_tokens (
  digest     TEXT COLLATE "C" PRIMARY KEY,
  name       TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
  role       TEXT NOT NULL CHECK (role IN ('reader','support','finance')),
  created_at TEXT COLLATE "C" NOT NULL,
  revoked_at TEXT COLLATE "C"
);
CREATE UNIQUE INDEX admin_tokens_name ON admin_tokens (name) WHERE revoked_at IS NULL;

-- The audit log. A row is written before the deed and completed once, by its verdict.
CREATE TABLE acts (
  id         TEXT COLLATE "C" PRIMARY KEY,
  at         TEXT COLLATE "C" NOT NULL,
  actor      TEXT NOT NULL CHECK (actor <> ''),
  role       TEXT NOT NULL CHECK (role IN ('reader','support','finance')),
  verb       TEXT NOT NULL CHECK (verb <> ''),
  payment_id TEXT COLLATE "C" REFERENCES payments (id), -- NULL when it concerns none
  subject    TEXT NOT NULL,
  reason     TEXT NOT NULL CHECK (reason <> ''),
  decision   TEXT NOT NULL, -- '' until it is completed, as are the next three
  because    TEXT NOT NULL, -- the verdict's reason
  evidence   TEXT NOT NULL,
  status     TEXT NOT NULL,
  ended_at   TEXT COLLATE "C",
  CHECK ((ended_at IS NULL) = (decision = ''))
);
CREATE INDEX acts_newest ON acts (at, id);
CREATE INDEX acts_payment ON acts (payment_id, at, id) WHERE payment_id IS NOT NULL;

-- A term of support's search may be any reference that anybody knows of a payment. One
-- number can have many payments, of which the newest are read.
CREATE INDEX payments_reference ON payments (merchant_ref);
CREATE INDEX payments_provider ON payments (provider_tx_id) WHERE provider_tx_id <> '';
CREATE INDEX attempts_reference ON attempts (ref);
DROP INDEX payments_msisdn;
CREATE INDEX payments_msisdn ON payments (msisdn_digest, created_at, id);
CREATE INDEX cases_open ON cases (opened_at, id) WHERE closed_at IS NULL;

-- +goose StatementBegin
CREATE FUNCTION guard_act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'an act that has a verdict keeps it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER acts_once BEFORE UPDATE ON acts FOR EACH ROW EXECUTE FUNCTION guard_act();
CREATE TRIGGER acts_kept
  BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason OR DELETE ON acts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER acts_not_emptied BEFORE TRUNCATE ON acts EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP INDEX cases_open;
DROP INDEX payments_msisdn;
CREATE INDEX payments_msisdn ON payments (msisdn_digest);
DROP INDEX attempts_reference;
DROP INDEX payments_provider;
DROP INDEX payments_reference;
DROP TABLE acts;
DROP FUNCTION guard_act();
DROP TABLE admin_tokens;
