-- A cash-in that ended FAILED can turn out to be paid. The merchant's policy may accept it.

-- +goose Up
DROP TRIGGER status_edges_kept ON status_edges;
INSERT INTO status_edges (kind, from_status, to_status) VALUES ('CASHIN', 'FAILED', 'SUCCESS');
CREATE TRIGGER status_edges_kept BEFORE INSERT OR UPDATE OR DELETE ON status_edges
  FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TRIGGER status_edges_kept ON status_edges;
DELETE FROM status_edges WHERE kind = 'CASHIN' AND from_status = 'FAILED' AND to_status = 'SUCCESS';
CREATE TRIGGER status_edges_kept BEFORE INSERT OR UPDATE OR DELETE ON status_edges
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
