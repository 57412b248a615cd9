-- Whose workflow still has something to do, and when somebody last saw that it is open. What
-- Temporal knows can be lost; the sweep finds these rows and starts their workflows again.

-- +goose Up
-- NULL: its workflow has something to do: it is open, watched for late money, or has a case to settle.
ALTER TABLE payments ADD COLUMN finished_at TEXT
  CHECK (finished_at IS NULL OR status IN ('SUCCESS','FAILED','EXPIRED','REVERSED'));
ALTER TABLE payments ADD COLUMN workflow_seen_at TEXT;
-- Money of a payment that ended without success can come late, for no longer than three days.
UPDATE payments SET workflow_seen_at = created_at, finished_at = CASE
  WHEN status IN ('CREATED','INITIATED','PENDING') THEN NULL
  WHEN EXISTS (SELECT 1 FROM cases c WHERE c.payment_id = payments.id AND c.closed_at IS NULL) THEN NULL
  WHEN status IN ('FAILED','EXPIRED') AND created_at > strftime('%Y-%m-%dT%H:%M:%S', 'now', '-3 days')
   AND EXISTS (SELECT 1 FROM attempts a WHERE a.payment_id = payments.id AND a.first_sent_at IS NOT NULL) THEN NULL
  ELSE updated_at END;
CREATE INDEX payments_unfinished ON payments (workflow_seen_at, id) WHERE finished_at IS NULL;

-- '' : never seen.
ALTER TABLE bulks ADD COLUMN workflow_seen_at TEXT NOT NULL DEFAULT '';
CREATE INDEX bulks_unfinished ON bulks (workflow_seen_at, id) WHERE closed_at IS NULL;
ALTER TABLE webhook_events ADD COLUMN workflow_seen_at TEXT NOT NULL DEFAULT '';
CREATE INDEX webhook_events_unfinished ON webhook_events (workflow_seen_at, id) WHERE state = 'WAITING';

-- +goose Down
DROP INDEX webhook_events_unfinished;
ALTER TABLE webhook_events DROP COLUMN workflow_seen_at;
DROP INDEX bulks_unfinished;
ALTER TABLE bulks DROP COLUMN workflow_seen_at;
DROP INDEX payments_unfinished;
ALTER TABLE payments DROP COLUMN workflow_seen_at;
ALTER TABLE payments DROP COLUMN finished_at;
