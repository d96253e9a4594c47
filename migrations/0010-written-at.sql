-- Up Migration

-- When the change was written that differs: it is found, and kept, a moment later, when another stage may be served.
ALTER TABLE consistency_mismatches ADD COLUMN written_at timestamptz(3) NOT NULL DEFAULT clock_timestamp();
UPDATE consistency_mismatches SET written_at = found_at;

-- Down Migration

ALTER TABLE consistency_mismatches DROP COLUMN written_at;
