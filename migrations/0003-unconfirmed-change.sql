-- Up Migration

-- The last percent that was written and that not every replica is known to serve yet: whoever leads next goes on watching for it.
ALTER TABLE rollout_state ADD COLUMN unconfirmed jsonb;

-- Down Migration

ALTER TABLE rollout_state DROP COLUMN unconfirmed;
