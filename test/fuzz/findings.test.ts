import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { parseMetrics } from '../../src/controller/signals/metrics-text.ts';
import { readReplicas } from '../../src/controller/signals/prometheus-replicas.ts';
import { until } from '../../src/dev/until.ts';
import { editFlag } from '../../src/flagd/flag-edit.ts';
import { lintFlagsText } from '../../src/flagd/lint.ts';
import { addReading, beginEvidence } from '../../src/rollout/evidence.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import { PlanError } from '../../src/rollout/plan-problems.ts';
import { judge } from '../../src/rollout/verdict.ts';
import { onlyAnswer } from './support/answers.ts';
import { nested } from './support/bounds.ts';
import { type FuzzedController, startFuzzedController } from './support/controller.ts';
import { bytesOf, exchange } from './support/raw-http.ts';
import { HEADERS } from './support/request.ts';

/** What fuzzing has found, at its smallest: mended, and to stay so. */
const PLAN = `rollout: r
flag: f
stages: [{ percent: 5, observe: 5m }]
guards: [{ name: checks, measure: mismatches, limit: 0, onBreach: off }]
`;

describe('the controller', () => {
  let controller: FuzzedController;
  before(async () => {
    controller = await startFuzzedController();
  });
  after(() => controller[Symbol.asyncDispose]());

  for (const method of ['PUT', 'PROPFIND']) {
    test(`answers 405 to ${method} with problem details of that status`, async () => {
      const request = { method, target: '/api/status', headers: HEADERS, body: undefined, chunked: false };
      assert.equal((await controller.ask(request)).status, 405);
    });
  }

  for (const path of ['/api/commands', '/api/alerts']) {
    test(`answers 400 to deep nesting at ${path}`, async () => {
      const body = `{"command":${nested(8_000, '[', ']')},"alerts":${nested(100, '[', ']')}}`;
      const deep = path === '/api/alerts' ? `{"version":"4","alerts":${nested(100_000, '[', ']')}}` : body;
      assert.equal((await controller.post(path, deep)).status, 400);
    });
  }

  test('answers HEAD of the stream', async () => {
    const request = { method: 'HEAD', target: '/api/stream', headers: HEADERS, body: undefined, chunked: false };
    onlyAnswer(await exchange(controller.port, bytesOf(request), { bodiless: true, withinMs: 1_000 }));
  });

  for (const [what, head] of [
    ['no Host', 'Connection: close'],
    ['an expectation that nobody meets', 'Host: x\r\nConnection: close\r\nExpect: x'],
    ['a method that is none', 'Host: x'],
  ] as const) {
    test(`answers a request with ${what} as problem details with its id`, async () => {
      const method = what.startsWith('a method') ? 'NONE' : 'GET';
      onlyAnswer(await exchange(controller.port, Buffer.from(`${method} /api/status HTTP/1.1\r\n${head}\r\n\r\n`)));
    });
  }

  // Last: what it does to the journal lasts as long as the controller.
  for (const [what, actor] of [
    ['NUL', 'a\u0000'],
    ['half a character', 'a\ud800'],
  ] as const) {
    test(`a text with ${what} does not keep the journal from being written`, async () => {
      await controller.post('/api/commands', JSON.stringify({ command: 'start', actor, reason: '' }));
      await controller.post('/api/commands', '{"command":"rollback","actor":"a","reason":""}');
      await until('the journal has it', async () => (await controller.status()).controller.buffered === 0, 2_500);
    });
  }
});

describe('flags', () => {
  const rule = nested(5_000, '{"!":[', ']}', '1');
  const deep = `{"flags":{"f":{"state":"ENABLED","variants":{"off":0,"p5":5},"defaultVariant":"p5","targeting":${rule}}}}`;

  test('lint of deep nesting does not throw', () => {
    lintFlagsText(deep, { flagKey: 'f' });
  });

  test('deep nesting does not keep a rollback out with an exception', () => {
    editFlag(deep, { flagKey: 'f', percent: 0, leaseUntilMs: undefined });
  });
});

describe('a plan', () => {
  test('has no limit without end', () => {
    const limit = `${'9'.repeat(400)}ms`;
    assert.throws(
      () => parsePlan(PLAN.replace('measure: mismatches, limit: 0', `measure: latency-p95, limit: ${limit}`)),
      PlanError,
    );
  });
});

describe('signals', () => {
  test('a replica that does not say when it began is no proof that nothing differed', () => {
    const page = 'sluice_consistency_checks_total{rollout="r",field="status",result="mismatch"} 7\n';
    const parsed = parseMetrics(page, 'r', 'a', 2_000);
    assert.ok(parsed.kind === 'read');
    const plan = parsePlan(PLAN);
    const look = { kind: 'read', replicas: [parsed.reading], missing: [] } as const;
    const evidence = addReading(plan, beginEvidence(plan, 1_000, 1), look, 2_000);
    assert.notEqual(judge(plan, 'scrape', evidence, 2_000)[0]?.kind, 'healthy');
  });

  test('many samples are no exception', () => {
    const values = Array.from({ length: 300_000 }, (_, at) => [at, '5'] as const);
    const ours = [{ metric: { __name__: 'sluice_flag_percent', rollout: 'r' }, values }];
    readReplicas({ rollout: 'r', ours, starts: [], up: [], maxAgeMs: 1_000, nowMs: 1_000 });
  });
});
