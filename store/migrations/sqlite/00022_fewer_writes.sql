-- What a status change costs: the database itself continues the history of statuses.
--
-- The version before writes the history too, and so does not work on this schema. Stop it before
-- this migration, and do not roll back past it while it runs.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER payments_first_history AFTER INSERT ON payments
WHEN NEW.status = 'CREATED' AND NEW.version = 1
BEGIN
  INSERT INTO status_history (payment_id, number, from_status, to_status, changed_at)
  VALUES (NEW.id, NEW.version, '', NEW.status, NEW.updated_at);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_history AFTER UPDATE OF version ON payments
WHEN NEW.version = OLD.version + 1
BEGIN
  INSERT INTO status_history (payment_id, number, from_status, to_status, changed_at)
  VALUES (NEW.id, NEW.version, OLD.status, NEW.status, NEW.updated_at);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER payments_history;
DROP TRIGGER payments_first_history;
