-- Up Migration

-- A repair is a change as well, and has its row in the history.
ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_path_check;
ALTER TABLE violation_status_history ADD CONSTRAINT violation_status_history_path_check
  CHECK (path IN ('legacy', 'domain', 'repair'));

-- Each look at all records and their histories. Whoever goes on with one that was interrupted begins after `done_through`.
CREATE TABLE consistency_checks (
  check_id     uuid PRIMARY KEY,
  rollout      text NOT NULL,
  actor        text NOT NULL,
  -- Changes before this were not looked at; NULL: all were.
  since        timestamptz(3),
  started_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  -- Records up to this id have been judged.
  done_through bigint NOT NULL DEFAULT 0,
  records      bigint NOT NULL DEFAULT 0,
  changes      bigint NOT NULL DEFAULT 0,
  findings     bigint NOT NULL DEFAULT 0,
  finished_at  timestamptz(3)
);

CREATE TABLE consistency_findings (
  check_id     uuid NOT NULL REFERENCES consistency_checks ON DELETE CASCADE,
  violation_id bigint NOT NULL,
  -- The change at fault; 0 where it is the record itself.
  version      integer NOT NULL,
  kind         text NOT NULL,
  field        text NOT NULL,
  expected     text,
  actual       text,
  -- The record as it was seen, all of its columns; NULL where there is none.
  seen         jsonb,
  PRIMARY KEY (check_id, violation_id, version, kind, field)
);

-- What a repair changed, one row for each record. It stays when the repair is undone.
CREATE TABLE consistency_repairs (
  repair_id    uuid NOT NULL,
  violation_id bigint NOT NULL,
  check_id     uuid NOT NULL,
  actor        text NOT NULL,
  reason       text NOT NULL,
  -- The change that the repair wrote into the history.
  write_id     uuid NOT NULL UNIQUE,
  -- The record before and after, all of its columns.
  before       jsonb NOT NULL,
  after        jsonb NOT NULL,
  -- The findings that it answers.
  findings     jsonb NOT NULL,
  applied_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  undone_at    timestamptz(3),
  undone_by    text,
  PRIMARY KEY (repair_id, violation_id)
);

-- Down Migration

DROP TABLE consistency_repairs;
DROP TABLE consistency_findings;
DROP TABLE consistency_checks;
ALTER TABLE violation_status_history DROP CONSTRAINT violation_status_history_path_check;
ALTER TABLE violation_status_history ADD CONSTRAINT violation_status_history_path_check CHECK (path IN ('legacy', 'domain'));
