-- The case that a resolution is about: of two open cases of a payment, two people settle the one
-- that they name.

-- +goose Up
DROP TRIGGER acts_once;
DROP TRIGGER acts_terms;
ALTER TABLE acts ADD COLUMN case_id TEXT NOT NULL DEFAULT ''; -- '' for none
-- +goose StatementBegin
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms
BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence, case_id ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER acts_once;
DROP TRIGGER acts_terms;
ALTER TABLE acts DROP COLUMN case_id;
-- +goose StatementBegin
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms
BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd
