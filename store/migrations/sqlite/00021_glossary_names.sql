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

DROP TRIGGER acts_once;
DROP TRIGGER acts_terms;
DROP TRIGGER acts_no_delete;
DROP INDEX acts_newest;
DROP INDEX acts_payment;
ALTER TABLE acts RENAME TO audit_log;
ALTER TABLE audit_log RENAME COLUMN verb TO action;
ALTER TABLE audit_log RENAME COLUMN because TO result_reason;
CREATE INDEX audit_log_newest ON audit_log (at, id);
CREATE INDEX audit_log_payment ON audit_log (payment_id, at, id) WHERE payment_id IS NOT NULL;
-- +goose StatementBegin
CREATE TRIGGER audit_log_once BEFORE UPDATE ON audit_log WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an audit entry that has a result keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_terms
BEFORE UPDATE OF id, at, actor, role, action, payment_id, subject, reason, resolution, resolution_evidence, case_id ON audit_log
BEGIN SELECT RAISE(ABORT, 'UPDATE of audit_log is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'DELETE of audit_log is refused'); END;
-- +goose StatementEnd

DROP TRIGGER payouts_no_update;
DROP TRIGGER payouts_no_delete;
DROP TRIGGER payouts_amount;
DROP INDEX payouts_owner;
ALTER TABLE payouts RENAME TO settlements;
ALTER TABLE ledger_journals RENAME COLUMN payout_id TO settlement_id;
CREATE INDEX settlements_owner ON settlements (merchant_id, mode, paid_at);
-- +goose StatementBegin
CREATE TRIGGER settlements_no_update BEFORE UPDATE ON settlements
BEGIN SELECT RAISE(ABORT, 'UPDATE of settlements is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER settlements_no_delete BEFORE DELETE ON settlements
BEGIN SELECT RAISE(ABORT, 'DELETE of settlements is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER settlements_amount BEFORE INSERT ON settlements
WHEN NEW.amount > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of settlements is above the maximum'); END;
-- +goose StatementEnd

DROP INDEX spent_signatures_age;
ALTER TABLE spent_signatures RENAME TO used_signatures;
ALTER TABLE used_signatures RENAME COLUMN spent_at TO used_at;
CREATE INDEX used_signatures_age ON used_signatures (used_at);

DROP TRIGGER status_edges_no_insert;
DROP TRIGGER status_edges_no_update;
DROP TRIGGER status_edges_no_delete;
DROP TRIGGER payments_birth;
DROP TRIGGER payments_status;
DROP TRIGGER status_history_edge;
ALTER TABLE status_edges RENAME TO status_transitions;
-- +goose StatementBegin
CREATE TRIGGER status_transitions_no_insert BEFORE INSERT ON status_transitions
BEGIN SELECT RAISE(ABORT, 'INSERT of status_transitions is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_transitions_no_update BEFORE UPDATE ON status_transitions
BEGIN SELECT RAISE(ABORT, 'UPDATE of status_transitions is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_transitions_no_delete BEFORE DELETE ON status_transitions
BEGIN SELECT RAISE(ABORT, 'DELETE of status_transitions is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_birth BEFORE INSERT ON payments
BEGIN
  SELECT RAISE(ABORT, 'a payment begins CREATED')
   WHERE NOT EXISTS (SELECT 1 FROM status_transitions
                      WHERE kind = NEW.kind AND from_status = '' AND to_status = NEW.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_status BEFORE UPDATE OF status ON payments
BEGIN
  SELECT RAISE(ABORT, 'no such transition of a status')
   WHERE NOT EXISTS (SELECT 1 FROM status_transitions
                      WHERE kind = NEW.kind AND from_status = OLD.status AND to_status = NEW.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_history_transition BEFORE INSERT ON status_history
BEGIN
  SELECT RAISE(ABORT, 'no such transition of a status')
   WHERE NOT EXISTS (SELECT 1 FROM status_transitions e JOIN payments p ON p.kind = e.kind
                      WHERE p.id = NEW.payment_id AND e.from_status = NEW.from_status AND e.to_status = NEW.to_status);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER status_transitions_no_insert;
DROP TRIGGER status_transitions_no_update;
DROP TRIGGER status_transitions_no_delete;
DROP TRIGGER payments_birth;
DROP TRIGGER payments_status;
DROP TRIGGER status_history_transition;
ALTER TABLE status_transitions RENAME TO status_edges;
-- +goose StatementBegin
CREATE TRIGGER status_edges_no_insert BEFORE INSERT ON status_edges
BEGIN SELECT RAISE(ABORT, 'INSERT of status_edges is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_edges_no_update BEFORE UPDATE ON status_edges
BEGIN SELECT RAISE(ABORT, 'UPDATE of status_edges is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_edges_no_delete BEFORE DELETE ON status_edges
BEGIN SELECT RAISE(ABORT, 'DELETE of status_edges is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_birth BEFORE INSERT ON payments
BEGIN
  SELECT RAISE(ABORT, 'a payment begins CREATED')
   WHERE NOT EXISTS (SELECT 1 FROM status_edges
                      WHERE kind = NEW.kind AND from_status = '' AND to_status = NEW.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_status BEFORE UPDATE OF status ON payments
BEGIN
  SELECT RAISE(ABORT, 'no such edge of the status graph')
   WHERE NOT EXISTS (SELECT 1 FROM status_edges
                      WHERE kind = NEW.kind AND from_status = OLD.status AND to_status = NEW.status);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_history_edge BEFORE INSERT ON status_history
BEGIN
  SELECT RAISE(ABORT, 'no such edge of the status graph')
   WHERE NOT EXISTS (SELECT 1 FROM status_edges e JOIN payments p ON p.kind = e.kind
                      WHERE p.id = NEW.payment_id AND e.from_status = NEW.from_status AND e.to_status = NEW.to_status);
END;
-- +goose StatementEnd

DROP INDEX used_signatures_age;
ALTER TABLE used_signatures RENAME COLUMN used_at TO spent_at;
ALTER TABLE used_signatures RENAME TO spent_signatures;
CREATE INDEX spent_signatures_age ON spent_signatures (spent_at);

DROP TRIGGER settlements_no_update;
DROP TRIGGER settlements_no_delete;
DROP TRIGGER settlements_amount;
DROP INDEX settlements_owner;
ALTER TABLE ledger_journals RENAME COLUMN settlement_id TO payout_id;
ALTER TABLE settlements RENAME TO payouts;
CREATE INDEX payouts_owner ON payouts (merchant_id, mode, paid_at);
-- +goose StatementBegin
CREATE TRIGGER payouts_no_update BEFORE UPDATE ON payouts
BEGIN SELECT RAISE(ABORT, 'UPDATE of payouts is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payouts_no_delete BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'DELETE of payouts is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payouts_amount BEFORE INSERT ON payouts
WHEN NEW.amount > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of payouts is above the maximum'); END;
-- +goose StatementEnd

DROP TRIGGER audit_log_once;
DROP TRIGGER audit_log_terms;
DROP TRIGGER audit_log_no_delete;
DROP INDEX audit_log_newest;
DROP INDEX audit_log_payment;
ALTER TABLE audit_log RENAME COLUMN result_reason TO because;
ALTER TABLE audit_log RENAME COLUMN action TO verb;
ALTER TABLE audit_log RENAME TO acts;
CREATE INDEX acts_newest ON acts (at, id);
CREATE INDEX acts_payment ON acts (payment_id, at, id) WHERE payment_id IS NOT NULL;
-- +goose StatementBegin
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms
BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence, case_id ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_no_delete BEFORE DELETE ON acts
BEGIN SELECT RAISE(ABORT, 'DELETE of acts is refused'); END;
-- +goose StatementEnd

ALTER TABLE attempts RENAME COLUMN result_at TO answered_at;
ALTER TABLE attempts RENAME COLUMN operator_message TO answer;
ALTER TABLE callbacks RENAME COLUMN message TO words;
ALTER TABLE circuit_breakers RENAME COLUMN last_failure TO words;
ALTER TABLE circuit_breakers RENAME TO operator_health;
