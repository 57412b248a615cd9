-- How often an attempt was sent, so that a late answer changes nothing of a later sending.

-- +goose Up
ALTER TABLE attempts ADD COLUMN sendings INTEGER NOT NULL DEFAULT 0 CHECK (sendings >= 0);

-- The numbers of the sendings that are not proven "not sent", such as ',1,3,'. An attempt is
-- PREPARED exactly when there is none.
ALTER TABLE attempts ADD COLUMN may_have_left TEXT NOT NULL DEFAULT ',' CHECK (may_have_left LIKE ',%');

-- What was sent before counts as one sending that may have left.
UPDATE attempts SET sendings = 1, may_have_left = ',1,' WHERE state <> 'PREPARED';

-- +goose Down
ALTER TABLE attempts DROP COLUMN may_have_left;
ALTER TABLE attempts DROP COLUMN sendings;
