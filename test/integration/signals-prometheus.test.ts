import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { createPrometheusSource } from '../../src/controller/signals/prometheus.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import type { SourceReading } from '../../src/rollout/reading.ts';
import { type PrometheusStandIn, type StandInSeries, startPrometheusStandIn } from '../support/prometheus-api.ts';

const ROLLOUT = 'a "quoted" \\ rollout';
const NOW_S = 1_800_000_000;
const TARGET = { job: 'sluice', instance: '10.0.0.1:8081' };
const never = new AbortController().signal;

let standIn: PrometheusStandIn;

before(async () => {
  standIn = await startPrometheusStandIn();
});
after(() => standIn[Symbol.asyncDispose]());
beforeEach(() => {
  standIn.series = replica(TARGET);
  standIn.warnings = [];
  standIn.instead = undefined;
});

/** All series of one replica, scraped 7 and 2 seconds ago. */
function replica(target: Record<string, string>, value = '7', agoS = 2): StandInSeries[] {
  const series = (name: string, labels: Record<string, string>, last = value): StandInSeries => ({
    metric: { __name__: name, ...target, ...labels },
    values: [
      [NOW_S - agoS - 5 + 0.123, '1'],
      [NOW_S - agoS + 0.123, last],
    ],
  });
  const rollout = { rollout: ROLLOUT };
  const paths = ['legacy', 'domain'].flatMap((path) => [
    ...['ok', 'rejected', 'error'].map((outcome) =>
      series('sluice_path_requests_total', { ...rollout, path, outcome }),
    ),
    ...['0.1', '1.0', '+Inf'].map((le) => series('sluice_path_duration_seconds_bucket', { ...rollout, path, le })),
    series('sluice_path_duration_seconds_sum', { ...rollout, path }),
    series('sluice_path_duration_seconds_count', { ...rollout, path }),
  ]);
  return [
    ...paths,
    series('sluice_flag_percent', rollout),
    series('sluice_breaker_open', rollout, value === 'NaN' ? value : '0'),
    series('process_start_time_seconds', {}, String(NOW_S - 3_600)),
    series('up', {}, '1'),
  ];
}

async function read(signal = never, timeoutMs = 300): Promise<SourceReading> {
  const source = createPrometheusSource({
    rollout: ROLLOUT,
    url: standIn.url,
    timeoutMs,
    maxAgeMs: 15_000,
    clock: { ...clock, now: () => NOW_S * 1_000 },
  });
  try {
    return await source.read(signal);
  } finally {
    await source.close();
  }
}

test('reads each replica from its last scrape, at the time of that scrape', async () => {
  standIn.series = [...replica(TARGET), ...replica({ ...TARGET, instance: '10.0.0.2:8081' }, '9')];
  const reading = await read();
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  assert.deepEqual(reading.missing, []);
  const path = (count: number) => ({
    ok: count,
    rejected: count,
    error: count,
    duration: {
      count,
      sumSeconds: count,
      atMost: new Map([
        [0.1, count],
        [1, count],
        [Number.POSITIVE_INFINITY, count],
      ]),
    },
  });
  assert.deepEqual(
    reading.replicas,
    [
      ['10.0.0.1:8081', 7],
      ['10.0.0.2:8081', 9],
    ].map(([name, count]) => ({
      replica: name,
      atMs: (NOW_S - 2) * 1_000 + 123,
      startedAtMs: (NOW_S - 3_600) * 1_000,
      legacy: path(count as number),
      domain: path(count as number),
      servedPercent: count,
      breakerOpen: false,
      mismatches: undefined,
      fallbacks: undefined,
      cpuSeconds: undefined,
      residentBytes: undefined,
    })),
  );
});

test('asks for raw samples of this rollout alone, within bounds', async () => {
  const from = standIn.asked.length;
  await read();
  const asked = standIn.asked.slice(from);
  const queries = asked.map((parameters) => parameters.get('query') ?? '');
  assert.equal(queries.length, 3);
  assert.match(
    queries[0] ?? '',
    /^\{__name__=~"sluice_.*",rollout="a \\"quoted\\" \\\\ rollout",result!~"match\|dropped\|failed"\}\[30s\]$/,
  );
  assert.equal(queries[2], 'process_start_time_seconds{job=~"sluice",instance=~"10\\\\.0\\\\.0\\\\.1:8081"}[30s]');
  for (const parameters of asked) {
    assert.match(parameters.get('timeout') ?? '', /^[1-9]\d*ms$/);
    assert.equal(parameters.get('limit'), '50000');
  }
});

const json = (status: number, body: unknown) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const matrix = (result: unknown) => json(200, { status: 'success', data: { resultType: 'matrix', result } });

for (const [what, prepare, why, detail] of [
  [
    'has nothing of the rollout',
    () => {
      standIn.series = [];
    },
    'empty',
    /no series of rollout/,
  ],
  [
    'has NaN alone',
    () => {
      standIn.series = replica(TARGET, 'NaN');
    },
    'malformed',
    /not numbers/,
  ],
  [
    'has stopped scraping',
    () => {
      standIn.series = replica(TARGET, '7', 20);
    },
    'stale',
    /last scraped 20 s ago/,
  ],
  [
    'cannot scrape the replica',
    () => {
      const others = standIn.series.filter(({ metric }) => metric.__name__ !== 'up');
      standIn.series = [...others, { metric: { __name__: 'up', ...TARGET }, values: [[NOW_S, '0']] }];
    },
    'unreachable',
    /Prometheus cannot scrape it/,
  ],
  [
    'finds the query wrong',
    () => {
      standIn.instead = json(400, { status: 'error', errorType: 'bad_data', error: 'parse error' });
    },
    'refused',
    /answered 400: parse error/,
  ],
  [
    'says an error with 200',
    () => {
      standIn.instead = json(200, { status: 'error', errorType: 'internal', error: 'disk' });
    },
    'refused',
    /answered 200: disk/,
  ],
  [
    'wants a password',
    () => {
      standIn.instead = (response) => void response.writeHead(401).end('<html>');
    },
    'refused',
    /answered 401$/,
  ],
  [
    'says that the query took too long',
    () => {
      standIn.instead = json(503, { status: 'error', errorType: 'timeout', error: 'query timed out' });
    },
    'timeout',
    /query timed out/,
  ],
  [
    'hangs',
    () => {
      standIn.instead = () => {};
    },
    'timeout',
    /no answer within 300 ms/,
  ],
  [
    'hangs up',
    () => {
      standIn.instead = (response) => void response.destroy();
    },
    'unreachable',
    /ECONNRESET/,
  ],
  [
    'is something else',
    () => {
      standIn.instead = (response) => void response.end('<html>welcome</html>');
    },
    'malformed',
    /not valid JSON/,
  ],
  [
    'answers null',
    () => {
      standIn.instead = json(200, null);
    },
    'malformed',
    /not one of Prometheus/,
  ],
  [
    'answers numbers where texts belong',
    () => {
      standIn.instead = matrix([{ metric: {}, values: [[1, 2]] }]);
    },
    'malformed',
    /not one of Prometheus/,
  ],
  [
    'answers series without samples',
    () => {
      standIn.instead = matrix([{ metric: {}, values: [] }]);
    },
    'malformed',
    /not one of Prometheus/,
  ],
  [
    'answers without bounds',
    () => {
      standIn.instead = (response) => {
        const fill = () => {
          while (!response.destroyed && response.write(' '.repeat(1_000_000))) {}
        };
        response.on('drain', fill);
        fill();
      };
    },
    'malformed',
    /more than 33554432 bytes/,
  ],
] as readonly (readonly [string, () => void, string, RegExp])[]) {
  test(`a Prometheus that ${what} says nothing: ${why}`, async () => {
    prepare();
    const reading = await read(never, what.includes('bounds') ? 5_000 : 300);
    assert.ok(reading.kind === 'failed', JSON.stringify(reading));
    assert.equal(reading.why, why, reading.detail);
    assert.match(reading.detail, detail);
  });
}

test('a NaN makes its own series unknown, and leaves the rest', async () => {
  standIn.series = standIn.series.map((series) =>
    series.metric.__name__ === 'sluice_flag_percent' ? { ...series, values: [[NOW_S - 2 + 0.123, 'NaN']] } : series,
  );
  const reading = await read();
  assert.ok(reading.kind === 'read');
  assert.deepEqual([reading.replicas[0]?.servedPercent, reading.replicas[0]?.domain?.ok], [undefined, 7]);
});

test('says that something is left out where Prometheus warns of it', async () => {
  standIn.warnings = ['results truncated due to limit'];
  const reading = await read();
  assert.ok(reading.kind === 'read' && reading.replicas.length === 1);
  assert.deepEqual(reading.missing, [
    { replica: 'prometheus', why: 'refused', detail: 'it warned: results truncated due to limit', ofSeveral: true },
  ]);
});

test('does not give counts without the process start where only that query fails: all of them would look new', async () => {
  let asked = 0;
  standIn.instead = (response) => {
    asked += 1;
    const ofRollout = standIn.series.filter(({ metric }) => metric.rollout === ROLLOUT);
    if (asked <= 2) {
      matrix(ofRollout)(response);
    } else {
      json(500, { status: 'error', error: 'no' })(response);
    }
  };
  const reading = await read();
  assert.deepEqual([reading.kind, asked], ['failed', 3]);
});

test('a Prometheus that is not there is unreachable', async () => {
  const gone = await startPrometheusStandIn();
  await gone[Symbol.asyncDispose]();
  const source = createPrometheusSource({ rollout: ROLLOUT, url: gone.url, timeoutMs: 300, maxAgeMs: 15_000, clock });
  const reading = await source.read(never);
  assert.ok(reading.kind === 'failed' && reading.why === 'unreachable' && /ECONNREFUSED/.test(reading.detail));
  await source.close();
});

test('a reading that is ended, or whose source is closed, ends at once', async () => {
  standIn.instead = () => {};
  const startedAt = performance.now();
  assert.equal((await read(AbortSignal.timeout(20), 60_000)).kind, 'failed');
  const source = createPrometheusSource({
    rollout: ROLLOUT,
    url: standIn.url,
    timeoutMs: 60_000,
    maxAgeMs: 15_000,
    clock,
  });
  const reading = source.read(never);
  await source.close();
  assert.equal((await reading).kind, 'failed');
  assert.ok(performance.now() - startedAt < 5_000);
});
