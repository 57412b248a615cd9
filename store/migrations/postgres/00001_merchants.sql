-- Who Pirogue works for, and with which credentials. Ids and moments are compared
-- byte by byte (COLLATE "C"): a moment is RFC 3339 in UTC with six decimals, so its
-- text sorts as time does.

-- +goose Up
CREATE TABLE merchants (
  id           TEXT COLLATE "C" PRIMARY KEY,
  name         TEXT NOT NULL,
  notify_url   TEXT NOT NULL,
  late_policy  TEXT NOT NULL CHECK (late_policy IN ('return','accept')),
  suspended_at TEXT COLLATE "C",
  created_at   TEXT COLLATE "C" NOT NULL
);

-- A key has room for two secrets, so never more than two can verify.
CREATE TABLE api_keys (
  public          TEXT COLLATE "C" PRIMARY KEY,
  merchant_id     TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode            TEXT NOT NULL CHECK (mode IN ('test','live')),
  secret_sealed   TEXT NOT NULL,
  previous_sealed TEXT NOT NULL,
  previous_until  TEXT COLLATE "C",
  allowed_ips     TEXT NOT NULL,
  revoked_at      TEXT COLLATE "C",
  created_at      TEXT COLLATE "C" NOT NULL,
  CHECK ((previous_sealed = '') = (previous_until IS NULL))
);
CREATE INDEX api_keys_owner ON api_keys (merchant_id, mode, created_at);

CREATE TABLE webhook_secrets (
  merchant_id   TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  mode          TEXT NOT NULL CHECK (mode IN ('test','live')),
  secret_sealed TEXT NOT NULL,
  created_at    TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (merchant_id, mode)
);

-- What a contract says of fees; '' stands for every country or network. The checks are
-- those of pirogue.FeeRule.
CREATE TABLE fee_rules (
  merchant_id  TEXT COLLATE "C" NOT NULL REFERENCES merchants (id),
  kind         TEXT NOT NULL CHECK (kind IN ('CASHIN','CASHOUT','REFUND')),
  country      TEXT NOT NULL,
  network      TEXT NOT NULL,
  fixed        BIGINT NOT NULL CHECK (fixed >= 0),
  basis_points BIGINT NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
  min          BIGINT NOT NULL CHECK (min >= 0),
  max          BIGINT NOT NULL CHECK (max = 0 OR max >= min),
  payer        TEXT NOT NULL CHECK (payer IN ('merchant','customer')),
  returned     SMALLINT NOT NULL CHECK (returned IN (0,1)),
  PRIMARY KEY (merchant_id, kind, country, network),
  CHECK (payer = 'merchant' OR kind <> 'REFUND'),
  CHECK (returned = 0 OR (kind = 'CASHIN' AND payer = 'merchant'))
);

-- +goose Down
DROP TABLE fee_rules;
DROP TABLE webhook_secrets;
DROP TABLE api_keys;
DROP TABLE merchants;
