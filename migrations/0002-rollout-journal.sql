-- Up Migration

-- Where each rollout is. One row each; `revision` lets only who read it last write it.
CREATE TABLE rollout_state (
  rollout    text PRIMARY KEY,
  revision   bigint NOT NULL,
  state      jsonb NOT NULL,
  -- The state a raise was about to lead to when it was begun: written before the flag, gone once the flag is written.
  intent     jsonb,
  -- False while the flag may not say yet what the state wants.
  settled    boolean NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

-- Every decision, in the order it was written. Append-only.
CREATE TABLE rollout_events (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Our own name for the event, so that writing it again after an unknown outcome does not double it.
  event_id     uuid NOT NULL UNIQUE,
  rollout      text NOT NULL,
  happened_at  timestamptz(3) NOT NULL,
  kind         text NOT NULL,
  from_percent integer,
  to_percent   integer,
  actor        text NOT NULL,
  text         text NOT NULL,
  details      jsonb NOT NULL,
  recorded_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX rollout_events_by_rollout ON rollout_events (rollout, happened_at DESC, id DESC);

CREATE FUNCTION refuse_rollout_events_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'rollout_events is append-only'; END $$;
CREATE TRIGGER rollout_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rollout_events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_rollout_events_change();

-- Down Migration

DROP TABLE rollout_events;
DROP FUNCTION refuse_rollout_events_change;
DROP TABLE rollout_state;
