-- What support works with: who may, what they did, and how they find a payment.

-- +goose Up
-- A token is known by the digest of its secret. One name has one token in force.
CREATE TABLE admin_tokens (
  digest     TEXT PRIMARY KEY,
  name       TEXT NOT NULL CHECK (name <> ''),
  role       TEXT NOT NULL CHECK (role IN ('reader','support','finance')),
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;
CREATE UNIQUE INDEX admin_tokens_name ON admin_tokens (name) WHERE revoked_at IS NULL;

-- The audit log. A row is written before the deed and completed once, by its verdict.
CREATE TABLE acts (
  id         TEXT PRIMARY KEY,
  at         TEXT NOT NULL,
  actor      TEXT NOT NULL CHECK (actor <> ''),
  role       TEXT NOT NULL CHECK (role IN ('reader','support','finance')),
  verb       TEXT NOT NULL CHECK (verb <> ''),
  payment_id TEXT REFERENCES payments (id), -- NULL when it concerns none
  subject    TEXT NOT NULL,
  reason     TEXT NOT NULL CHECK (reason <> ''),
  decision   TEXT NOT NULL, -- '' until it is completed, as are the next three
  because    TEXT NOT NULL, -- the verdict's reason
  evidence   TEXT NOT NULL,
  status     TEXT NOT NULL,
  ended_at   TEXT,
  CHECK ((ended_at IS NULL) = (decision = ''))
) STRICT;
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
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_no_delete BEFORE DELETE ON acts
BEGIN SELECT RAISE(ABORT, 'DELETE of acts is refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP INDEX cases_open;
DROP INDEX payments_msisdn;
CREATE INDEX payments_msisdn ON payments (msisdn_digest);
DROP INDEX attempts_reference;
DROP INDEX payments_provider;
DROP INDEX payments_reference;
DROP TABLE acts;
DROP TABLE admin_tokens;
