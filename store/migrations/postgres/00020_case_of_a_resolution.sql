-- The case that a resolution is about: of two open cases of a payment, two people settle the one
-- that they name.

-- +goose Up
DROP TRIGGER acts_once ON acts;
DROP TRIGGER acts_kept ON acts;
ALTER TABLE acts ADD COLUMN case_id TEXT NOT NULL DEFAULT ''; -- '' for none
CREATE TRIGGER acts_once BEFORE UPDATE ON acts FOR EACH ROW EXECUTE FUNCTION guard_act();
CREATE TRIGGER acts_kept
  BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence, case_id
  OR DELETE ON acts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER acts_once ON acts;
DROP TRIGGER acts_kept ON acts;
ALTER TABLE acts DROP COLUMN case_id;
CREATE TRIGGER acts_once BEFORE UPDATE ON acts FOR EACH ROW EXECUTE FUNCTION guard_act();
CREATE TRIGGER acts_kept
  BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence OR DELETE ON acts
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
