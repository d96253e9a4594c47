-- Up Migration

-- Whose doing a finding may be, and when. A path of NULL: nobody knows, it may be domain's. A time of NULL: no path ever changed the record.
ALTER TABLE consistency_findings ADD COLUMN path text, ADD COLUMN changed_at timestamptz(3);
-- Of what was found before, nobody knows when it was done.
UPDATE consistency_findings SET changed_at = 'infinity';

-- Down Migration

ALTER TABLE consistency_findings DROP COLUMN path, DROP COLUMN changed_at;
