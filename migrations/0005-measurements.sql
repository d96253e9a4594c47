-- Up Migration

-- What both paths did, half a minute in a row. Whatever a controller or a page forgets is read from here.
CREATE TABLE rollout_measurements (
  rollout  text NOT NULL,
  from_at  timestamptz(3) NOT NULL,
  until_at timestamptz(3) NOT NULL,
  percent  integer NOT NULL,
  measured jsonb NOT NULL,
  PRIMARY KEY (rollout, from_at)
);

-- Down Migration

DROP TABLE rollout_measurements;
