-- Rows of processes that are older than a column, and of payments that are larger than the
-- maximum of today.

-- +goose Up
-- A process of before 00012 or 00014 runs on while the schema is newer: what it does not
-- know is filled in, or the sweep would never find its payments and events.
-- +goose StatementBegin
CREATE FUNCTION fill_workflow_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.workflow_seen_at := NEW.created_at;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payments_seen BEFORE INSERT ON payments
  FOR EACH ROW WHEN (NEW.workflow_seen_at IS NULL) EXECUTE FUNCTION fill_workflow_seen();
UPDATE payments SET workflow_seen_at = created_at WHERE workflow_seen_at IS NULL;
-- +goose StatementBegin
CREATE FUNCTION fill_next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.next_at := NEW.created_at;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER webhook_events_next BEFORE INSERT ON webhook_events
  FOR EACH ROW WHEN (NEW.next_at IS NULL) EXECUTE FUNCTION fill_next();
UPDATE webhook_events SET next_at = created_at WHERE next_at IS NULL AND state = 'WAITING';

-- What is booked of a payment or bulk may be as large as its row, however old that is. A
-- capture or release is as large as the hold that it names.
-- +goose StatementBegin
CREATE FUNCTION refuse_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.hold_id IS NOT NULL
     OR EXISTS (SELECT 1 FROM ledger_journals j JOIN payments p ON p.id = j.payment_id
                 WHERE j.id = NEW.journal_id AND (p.amount >= NEW.amount OR p.fee >= NEW.amount))
     OR EXISTS (SELECT 1 FROM ledger_journals j JOIN bulks b ON b.id = j.bulk_id
                 WHERE j.id = NEW.journal_id AND b.cost >= NEW.amount) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'an amount of % is above the maximum', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd
DROP TRIGGER ledger_transfers_amount ON ledger_transfers;
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
  FOR EACH ROW WHEN (NEW.amount > 1000000000000)
  EXECUTE FUNCTION refuse_transfer();

-- +goose Down
DROP TRIGGER ledger_transfers_amount ON ledger_transfers;
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
  FOR EACH ROW WHEN (NEW.amount > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
DROP FUNCTION refuse_transfer();
DROP TRIGGER webhook_events_next ON webhook_events;
DROP FUNCTION fill_next();
DROP TRIGGER payments_seen ON payments;
DROP FUNCTION fill_workflow_seen();
