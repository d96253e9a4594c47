import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startParts } from '../../src/dev/demo/parts.ts';
import { startTraffic } from '../../src/dev/demo/traffic.ts';
import { until } from '../../src/dev/until.ts';

const PER_SECOND = 200;
const QUIET_MS = 30_000;
const CLIMB_WITHIN_MS = 120_000;
/** The stages of the real plan, each as short as its samples allow. */
const PLAN = `rollout: violation-status
flag: violation-status-domain-percent
stages:
${[5, 10, 25, 50, 100].map((percent) => `  - { percent: ${percent}, observe: 1s }`).join('\n')}
watch: 1h
guards:
  - { name: p95, measure: latency-p95, limit: 5000ms, window: 1m, onBreach: off }
  - { name: errors, measure: error-rate, limit: 50%, window: 1m, onBreach: off }
confidence: 99.9%
minSamples: 10
onNoData: hold
`;

export type JournalRun = {
  /** Events of one rollout, from its start to its completion, and of one rollback. */
  readonly climb: Written;
  readonly rollback: Written;
  /** While nothing happens. */
  readonly quiet: {
    readonly events: number;
    readonly stateUpdatesPerMinute: number;
    readonly walBytesPerMinute: number;
    readonly stateBytes: number;
  };
  /** One applied change of a violation in its history, indexes included. */
  readonly historyBytesPerChange: number;
  readonly connections: readonly { readonly of: string; readonly open: number }[];
};
type Written = { readonly rows: number; readonly bytes: number };

/** What a real climb, a rollback and a quiet half minute leave in the database. */
export async function measureJournal(signal: AbortSignal): Promise<JournalRun> {
  await using stack = new AsyncDisposableStack();
  const parts = await startParts({ replicas: 1, signal, onProgress: () => {} });
  stack.defer(parts.stop);
  const client = new pg.Client({ connectionString: parts.databaseUrl, application_name: 'bench' });
  client.on('error', () => {});
  await client.connect();
  stack.defer(() => client.end());
  const controller = await parts.startController(PLAN);
  stack.defer(controller.stop);
  const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: PER_SECOND });
  await using trafficStack = new AsyncDisposableStack();
  trafficStack.defer(traffic.stop);

  const readyToRaise = async () => (await controller.status()).controller.noRaise === null;
  await until('the controller may raise', readyToRaise, CLIMB_WITHIN_MS);
  const empty = await written(client);
  await controller.start();
  const isComplete = async () => (await controller.status()).state.phase === 'complete';
  await until('the rollout is complete', isComplete, CLIMB_WITHIN_MS);
  const climbed = await written(client);
  const connections = await openConnections(client);
  const historyBytesPerChange = await number(
    client,
    `SELECT pg_total_relation_size('violation_status_history') / count(*) FROM violation_status_history`,
  );
  await trafficStack.disposeAsync();
  await sleep(2_000, undefined, { signal });

  const before = await quietCounts(client);
  await sleep(QUIET_MS, undefined, { signal });
  const after = await quietCounts(client);
  const stateBytes = await number(client, 'SELECT pg_column_size(s.*) FROM rollout_state s');

  const calm = await written(client);
  await controller.command({ command: 'rollback', actor: 'bench', reason: 'measuring' });
  const isDown = async () =>
    (await controller.history())[0]?.kind === 'confirmed' && (await controller.status()).wanted === 0;
  await until('every replica serves 0 %', isDown, CLIMB_WITHIN_MS);
  const down = await written(client);
  const perMinute = 60_000 / QUIET_MS;
  return {
    climb: { rows: climbed.rows - empty.rows, bytes: climbed.bytes - empty.bytes },
    rollback: { rows: down.rows - calm.rows, bytes: down.bytes - calm.bytes },
    quiet: {
      events: after.events - before.events,
      stateUpdatesPerMinute: (after.revision - before.revision) * perMinute,
      walBytesPerMinute: (after.wal - before.wal) * perMinute,
      stateBytes,
    },
    historyBytesPerChange,
    connections,
  };
}

/** Rows of the journal, and their bytes without indexes. */
async function written(client: pg.Client): Promise<Written> {
  const { rows } = await client.query(
    'SELECT count(*) AS rows, coalesce(sum(pg_column_size(e.*)), 0) AS bytes FROM rollout_events e',
  );
  return { rows: Number(rows[0].rows), bytes: Number(rows[0].bytes) };
}

async function quietCounts(client: pg.Client): Promise<{ events: number; revision: number; wal: number }> {
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM rollout_events) AS events, (SELECT revision FROM rollout_state) AS revision,
      pg_current_wal_insert_lsn() - '0/0' AS wal`,
  );
  return { events: Number(rows[0].events), revision: Number(rows[0].revision), wal: Number(rows[0].wal) };
}

async function openConnections(client: pg.Client): Promise<JournalRun['connections']> {
  const { rows } = await client.query(
    `SELECT application_name AS of, count(*)::integer AS open FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND application_name <> 'bench' GROUP BY 1 ORDER BY 1`,
  );
  return rows;
}

async function number(client: pg.Client, query: string): Promise<number> {
  const { rows } = await client.query({ text: query, rowMode: 'array' });
  return Number(rows[0]?.[0]);
}
