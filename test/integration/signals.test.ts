import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createScrapeSource } from '../../src/controller/signals/scrape.ts';
import { until } from '../../src/dev/until.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import type { SourceReading } from '../../src/rollout/reading.ts';
import { serve } from '../support/http-server.ts';
import { fixedAt, startSystem } from '../support/system/system.ts';

const ROLLOUT = 'violation-status';
const TIMEOUT_MS = 300;
const never = new AbortController().signal;

const system = await startSystem({ env: fixedAt(0) });
const { service } = system;
const replica = service.adminAddress;
after(() => system[Symbol.asyncDispose]());

type OtherServer = AsyncDisposable & { readonly target: string; readonly requests: () => number; connections: number };

/** Where a replica should be, something else. */
async function startOther(listener: RequestListener, host = '127.0.0.1'): Promise<OtherServer> {
  let requests = 0;
  const { server, port, ...served } = await serve((request, response) => {
    requests += 1;
    listener(request, response);
  }, host);
  server.on('connection', () => {
    other.connections += 1;
  });
  const other: OtherServer = {
    target: `127.0.0.1:${port}`,
    requests: () => requests,
    connections: 0,
    ...served,
  };
  return other;
}

async function scrape(targets: readonly string[], signal = never): Promise<SourceReading> {
  const source = createScrapeSource({ rollout: ROLLOUT, targets, timeoutMs: TIMEOUT_MS, clock });
  try {
    return await source.read(signal);
  } finally {
    await source.close();
  }
}

async function scrapeService() {
  const reading = await scrape([replica]);
  assert.ok(reading.kind === 'read', JSON.stringify(reading));
  assert.deepEqual(reading.missing, []);
  const [only] = reading.replicas;
  assert.ok(only !== undefined && reading.replicas.length === 1);
  return only;
}

test('a reading says what the service did', async () => {
  const before = await scrapeService();
  for (const [id, query] of [
    [1, 'status=confirmed'],
    [2, 'status=confirmed&force_domain=true'],
    [3, 'status=confirmed&force_domain=true'],
    [9_999, 'status=confirmed&force_domain=true'],
  ] as const) {
    await service.update(id, query);
  }
  const now = await scrapeService();
  const grown = (path: 'legacy' | 'domain') =>
    (['ok', 'rejected', 'error'] as const).map(
      (outcome) => (now[path]?.[outcome] ?? 0) - (before[path]?.[outcome] ?? 0),
    );
  assert.deepEqual(
    [grown('legacy'), grown('domain')],
    [
      [1, 0, 0],
      [2, 1, 0],
    ],
  );
  const [durations, durationsBefore] = [now.domain?.duration, before.domain?.duration];
  assert.equal((durations?.count ?? 0) - (durationsBefore?.count ?? 0), 3);
  assert.equal(durations?.atMost.get(Number.POSITIVE_INFINITY), durations?.count);
  assert.ok((durations?.sumSeconds ?? 0) > (durationsBefore?.sumSeconds ?? 0));
  assert.ok(durations?.atMost.has(0.1) && durations.atMost.has(0.2), 'the limits on mean and P95 are bounds');
  assert.equal(now.replica, replica);
  assert.equal(now.servedPercent, 0);
  assert.equal(now.breakerOpen, false);
  assert.equal(now.startedAtMs, before.startedAtMs);
  assert.ok(Math.abs(now.atMs - Date.now()) < 5_000 && now.atMs >= before.atMs);
});

test('a reading says that the domain path fails', async () => {
  const before = await scrapeService();
  await service.setFaults({ domain: { errorPercent: 100 } });
  await service.update(4, 'status=confirmed&force_domain=true');
  await service.setFaults({});
  const now = await scrapeService();
  assert.equal((now.domain?.error ?? 0) - (before.domain?.error ?? 0), 1);
});

for (const [what, listener, why, detail] of [
  ['hangs', () => {}, 'timeout', /no answer within 300 ms/],
  [
    'drips without an end',
    (_, response) => {
      const timer = setInterval(() => response.write('# x\n'), 20);
      response.on('close', () => clearInterval(timer));
    },
    'timeout',
    /no answer within 300 ms/,
  ],
  [
    'answers without bounds',
    (_, response) => {
      const fill = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) {}
      };
      response.on('drain', fill);
      fill();
    },
    'malformed',
    /more than 4194304 bytes/,
  ],
  [
    'hangs up in the middle',
    (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('sluice_flag_percent{rollout="violation-status"} 1');
      setTimeout(() => response.destroy(), 20);
    },
    'unreachable',
    /ECONNRESET/,
  ],
  [
    'answers garbage',
    (_, response) => response.end('<html>sluice_flag_percent</html>'),
    'malformed',
    /no usable metrics/,
  ],
  ['answers half a metric', (_, response) => response.end('\nsluice_flag_percent{rollout="'), 'malformed', /^line 2: /],
  ['answers 503', (_, response) => response.writeHead(503).end('sluice_flag_percent 1\n'), 'refused', /answered 503/],
] as readonly (readonly [string, RequestListener, string, RegExp])[]) {
  test(`a replica that ${what} is missing as ${why}, and the others are read`, async () => {
    await using other = await startOther(listener);
    const reading = await scrape([other.target, replica]);
    assert.ok(reading.kind === 'read');
    assert.deepEqual(
      reading.replicas.map((each) => each.replica),
      [replica],
    );
    assert.deepEqual(
      reading.missing.map((each) => [each.replica, each.why]),
      [[other.target, why]],
    );
    assert.match(reading.missing[0]?.detail ?? '', detail);
    const alone = await scrape([other.target]);
    assert.ok(alone.kind === 'failed' && alone.why === why, 'where none says anything, the reading failed');
  });
}

test('a replica that is not there is missing, and a name that resolves to nothing', async () => {
  const { target, ...gone } = await startOther(() => {});
  await gone[Symbol.asyncDispose]();
  const reading = await scrape([target, replica, 'dns:nowhere.invalid:8081']);
  assert.ok(reading.kind === 'read' && reading.replicas.length === 1);
  assert.deepEqual(reading.missing.map((each) => each.replica).toSorted(), [target, 'nowhere.invalid:8081'].toSorted());
  assert.match(reading.missing.find((each) => each.replica === target)?.detail ?? '', /ECONNREFUSED/);
});

test('a replica that several targets lead to is asked and counted once', async () => {
  const reading = await scrape([replica, `http://${replica}/metrics`, `dns:localhost:${service.adminPort}`]);
  assert.ok(reading.kind === 'read');
  assert.deepEqual(
    reading.replicas.map((each) => each.replica),
    [replica],
  );
});

test('a reading that is ended says so at once, and asks no more', async () => {
  await using other = await startOther(() => {});
  const startedAt = performance.now();
  const reading = await scrape([other.target, replica], AbortSignal.timeout(30));
  assert.deepEqual([reading.kind, (reading as { why?: string }).why], ['failed', 'timeout']);
  assert.ok(performance.now() - startedAt < TIMEOUT_MS - 50);
  const asked = other.requests();
  assert.equal((await scrape([other.target], AbortSignal.abort())).kind, 'failed');
  assert.equal(other.requests(), asked);
});

test('closing ends a reading that waits', async () => {
  await using other = await startOther(() => {});
  const source = createScrapeSource({ rollout: ROLLOUT, targets: [other.target], timeoutMs: 60_000, clock });
  const reading = source.read(never);
  await until('it was asked', () => other.requests() === 1);
  await source.close();
  assert.equal((await reading).kind, 'failed');
});

test('keeps its connections, and a replica that closed one meanwhile is not missing for it', async () => {
  const page = (await service.admin('/metrics')).text;
  let closing = false;
  await using other = await startOther((request, response) => {
    if (closing) {
      closing = false;
      request.socket.destroy();
    } else {
      response.end(page);
    }
  });
  const source = createScrapeSource({ rollout: ROLLOUT, targets: [other.target], timeoutMs: TIMEOUT_MS, clock });
  for (let at = 0; at < 3; at += 1) {
    assert.equal((await source.read(never)).kind, 'read');
    await sleep(5);
  }
  assert.equal(other.connections, 1);
  closing = true;
  assert.equal((await source.read(never)).kind, 'read');
  await source.close();
});

test('many replicas that hang do not keep the others from being read', async () => {
  await using other = await startOther(() => {}, '0.0.0.0');
  const port = Number(other.target.split(':')[1]);
  const hanging = Array.from({ length: 200 }, (_, at) => ({ address: `127.0.0.${at + 2}`, family: 4 }));
  const source = createScrapeSource({
    rollout: ROLLOUT,
    targets: [`dns:replicas:${port}`, replica],
    timeoutMs: TIMEOUT_MS,
    clock,
    lookup: async () => hanging,
  });
  const reading = await source.read(never);
  assert.ok(reading.kind === 'read');
  assert.deepEqual([reading.replicas.length, reading.missing.length], [1, 200]);
  assert.ok(reading.missing.every(({ why }) => why === 'timeout'));
  await source.close();
});
