-- What people settle: a resolution stands in its act, stray money that was placed outside
-- Pirogue leaves suspense, and a payment may have moved a part.

-- +goose Up
DROP TRIGGER acts_once;
DROP TRIGGER acts_terms;
ALTER TABLE acts ADD COLUMN resolution TEXT NOT NULL DEFAULT '';
ALTER TABLE acts ADD COLUMN resolution_evidence TEXT NOT NULL DEFAULT ''; -- where it can be seen
UPDATE acts SET resolution = SUBSTR(subject, 1, INSTR(subject, ': ') - 1),
                resolution_evidence = SUBSTR(subject, INSTR(subject, ': ') + 2)
 WHERE verb = 'resolve' AND INSTR(subject, ': ') > 0;
-- +goose StatementBegin
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason, resolution, resolution_evidence ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd

-- Minor units that moved of a payment that FAILED after a part of it had moved.
ALTER TABLE payments ADD COLUMN moved INTEGER NOT NULL DEFAULT 0 CHECK (moved >= 0 AND moved < amount);

-- https://sqlite.org/lang_altertable.html#otheralter
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(sql, '''SUSPENSE'',''SETTLEMENT''', '''SUSPENSE'',''ADJUSTMENT'',''SETTLEMENT''')
 WHERE type = 'table' AND name = 'ledger_accounts';
UPDATE sqlite_schema SET sql = REPLACE(sql, '''late'',''payout''', '''late'',''clear'',''payout''')
 WHERE type = 'table' AND name = 'ledger_journals';
PRAGMA writable_schema = RESET;

-- A case closes when its money has left suspense. One that closed before is open again.
UPDATE cases SET closed_at = NULL
 WHERE paid > 0 AND closed_at IS NOT NULL
   AND paid > (SELECT COALESCE(SUM(r.amount), 0) FROM payments r
                WHERE r.parent_id = cases.payment_id AND r.late = 1 AND r.status = 'SUCCESS');

-- +goose Down
DROP TRIGGER acts_once;
DROP TRIGGER acts_terms;
ALTER TABLE acts DROP COLUMN resolution;
ALTER TABLE acts DROP COLUMN resolution_evidence;
-- +goose StatementBegin
CREATE TRIGGER acts_once BEFORE UPDATE ON acts WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an act that has a verdict keeps it'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER acts_terms BEFORE UPDATE OF id, at, actor, role, verb, payment_id, subject, reason ON acts
BEGIN SELECT RAISE(ABORT, 'UPDATE of acts is refused'); END;
-- +goose StatementEnd
ALTER TABLE payments DROP COLUMN moved;
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(sql, '''SUSPENSE'',''ADJUSTMENT'',''SETTLEMENT''', '''SUSPENSE'',''SETTLEMENT''')
 WHERE type = 'table' AND name = 'ledger_accounts';
UPDATE sqlite_schema SET sql = REPLACE(sql, '''late'',''clear'',''payout''', '''late'',''payout''')
 WHERE type = 'table' AND name = 'ledger_journals';
PRAGMA writable_schema = RESET;
