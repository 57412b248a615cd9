-- Who Pirogue works for, and with which credentials. A moment is RFC 3339 in UTC with
-- six decimals, so its text sorts as time does. STRICT tables refuse a text where a
-- number belongs, as PostgreSQL does.

-- +goose Up
CREATE TABLE merchants (
  id           TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  notify_url   TEXT NOT NULL,
  late_policy  TEXT NOT NULL CHECK (late_policy IN ('return','accept')),
  suspended_at TEXT,
  created_at   TEXT NOT NULL
) STRICT;

-- A key has room for two secrets, so never more than two can verify.
CREATE TABLE api_keys (
  public          TEXT PRIMARY KEY,
  merchant_id     TEXT NOT NULL REFERENCES merchants (id),
  mode            TEXT NOT NULL CHECK (mode IN ('test','live')),
  secret_sealed   TEXT NOT NULL,
  previous_sealed TEXT NOT NULL,
  previous_until  TEXT,
  allowed_ips     TEXT NOT NULL,
  revoked_at      TEXT,
  created_at      TEXT NOT NULL,
  CHECK ((previous_sealed = '') = (previous_until IS NULL))
) STRICT;
CREATE INDEX api_keys_owner ON api_keys (merchant_id, mode, created_at);

CREATE TABLE webhook_secrets (
  merchant_id   TEXT NOT NULL REFERENCES merchants (id),
  mode          TEXT NOT NULL CHECK (mode IN ('test','live')),
  secret_sealed TEXT NOT NULL,
  created_at    TEXT NOT NULL,
  PRIMARY KEY (merchant_id, mode)
) STRICT;

-- What a contract says of fees; '' stands for every country or network. The checks are
-- those of pirogue.FeeRule.
CREATE TABLE fee_rules (
  merchant_id  TEXT NOT NULL REFERENCES merchants (id),
  kind         TEXT NOT NULL CHECK (kind IN ('CASHIN','CASHOUT','REFUND')),
  country      TEXT NOT NULL,
  network      TEXT NOT NULL,
  fixed        INTEGER NOT NULL CHECK (fixed >= 0),
  basis_points INTEGER NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
  min          INTEGER NOT NULL CHECK (min >= 0),
  max          INTEGER NOT NULL CHECK (max = 0 OR max >= min),
  payer        TEXT NOT NULL CHECK (payer IN ('merchant','customer')),
  returned     INTEGER NOT NULL CHECK (returned IN (0,1)),
  PRIMARY KEY (merchant_id, kind, country, network),
  CHECK (payer = 'merchant' OR kind <> 'REFUND'),
  CHECK (returned = 0 OR (kind = 'CASHIN' AND payer = 'merchant'))
) STRICT;

-- +goose Down
DROP TABLE fee_rules;
DROP TABLE webhook_secrets;
DROP TABLE api_keys;
DROP TABLE merchants;
