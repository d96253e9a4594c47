import { openClient } from '../../src/kit/postgres/client.ts';

/** As after weeks of rollouts: what readers ask for is as large as it gets. */
const EVENTS = 10_000;
const MEASURED_HOURS = 48;
const MEASURED_EACH_S = 30;

const COUNTS = `jsonb_build_object('ok', 3000, 'error', 1, 'slow', 2, 'sumSeconds', 30, 'atMost',
  (SELECT jsonb_agg(jsonb_build_array(bound, n * 180)) FROM unnest(ARRAY['0.001', '0.0025', '0.005', '0.01', '0.025', '0.05', '0.075',
    '0.1', '0.15', '0.2', '0.3', '0.5', '1', '2.5', '5', '10', 'Infinity']) WITH ORDINALITY AS each (bound, n)))`;

const WRITE_EVENTS = `INSERT INTO rollout_events (event_id, rollout, happened_at, kind, from_percent, to_percent, actor, text, details)
  SELECT gen_random_uuid(), $1, now() - interval '20 days' + at * interval '2 minutes', 'trouble', NULL, NULL, 'sluice',
    'Source scrape: replica-' || at || ' does not answer: no answer within 800 ms; it was seen a second ago, and is waited for.',
    jsonb_build_object('problem', 'source scrape ' || at)
  FROM generate_series(1, $2::int) AS at`;
const WRITE_MEASUREMENTS = `INSERT INTO rollout_measurements (rollout, from_at, until_at, percent, measured)
  SELECT $1, from_at, from_at + $3::int * interval '1 second', 25, jsonb_build_object('domain', ${COUNTS}, 'legacy', ${COUNTS},
    'fallbacks', 0, 'cpuSeconds', 10, 'residentBytes', 100000000, 'replicas', 2)
  FROM generate_series(now() - $2::int * interval '1 hour', now() - interval '1 minute', $3::int * interval '1 second') AS from_at`;

/** Gives a rollout a long past in the database, before its controller starts. */
export async function writePast(databaseUrl: string, rollout: string): Promise<void> {
  const client = await openClient(databaseUrl);
  try {
    await client.query(WRITE_EVENTS, [rollout, EVENTS]);
    await client.query(WRITE_MEASUREMENTS, [rollout, MEASURED_HOURS, MEASURED_EACH_S]);
  } finally {
    await client.end();
  }
}
