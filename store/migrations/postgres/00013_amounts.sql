-- Amounts have a maximum, pirogue.MaxAmount: no row above it comes in. Rows that are older
-- may be larger; their payments still end, so the guard looks at what is written and not at
-- what a later change leaves as it is. A bulk sets its whole cost aside by one transfer.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION refuse_amount() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'an amount of % is above the maximum', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER payments_amount BEFORE INSERT ON payments
  FOR EACH ROW WHEN (NEW.amount > 1000000000000 OR NEW.fee > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER bulks_amount BEFORE INSERT ON bulks
  FOR EACH ROW WHEN (NEW.amount > 1000000000000 OR NEW.fee > 1000000000000 OR NEW.cost > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER bulk_lines_amount BEFORE INSERT ON bulk_lines
  FOR EACH ROW WHEN (NEW.amount > 1000000000000 OR NEW.fee > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER payouts_amount BEFORE INSERT ON payouts
  FOR EACH ROW WHEN (NEW.amount > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER ledger_transfers_amount BEFORE INSERT ON ledger_transfers
  FOR EACH ROW WHEN (NEW.amount > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER cases_amount BEFORE INSERT OR UPDATE OF paid ON cases
  FOR EACH ROW WHEN (NEW.paid > 1000000000000)
  EXECUTE FUNCTION refuse_amount();
CREATE TRIGGER fee_rules_amount BEFORE INSERT OR UPDATE OF fixed, min, max ON fee_rules
  FOR EACH ROW WHEN (NEW.fixed > 1000000000000 OR NEW.min > 1000000000000 OR NEW.max > 1000000000000)
  EXECUTE FUNCTION refuse_amount();

-- +goose Down
DROP TRIGGER fee_rules_amount ON fee_rules;
DROP TRIGGER cases_amount ON cases;
DROP TRIGGER ledger_transfers_amount ON ledger_transfers;
DROP TRIGGER payouts_amount ON payouts;
DROP TRIGGER bulk_lines_amount ON bulk_lines;
DROP TRIGGER bulks_amount ON bulks;
DROP TRIGGER payments_amount ON payments;
DROP FUNCTION refuse_amount();
