-- What a status change costs: the database itself continues the history of statuses.
--
-- The version before writes the history too, and so does not work on this schema. Stop it before
-- this migration, and do not roll back past it while it runs.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION write_status_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was TEXT := '';
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := OLD.status;
  END IF;
  INSERT INTO status_history (payment_id, number, from_status, to_status, changed_at)
  VALUES (NEW.id, NEW.version, was, NEW.status, NEW.updated_at);
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payments_first_history AFTER INSERT ON payments
  FOR EACH ROW WHEN (NEW.status = 'CREATED' AND NEW.version = 1) EXECUTE FUNCTION write_status_history();
CREATE TRIGGER payments_history AFTER UPDATE OF version ON payments
  FOR EACH ROW WHEN (NEW.version = OLD.version + 1) EXECUTE FUNCTION write_status_history();

-- +goose Down
DROP TRIGGER payments_history ON payments;
DROP TRIGGER payments_first_history ON payments;
DROP FUNCTION write_status_history();
