-- Up Migration

-- Good flags, of levers that have no place beside the flags to keep them in: what a rollback falls back on after a restart.
CREATE TABLE rollout_flags (
  rollout text NOT NULL,
  place   text NOT NULL,
  text    text NOT NULL,
  kept_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (rollout, place)
);

-- Down Migration

DROP TABLE rollout_flags;
