-- Up Migration

-- Which alerts that ask for a rollback fire, whichever controller was told. One row for each firing; a resolved one stays, so that a
-- late repeat of it is known for one.
CREATE TABLE rollout_alerts (
  rollout     text NOT NULL,
  fingerprint text NOT NULL,
  starts_at   timestamptz(3) NOT NULL,
  name        text NOT NULL,
  summary     text NOT NULL,
  resolved_at timestamptz(3),
  PRIMARY KEY (rollout, fingerprint, starts_at)
);
CREATE INDEX rollout_alerts_firing ON rollout_alerts (rollout) WHERE resolved_at IS NULL;

-- Down Migration

DROP TABLE rollout_alerts;
