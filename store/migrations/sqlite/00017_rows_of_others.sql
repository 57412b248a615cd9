-- Rows of processes that are older than a column, and of payments that are larger than the
-- maximum of today.

-- +goose Up
-- A process of before 00012 or 00014 runs on while the schema is newer: what it does not
-- know is filled in, or the sweep would never find its payments and events.
-- +goose StatementBegin
CREATE TRIGGER payments_seen AFTER INSERT ON payments WHEN NEW.workflow_seen_at IS NULL
BEGIN UPDATE payments SET workflow_seen_at = created_at WHERE id = NEW.id; END;
-- +goose StatementEnd
UPDATE payments SET workflow_seen_at = created_at WHERE workflow_seen_at IS NULL;
-- +goose StatementBegin
CREATE TRIGGER webhook_events_next AFTER INSERT ON webhook_events WHEN NEW.next_at IS NULL
BEGIN UPDATE webhook_events SET next_at = created_at WHERE id = NEW.id; END;
-- +goose StatementEnd
UPDATE webhook_events SET next_at = created_at WHERE next_at IS NULL AND state = 'WAITING';

-- What is booked of a payment or bulk may be as large as its row, however old that is. A
-- capture or release is as large as the hold that it names.
DROP TRIGGER ledger_transfers_amount;
-- +goose StatementBegin
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
WHEN NEW.amount > 1000000000000 AND NEW.hold_id IS NULL
 AND NOT EXISTS (SELECT 1 FROM ledger_journals j JOIN payments p ON p.id = j.payment_id
                  WHERE j.id = NEW.journal_id AND (p.amount >= NEW.amount OR p.fee >= NEW.amount))
 AND NOT EXISTS (SELECT 1 FROM ledger_journals j JOIN bulks b ON b.id = j.bulk_id
                  WHERE j.id = NEW.journal_id AND b.cost >= NEW.amount)
BEGIN SELECT RAISE(ABORT, 'an amount of ledger_transfers is above the maximum'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER ledger_transfers_amount;
-- +goose StatementBegin
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
WHEN NEW.amount > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of ledger_transfers is above the maximum'); END;
-- +goose StatementEnd
DROP TRIGGER webhook_events_next;
DROP TRIGGER payments_seen;
