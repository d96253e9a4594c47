-- Up Migration

-- What legacy did when it last had enough requests, by source: at 100 % it has none, and whoever leads then compares domain with this.
ALTER TABLE rollout_state ADD COLUMN legacy_baseline jsonb;

-- Down Migration

ALTER TABLE rollout_state DROP COLUMN legacy_baseline;
