-- What people settle: a resolution stands in its act, stray money that was placed outside
-- Pirogue leaves suspense, and a payment may have moved a part.

-- +goose Up
DROP TRIGGER acts_once ON acts;
DROP TRIGGER acts_kept ON acts;
ALTER TABLE acts ADD COLUMN resolution TEXT NOT NULL DEFAULT '';
ALTER TABLE acts ADD COLUMN resolution_evidence TEXT NOT NULL DEFAULT ''; -- where it can be seen
UPDATE acts SET resolution = SUBSTR(subject, 1, STRPOS(subject, ': ') - 1),
                resolution_evidence = SUBSTR(subject, STRPOS(subject, ': ') + 2)
 WHERE verb = 'resolve' AND STRPOS(subject, ': ') > 0;
CREATE TRIGGER acts_once BEFORE UPDATE ON acts FOR EACH ROW EXECUTE FUNCTION guard_act();
CREATE TRIGGER acts_kept
  BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence OR DELETE ON acts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Minor units that moved of a payment that FAILED after a part of it had moved.
ALTER TABLE payments ADD COLUMN moved BIGINT NOT NULL DEFAULT 0 CHECK (moved >= 0 AND moved < amount);

ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind_check;
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind_check
  CHECK (kind IN ('MERCHANT','BULK','FLOAT','FEE_INCOME','OPERATOR_FEE','SUSPENSE','ADJUSTMENT','SETTLEMENT'));
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_step_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_step_check
  CHECK (step IN ('cashin','hold','capture','release','fee','late','clear','payout','bulk','line','rest'));

-- A case closes when its money has left suspense. One that closed before is open again.
UPDATE cases SET closed_at = NULL
 WHERE paid > 0 AND closed_at IS NOT NULL
   AND paid > (SELECT COALESCE(SUM(r.amount), 0) FROM payments r
                WHERE r.parent_id = cases.payment_id AND r.late = 1 AND r.status = 'SUCCESS');

-- +goose Down
DROP TRIGGER acts_once ON acts;
DROP TRIGGER acts_kept ON acts;
ALTER TABLE acts DROP COLUMN resolution;
ALTER TABLE acts DROP COLUMN resolution_evidence;
CREATE TRIGGER acts_once BEFORE UPDATE ON acts FOR EACH ROW EXECUTE FUNCTION guard_act();
CREATE TRIGGER acts_kept
  BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason OR DELETE ON acts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE payments DROP COLUMN moved;
ALTER TABLE ledger_journals DROP CONSTRAINT ledger_journals_step_check;
ALTER TABLE ledger_journals ADD CONSTRAINT ledger_journals_step_check
  CHECK (step IN ('cashin','hold','capture','release','fee','late','payout','bulk','line','rest'));
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind_check;
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind_check
  CHECK (kind IN ('MERCHANT','BULK','FLOAT','FEE_INCOME','OPERATOR_FEE','SUSPENSE','SETTLEMENT'));
