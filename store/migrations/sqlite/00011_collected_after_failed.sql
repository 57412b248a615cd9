-- A cash-in that ended FAILED can turn out to be paid. The merchant's policy may accept it.

-- +goose Up
DROP TRIGGER status_edges_no_insert;
INSERT INTO status_edges (kind, from_status, to_status) VALUES ('CASHIN', 'FAILED', 'SUCCESS');
-- +goose StatementBegin
CREATE TRIGGER status_edges_no_insert BEFORE INSERT ON status_edges
BEGIN SELECT RAISE(ABORT, 'INSERT of status_edges is refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER status_edges_no_delete;
DELETE FROM status_edges WHERE kind = 'CASHIN' AND from_status = 'FAILED' AND to_status = 'SUCCESS';
-- +goose StatementBegin
CREATE TRIGGER status_edges_no_delete BEFORE DELETE ON status_edges
BEGIN SELECT RAISE(ABORT, 'DELETE of status_edges is refused'); END;
-- +goose StatementEnd
