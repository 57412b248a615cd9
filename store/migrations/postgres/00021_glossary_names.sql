-- Tables and columns get the words of docs/glossary.md. No value changes.
--
-- The version before does not work on this schema. Stop it before this migration, and do not roll
-- back past it.

-- +goose Up
ALTER TABLE operator_health RENAME TO circuit_breakers;
ALTER TABLE circuit_breakers RENAME COLUMN words TO last_failure;
ALTER TABLE callbacks RENAME COLUMN words TO message;
ALTER TABLE attempts RENAME COLUMN answer TO operator_message;
ALTER TABLE attempts RENAME COLUMN answered_at TO result_at;

ALTER TABLE acts RENAME TO audit_log;
ALTER TABLE audit_log RENAME COLUMN verb TO action;
ALTER TABLE audit_log RENAME COLUMN because TO result_reason;
ALTER INDEX acts_newest RENAME TO audit_log_newest;
ALTER INDEX acts_payment RENAME TO audit_log_payment;
ALTER TRIGGER acts_once ON audit_log RENAME TO audit_log_once;
ALTER TRIGGER acts_kept ON audit_log RENAME TO audit_log_kept;
ALTER TRIGGER acts_not_emptied ON audit_log RENAME TO audit_log_not_emptied;
ALTER FUNCTION guard_act() RENAME TO guard_audit_entry;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'an audit entry that has a result keeps it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd

ALTER TABLE payouts RENAME TO settlements;
ALTER TABLE ledger_journals RENAME COLUMN payout_id TO settlement_id;
ALTER TABLE ledger_journals RENAME CONSTRAINT ledger_journals_payout_id_fkey TO ledger_journals_settlement_id_fkey;
ALTER INDEX payouts_owner RENAME TO settlements_owner;
ALTER TRIGGER payouts_kept ON settlements RENAME TO settlements_kept;
ALTER TRIGGER payouts_amount ON settlements RENAME TO settlements_amount;

ALTER TABLE spent_signatures RENAME TO used_signatures;
ALTER TABLE used_signatures RENAME COLUMN spent_at TO used_at;
ALTER INDEX spent_signatures_age RENAME TO used_signatures_age;

-- The functions name the table in their text, which a rename does not change.
ALTER TABLE status_edges RENAME TO status_transitions;
ALTER TRIGGER status_edges_kept ON status_transitions RENAME TO status_transitions_kept;
ALTER TRIGGER status_history_edge ON status_history RENAME TO status_history_transition;
ALTER FUNCTION guard_history_edge() RENAME TO guard_history_transition;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_payment_status() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was TEXT := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := OLD.status;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM status_transitions
                  WHERE kind = NEW.kind AND from_status = was AND to_status = NEW.status) THEN
    RAISE EXCEPTION 'no transition of a % from % to %', NEW.kind, was, NEW.status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_history_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM status_transitions e JOIN payments p ON p.kind = e.kind
                  WHERE p.id = NEW.payment_id AND e.from_status = NEW.from_status AND e.to_status = NEW.to_status) THEN
    RAISE EXCEPTION 'no transition from % to %', NEW.from_status, NEW.to_status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd

-- Constraints have their table's old name in their own.
-- +goose StatementBegin
DO $$
DECLARE
  named RECORD;
BEGIN
  FOR named IN
    SELECT c.conrelid::regclass AS tab, c.conname AS before, new || SUBSTR(c.conname, LENGTH(old) + 1) AS after
      FROM pg_constraint c
      JOIN (VALUES ('acts','audit_log'), ('operator_health','circuit_breakers'), ('payouts','settlements'),
                   ('spent_signatures','used_signatures'), ('status_edges','status_transitions')) AS names (old, new)
        ON c.conrelid = new::regclass AND STARTS_WITH(c.conname, old || '_')
  LOOP
    EXECUTE FORMAT('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', named.tab, named.before, named.after);
  END LOOP;
END $$;
-- +goose StatementEnd
ALTER TABLE audit_log RENAME CONSTRAINT audit_log_verb_check TO audit_log_action_check;

-- +goose Down
ALTER TABLE audit_log RENAME CONSTRAINT audit_log_action_check TO audit_log_verb_check;
-- +goose StatementBegin
DO $$
DECLARE
  named RECORD;
BEGIN
  FOR named IN
    SELECT c.conrelid::regclass AS tab, c.conname AS before, old || SUBSTR(c.conname, LENGTH(new) + 1) AS after
      FROM pg_constraint c
      JOIN (VALUES ('acts','audit_log'), ('operator_health','circuit_breakers'), ('payouts','settlements'),
                   ('spent_signatures','used_signatures'), ('status_edges','status_transitions')) AS names (old, new)
        ON c.conrelid = new::regclass AND STARTS_WITH(c.conname, new || '_')
  LOOP
    EXECUTE FORMAT('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', named.tab, named.before, named.after);
  END LOOP;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_history_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM status_edges e JOIN payments p ON p.kind = e.kind
                  WHERE p.id = NEW.payment_id AND e.from_status = NEW.from_status AND e.to_status = NEW.to_status) THEN
    RAISE EXCEPTION 'no edge from % to %', NEW.from_status, NEW.to_status
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_payment_status() RETURNS trigger LANGUAGE plpgsql AS $$
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
ALTER FUNCTION guard_history_transition() RENAME TO guard_history_edge;
ALTER TRIGGER status_history_transition ON status_history RENAME TO status_history_edge;
ALTER TRIGGER status_transitions_kept ON status_transitions RENAME TO status_edges_kept;
ALTER TABLE status_transitions RENAME TO status_edges;

ALTER INDEX used_signatures_age RENAME TO spent_signatures_age;
ALTER TABLE used_signatures RENAME COLUMN used_at TO spent_at;
ALTER TABLE used_signatures RENAME TO spent_signatures;

ALTER TRIGGER settlements_amount ON settlements RENAME TO payouts_amount;
ALTER TRIGGER settlements_kept ON settlements RENAME TO payouts_kept;
ALTER INDEX settlements_owner RENAME TO payouts_owner;
ALTER TABLE ledger_journals RENAME CONSTRAINT ledger_journals_settlement_id_fkey TO ledger_journals_payout_id_fkey;
ALTER TABLE ledger_journals RENAME COLUMN settlement_id TO payout_id;
ALTER TABLE settlements RENAME TO payouts;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION guard_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'an act that has a verdict keeps it' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
ALTER FUNCTION guard_audit_entry() RENAME TO guard_act;
ALTER TRIGGER audit_log_not_emptied ON audit_log RENAME TO acts_not_emptied;
ALTER TRIGGER audit_log_kept ON audit_log RENAME TO acts_kept;
ALTER TRIGGER audit_log_once ON audit_log RENAME TO acts_once;
ALTER INDEX audit_log_payment RENAME TO acts_payment;
ALTER INDEX audit_log_newest RENAME TO acts_newest;
ALTER TABLE audit_log RENAME COLUMN result_reason TO because;
ALTER TABLE audit_log RENAME COLUMN action TO verb;
ALTER TABLE audit_log RENAME TO acts;

ALTER TABLE attempts RENAME COLUMN result_at TO answered_at;
ALTER TABLE attempts RENAME COLUMN operator_message TO answer;
ALTER TABLE callbacks RENAME COLUMN message TO words;
ALTER TABLE circuit_breakers RENAME COLUMN last_failure TO words;
ALTER TABLE circuit_breakers RENAME TO operator_health;
