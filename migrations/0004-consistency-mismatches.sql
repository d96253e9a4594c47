-- Up Migration

-- Fields of single writes that are not what the domain's rule makes of the same record and request.
CREATE TABLE consistency_mismatches (
  write_id     uuid NOT NULL,
  field        text NOT NULL,
  rollout      text NOT NULL,
  request_id   text NOT NULL,
  violation_id bigint NOT NULL,
  path         text NOT NULL,
  expected     text,
  actual       text,
  found_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (write_id, field)
);

-- Down Migration

DROP TABLE consistency_mismatches;
