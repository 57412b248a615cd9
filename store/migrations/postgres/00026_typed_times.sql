-- Times have the type timestamptz, which keeps microseconds as their text did.
--
-- The version before does not work on this schema. Stop it before this migration, and do not roll
-- back past it while it runs. PostgreSQL writes each table anew: see docs/operations.md.

-- +goose Up
-- A trigger that names a column keeps the column's type from changing, and so does an index over an
-- expression. All other indexes and the checks follow the type.
DROP TRIGGER audit_log_kept ON audit_log;
DROP TRIGGER bulks_terms ON bulks;
DROP TRIGGER bulks_ended ON bulks;
DROP TRIGGER payments_seen ON payments;
DROP TRIGGER webhook_events_kept ON webhook_events;
DROP TRIGGER webhook_events_next ON webhook_events;
DROP INDEX payments_watched;

-- In workflow_seen_at '' stood for "never seen". The zero time of Go stands for it here.
ALTER TABLE admin_tokens
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz,
  ALTER revoked_at TYPE timestamptz USING NULLIF(revoked_at, '')::timestamptz;
ALTER TABLE api_keys
  ALTER previous_until TYPE timestamptz USING NULLIF(previous_until, '')::timestamptz,
  ALTER revoked_at TYPE timestamptz USING NULLIF(revoked_at, '')::timestamptz,
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz;
ALTER TABLE ask_first
  ALTER since TYPE timestamptz USING NULLIF(since, '')::timestamptz,
  ALTER begun_at TYPE timestamptz USING NULLIF(begun_at, '')::timestamptz,
  ALTER temporal_asked_at TYPE timestamptz USING NULLIF(temporal_asked_at, '')::timestamptz,
  ALTER ended_at TYPE timestamptz USING NULLIF(ended_at, '')::timestamptz;
ALTER TABLE ask_first_lines
  ALTER at TYPE timestamptz USING NULLIF(at, '')::timestamptz,
  ALTER found_at TYPE timestamptz USING NULLIF(found_at, '')::timestamptz;
ALTER TABLE ask_first_operators
  ALTER listed_to TYPE timestamptz USING NULLIF(listed_to, '')::timestamptz;
ALTER TABLE attempts
  ALTER first_polled_at TYPE timestamptz USING NULLIF(first_polled_at, '')::timestamptz,
  ALTER polled_at TYPE timestamptz USING NULLIF(polled_at, '')::timestamptz,
  ALTER evidence_since TYPE timestamptz USING NULLIF(evidence_since, '')::timestamptz,
  ALTER sent_at TYPE timestamptz USING NULLIF(sent_at, '')::timestamptz,
  ALTER result_at TYPE timestamptz USING NULLIF(result_at, '')::timestamptz,
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz,
  ALTER updated_at TYPE timestamptz USING NULLIF(updated_at, '')::timestamptz,
  ALTER first_sent_at TYPE timestamptz USING NULLIF(first_sent_at, '')::timestamptz,
  ALTER next_poll_at TYPE timestamptz USING NULLIF(next_poll_at, '')::timestamptz,
  ALTER callback_asked_at TYPE timestamptz USING NULLIF(callback_asked_at, '')::timestamptz;
ALTER TABLE audit_log
  ALTER at TYPE timestamptz USING NULLIF(at, '')::timestamptz,
  ALTER ended_at TYPE timestamptz USING NULLIF(ended_at, '')::timestamptz;
ALTER TABLE bulks
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz,
  ALTER updated_at TYPE timestamptz USING NULLIF(updated_at, '')::timestamptz,
  ALTER started_at TYPE timestamptz USING NULLIF(started_at, '')::timestamptz,
  ALTER cancelled_at TYPE timestamptz USING NULLIF(cancelled_at, '')::timestamptz,
  ALTER closed_at TYPE timestamptz USING NULLIF(closed_at, '')::timestamptz,
  ALTER workflow_seen_at DROP DEFAULT,
  ALTER workflow_seen_at TYPE timestamptz
    USING COALESCE(NULLIF(workflow_seen_at, ''), '0001-01-01T00:00:00Z')::timestamptz,
  ALTER workflow_seen_at SET DEFAULT '0001-01-01T00:00:00Z';
ALTER TABLE callbacks
  ALTER received_at TYPE timestamptz USING NULLIF(received_at, '')::timestamptz,
  ALTER routed_at TYPE timestamptz USING NULLIF(routed_at, '')::timestamptz;
ALTER TABLE cases
  ALTER opened_at TYPE timestamptz USING NULLIF(opened_at, '')::timestamptz,
  ALTER closed_at TYPE timestamptz USING NULLIF(closed_at, '')::timestamptz;
ALTER TABLE circuit_breakers
  ALTER since TYPE timestamptz USING NULLIF(since, '')::timestamptz,
  ALTER probe_at TYPE timestamptz USING NULLIF(probe_at, '')::timestamptz,
  ALTER parked_at TYPE timestamptz USING NULLIF(parked_at, '')::timestamptz;
ALTER TABLE ledger_accounts
  ALTER updated_at TYPE timestamptz USING NULLIF(updated_at, '')::timestamptz;
ALTER TABLE ledger_journals
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz;
ALTER TABLE lost_rows
  ALTER started_at TYPE timestamptz USING NULLIF(started_at, '')::timestamptz,
  ALTER found_at TYPE timestamptz USING NULLIF(found_at, '')::timestamptz;
ALTER TABLE merchants
  ALTER suspended_at TYPE timestamptz USING NULLIF(suspended_at, '')::timestamptz,
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz;
ALTER TABLE payments
  ALTER start_deadline TYPE timestamptz USING NULLIF(start_deadline, '')::timestamptz,
  ALTER expires_at TYPE timestamptz USING NULLIF(expires_at, '')::timestamptz,
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz,
  ALTER updated_at TYPE timestamptz USING NULLIF(updated_at, '')::timestamptz,
  ALTER settled_at TYPE timestamptz USING NULLIF(settled_at, '')::timestamptz,
  ALTER finished_at TYPE timestamptz USING NULLIF(finished_at, '')::timestamptz,
  ALTER workflow_seen_at TYPE timestamptz USING NULLIF(workflow_seen_at, '')::timestamptz;
ALTER TABLE settlements
  ALTER paid_at TYPE timestamptz USING NULLIF(paid_at, '')::timestamptz;
ALTER TABLE status_history
  ALTER changed_at TYPE timestamptz USING NULLIF(changed_at, '')::timestamptz;
ALTER TABLE used_signatures
  ALTER used_at TYPE timestamptz USING NULLIF(used_at, '')::timestamptz;
ALTER TABLE webhook_deliveries
  ALTER started_at TYPE timestamptz USING NULLIF(started_at, '')::timestamptz,
  ALTER ended_at TYPE timestamptz USING NULLIF(ended_at, '')::timestamptz;
ALTER TABLE webhook_events
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz,
  ALTER workflow_seen_at DROP DEFAULT,
  ALTER workflow_seen_at TYPE timestamptz
    USING COALESCE(NULLIF(workflow_seen_at, ''), '0001-01-01T00:00:00Z')::timestamptz,
  ALTER workflow_seen_at SET DEFAULT '0001-01-01T00:00:00Z',
  ALTER next_at TYPE timestamptz USING NULLIF(next_at, '')::timestamptz;
ALTER TABLE webhook_secrets
  ALTER created_at TYPE timestamptz USING NULLIF(created_at, '')::timestamptz;

CREATE TRIGGER audit_log_kept
  BEFORE UPDATE OF id, at, actor, role, action, payment_id, subject, reason, resolution, resolution_evidence, case_id
  OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_terms
  BEFORE UPDATE OF id, merchant_id, mode, merchant_ref, country, currency, lines, amount, fee, cost, digest, notify_url,
    notify_lines, metadata, pages, created_at OR DELETE ON bulks
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_ended BEFORE UPDATE ON bulks
  FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_seen BEFORE INSERT ON payments
  FOR EACH ROW WHEN (NEW.workflow_seen_at IS NULL) EXECUTE FUNCTION fill_workflow_seen();
CREATE TRIGGER webhook_events_kept BEFORE UPDATE OF id, payment_id, merchant_id, mode, body, created_at OR DELETE
  ON webhook_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_events_next BEFORE INSERT ON webhook_events
  FOR EACH ROW WHEN (NEW.next_at IS NULL) EXECUTE FUNCTION fill_next();
CREATE INDEX payments_watched ON payments (operator, COALESCE(finished_at, 'infinity'))
  WHERE sequence > 0 AND settled_at IS NULL;

-- A change of type removes what the planner knows of the values.
ANALYZE admin_tokens, api_keys, ask_first, ask_first_lines, ask_first_operators, attempts, audit_log, bulks,
   callbacks, cases, circuit_breakers, ledger_accounts, ledger_journals, lost_rows, merchants, payments,
   settlements, status_history, used_signatures, webhook_deliveries, webhook_events, webhook_secrets;

-- +goose Down
DROP TRIGGER audit_log_kept ON audit_log;
DROP TRIGGER bulks_terms ON bulks;
DROP TRIGGER bulks_ended ON bulks;
DROP TRIGGER payments_seen ON payments;
DROP TRIGGER webhook_events_kept ON webhook_events;
DROP TRIGGER webhook_events_next ON webhook_events;
DROP INDEX payments_watched;

CREATE FUNCTION time_as_text(at timestamptz) RETURNS TEXT LANGUAGE sql STABLE
  RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
ALTER TABLE admin_tokens
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at),
  ALTER revoked_at TYPE TEXT COLLATE "C" USING time_as_text(revoked_at);
ALTER TABLE api_keys
  ALTER previous_until TYPE TEXT COLLATE "C" USING time_as_text(previous_until),
  ALTER revoked_at TYPE TEXT COLLATE "C" USING time_as_text(revoked_at),
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at);
ALTER TABLE ask_first
  ALTER since TYPE TEXT COLLATE "C" USING time_as_text(since),
  ALTER begun_at TYPE TEXT COLLATE "C" USING time_as_text(begun_at),
  ALTER temporal_asked_at TYPE TEXT COLLATE "C" USING time_as_text(temporal_asked_at),
  ALTER ended_at TYPE TEXT COLLATE "C" USING time_as_text(ended_at);
ALTER TABLE ask_first_lines
  ALTER at TYPE TEXT COLLATE "C" USING time_as_text(at),
  ALTER found_at TYPE TEXT COLLATE "C" USING time_as_text(found_at);
ALTER TABLE ask_first_operators
  ALTER listed_to TYPE TEXT COLLATE "C" USING time_as_text(listed_to);
ALTER TABLE attempts
  ALTER first_polled_at TYPE TEXT COLLATE "C" USING time_as_text(first_polled_at),
  ALTER polled_at TYPE TEXT COLLATE "C" USING time_as_text(polled_at),
  ALTER evidence_since TYPE TEXT COLLATE "C" USING time_as_text(evidence_since),
  ALTER sent_at TYPE TEXT COLLATE "C" USING time_as_text(sent_at),
  ALTER result_at TYPE TEXT COLLATE "C" USING time_as_text(result_at),
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at),
  ALTER updated_at TYPE TEXT COLLATE "C" USING time_as_text(updated_at),
  ALTER first_sent_at TYPE TEXT COLLATE "C" USING time_as_text(first_sent_at),
  ALTER next_poll_at TYPE TEXT COLLATE "C" USING time_as_text(next_poll_at),
  ALTER callback_asked_at TYPE TEXT COLLATE "C" USING time_as_text(callback_asked_at);
ALTER TABLE audit_log
  ALTER at TYPE TEXT COLLATE "C" USING time_as_text(at),
  ALTER ended_at TYPE TEXT COLLATE "C" USING time_as_text(ended_at);
ALTER TABLE bulks
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at),
  ALTER updated_at TYPE TEXT COLLATE "C" USING time_as_text(updated_at),
  ALTER started_at TYPE TEXT COLLATE "C" USING time_as_text(started_at),
  ALTER cancelled_at TYPE TEXT COLLATE "C" USING time_as_text(cancelled_at),
  ALTER closed_at TYPE TEXT COLLATE "C" USING time_as_text(closed_at),
  ALTER workflow_seen_at DROP DEFAULT,
  ALTER workflow_seen_at TYPE TEXT COLLATE "C" USING
    CASE WHEN workflow_seen_at > '0001-01-01T00:00:00Z' THEN time_as_text(workflow_seen_at) ELSE '' END,
  ALTER workflow_seen_at SET DEFAULT '';
ALTER TABLE callbacks
  ALTER received_at TYPE TEXT COLLATE "C" USING time_as_text(received_at),
  ALTER routed_at TYPE TEXT COLLATE "C" USING time_as_text(routed_at);
ALTER TABLE cases
  ALTER opened_at TYPE TEXT COLLATE "C" USING time_as_text(opened_at),
  ALTER closed_at TYPE TEXT COLLATE "C" USING time_as_text(closed_at);
ALTER TABLE circuit_breakers
  ALTER since TYPE TEXT COLLATE "C" USING time_as_text(since),
  ALTER probe_at TYPE TEXT COLLATE "C" USING time_as_text(probe_at),
  ALTER parked_at TYPE TEXT COLLATE "C" USING time_as_text(parked_at);
ALTER TABLE ledger_accounts
  ALTER updated_at TYPE TEXT COLLATE "C" USING time_as_text(updated_at);
ALTER TABLE ledger_journals
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at);
ALTER TABLE lost_rows
  ALTER started_at TYPE TEXT COLLATE "C" USING time_as_text(started_at),
  ALTER found_at TYPE TEXT COLLATE "C" USING time_as_text(found_at);
ALTER TABLE merchants
  ALTER suspended_at TYPE TEXT COLLATE "C" USING time_as_text(suspended_at),
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at);
ALTER TABLE payments
  ALTER start_deadline TYPE TEXT COLLATE "C" USING time_as_text(start_deadline),
  ALTER expires_at TYPE TEXT COLLATE "C" USING time_as_text(expires_at),
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at),
  ALTER updated_at TYPE TEXT COLLATE "C" USING time_as_text(updated_at),
  ALTER settled_at TYPE TEXT COLLATE "C" USING time_as_text(settled_at),
  ALTER finished_at TYPE TEXT COLLATE "C" USING time_as_text(finished_at),
  ALTER workflow_seen_at TYPE TEXT COLLATE "C" USING time_as_text(workflow_seen_at);
ALTER TABLE settlements
  ALTER paid_at TYPE TEXT COLLATE "C" USING time_as_text(paid_at);
ALTER TABLE status_history
  ALTER changed_at TYPE TEXT COLLATE "C" USING time_as_text(changed_at);
ALTER TABLE used_signatures
  ALTER used_at TYPE TEXT COLLATE "C" USING time_as_text(used_at);
ALTER TABLE webhook_deliveries
  ALTER started_at TYPE TEXT COLLATE "C" USING time_as_text(started_at),
  ALTER ended_at TYPE TEXT COLLATE "C" USING time_as_text(ended_at);
ALTER TABLE webhook_events
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at),
  ALTER workflow_seen_at DROP DEFAULT,
  ALTER workflow_seen_at TYPE TEXT COLLATE "C" USING
    CASE WHEN workflow_seen_at > '0001-01-01T00:00:00Z' THEN time_as_text(workflow_seen_at) ELSE '' END,
  ALTER workflow_seen_at SET DEFAULT '',
  ALTER next_at TYPE TEXT COLLATE "C" USING time_as_text(next_at);
ALTER TABLE webhook_secrets
  ALTER created_at TYPE TEXT COLLATE "C" USING time_as_text(created_at);
DROP FUNCTION time_as_text(timestamptz);

CREATE TRIGGER audit_log_kept
  BEFORE UPDATE OF id, at, actor, role, action, payment_id, subject, reason, resolution, resolution_evidence, case_id
  OR DELETE ON audit_log
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_terms
  BEFORE UPDATE OF id, merchant_id, mode, merchant_ref, country, currency, lines, amount, fee, cost, digest, notify_url,
    notify_lines, metadata, pages, created_at OR DELETE ON bulks
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER bulks_ended BEFORE UPDATE ON bulks
  FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payments_seen BEFORE INSERT ON payments
  FOR EACH ROW WHEN (NEW.workflow_seen_at IS NULL) EXECUTE FUNCTION fill_workflow_seen();
CREATE TRIGGER webhook_events_kept BEFORE UPDATE OF id, payment_id, merchant_id, mode, body, created_at OR DELETE
  ON webhook_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER webhook_events_next BEFORE INSERT ON webhook_events
  FOR EACH ROW WHEN (NEW.next_at IS NULL) EXECUTE FUNCTION fill_next();
CREATE INDEX payments_watched ON payments (operator, COALESCE(finished_at, '9999'))
  WHERE sequence > 0 AND settled_at IS NULL;

ANALYZE admin_tokens, api_keys, ask_first, ask_first_lines, ask_first_operators, attempts, audit_log, bulks,
   callbacks, cases, circuit_breakers, ledger_accounts, ledger_journals, lost_rows, merchants, payments,
   settlements, status_history, used_signatures, webhook_deliveries, webhook_events, webhook_secrets;
