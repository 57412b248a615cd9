-- Amounts have a maximum, pirogue.MaxAmount: no row above it comes in. Rows that are older
-- may be larger; their payments still end, so the guard looks at what is written and not at
-- what a later change leaves as it is. A bulk sets its whole cost aside by one transfer.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER payments_amount BEFORE INSERT ON payments
WHEN NEW.amount > 1000000000000 OR NEW.fee > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of payments is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulks_amount BEFORE INSERT ON bulks
WHEN NEW.amount > 1000000000000 OR NEW.fee > 1000000000000 OR NEW.cost > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of bulks is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER bulk_lines_amount BEFORE INSERT ON bulk_lines
WHEN NEW.amount > 1000000000000 OR NEW.fee > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of bulk_lines is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payouts_amount BEFORE INSERT ON payouts
WHEN NEW.amount > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of payouts is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
WHEN NEW.amount > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of ledger_transfers is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cases_amount BEFORE INSERT ON cases
WHEN NEW.paid > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of cases is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER cases_amount_changed BEFORE UPDATE OF paid ON cases
WHEN NEW.paid > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of cases is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER fee_rules_amount BEFORE INSERT ON fee_rules
WHEN NEW.fixed > 1000000000000 OR NEW.min > 1000000000000 OR NEW.max > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of fee_rules is above the maximum'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER fee_rules_amount_changed BEFORE UPDATE OF fixed, min, max ON fee_rules
WHEN NEW.fixed > 1000000000000 OR NEW.min > 1000000000000 OR NEW.max > 1000000000000
BEGIN SELECT RAISE(ABORT, 'an amount of fee_rules is above the maximum'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER fee_rules_amount_changed;
DROP TRIGGER fee_rules_amount;
DROP TRIGGER cases_amount_changed;
DROP TRIGGER cases_amount;
DROP TRIGGER ledger_transfers_amount;
DROP TRIGGER payouts_amount;
DROP TRIGGER bulk_lines_amount;
DROP TRIGGER bulks_amount;
DROP TRIGGER payments_amount;
