import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { statusFixture } from '../../../test/support/status-fixture.ts';
import { createHttpServer } from '../../kit/http/server.ts';
import { systemClock } from '../../kit/time.ts';
import type { ReadersAnswer } from '../readers/readers.ts';
import { createControllerApi } from './routes.ts';

/** What the routes asked for, instead of an engine that does it. */
let asked: unknown[] = [];
const ANSWERED: ReadersAnswer = { kind: 'answered', body: new TextEncoder().encode('# 进展') };
let answer: ReadersAnswer = ANSWERED;
beforeEach(() => {
  asked = [];
  answer = ANSWERED;
});
const note =
  <T>(what: string, answer: T) =>
  (...given: unknown[]) => {
    asked.push([what, ...given]);
    return answer;
  };

const server = createHttpServer();
let url: string;
before(async () => {
  const done = Promise.resolve({ kind: 'done', text: 'done' } as const);
  const api = createControllerApi({
    rollout: 'violation-status',
    token: 'a-token-for-tests-only',
    loop: {
      command: note('command', done),
      alerted: note('alerted', Promise.resolve(1)),
      listen: () => () => {},
      verified: note('verified', done),
      checked: note('checked', done),
    },
    measuring: { listen: () => () => {} },
    status: statusFixture,
    statusJson: () => JSON.stringify(statusFixture()),
    readers: (question) => {
      asked.push(question);
      return answer;
    },
    metrics: { countUnauthorized: note('unauthorized', undefined) },
    ready: () => true,
    addConsole: () => {},
    registry: new Registry(),
    log: pino({ level: 'silent' }),
    clock: { ...systemClock, now: () => Date.UTC(2026, 0, 2, 12, 0, 7) },
  });
  server.handle(api.callback());
  url = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
});
after(() => server.close());

for (const [target, expected] of [
  ['history', { kind: 'history', limit: 50 }],
  ['history?limit=1000', { kind: 'history', limit: 1_000 }],
  ['measurements', { kind: 'measurements', fromMs: Date.UTC(2026, 0, 2, 11) }],
  ['measurements?since=2026-01-02T03:04:05%2B01:00', { kind: 'measurements', fromMs: Date.UTC(2026, 0, 2, 2, 4, 5) }],
  ['report', { kind: 'report', language: 'en', format: 'md' }],
  ['report?lang=zh&format=html&unknown=1', { kind: 'report', language: 'zh', format: 'html' }],
] as const) {
  test(`GET /api/${target} asks for ${JSON.stringify(expected)}`, async () => {
    assert.equal((await fetch(`${url}/api/${target}`)).status, 200);
    assert.deepEqual(asked, [expected]);
  });
}

for (const [target, wrong] of [
  ['history?limit=0', ['limit', '0', 'a whole number from 1 to 1000']],
  ['history?limit=1001', ['limit', '1001', 'a whole number from 1 to 1000']],
  ['history?limit=5&limit=6', ['limit', 'more than once', 'a whole number from 1 to 1000']],
  ['measurements?since=yesterday', ['since', 'yesterday', /^a time such as 1970/]],
  ['measurements?since=2026-13-01T00:00:00Z', ['since', '2026-13-01T00:00:00Z', /^a time such as 1970/]],
  ['report?lang=fr', ['lang', 'fr', 'en, zh']],
  ['report?format=pdf', ['format', 'pdf', 'md, html']],
] as const) {
  test(`GET /api/${target} is refused with what came and what is allowed`, async () => {
    const answer = await fetch(`${url}/api/${target}`);
    assert.equal(answer.status, 400);
    const { type, errors } = (await answer.json()) as { type: string; errors: Record<string, string>[] };
    assert.equal(type, 'urn:sluice:problem:invalid-parameters');
    const [{ parameter, came, allowed } = {}] = errors;
    assert.deepEqual([parameter, came], [wrong[0], wrong[1]]);
    assert.match(String(allowed), wrong[2] instanceof RegExp ? wrong[2] : new RegExp(`^${wrong[2]}$`));
    assert.deepEqual(asked, []);
  });
}

test('a report is answered as what it is, byte by byte, whatever asked for it first', async () => {
  const answered = await fetch(`${url}/api/report?format=html`);
  assert.equal(answered.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(answered.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  assert.equal(await answered.text(), '# 进展');
});

for (const [kind, why] of [
  ['busy', /^Too many readers at once: 16 wait\.$/],
  ['failed', /^The answer could not be computed: 16 wait\.$/],
] as const) {
  test(`a reader of an answer that is ${kind} learns when to ask again, and why`, async () => {
    answer = { kind, why: '16 wait' };
    for (const path of ['history', 'measurements', 'report']) {
      const refused = await fetch(`${url}/api/${path}`);
      assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
      assert.match(((await refused.json()) as { detail: string }).detail, why);
    }
  });
}

test('every change needs the token and no read does; the document says so, and it is so', async () => {
  const document = (await (await fetch(`${url}/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown }>>;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
  );
  assert.equal(operations.length, 9);
  for (const { path, method, security } of operations) {
    assert.deepEqual(security, method === 'get' ? undefined : [{ token: [] }], path);
    const { status, body } = await fetch(url + path, { method });
    await body?.cancel();
    assert.equal(status, method === 'get' ? 200 : 401, path);
  }
  assert.ok(asked.every((each) => !['command', 'alert', 'verified', 'checked'].includes((each as string[])[0] ?? '')));
});
