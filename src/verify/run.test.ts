import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { STATUSES } from '../violations/violation.ts';
import { type CheckResult, skipPath, verifyPath } from './run.ts';
import type { Answer, Target } from './target.ts';

const ID = '9100000000000000007';
const UNKNOWN = '9100000000000000009';
/** Its time stands still. */
const clock = { monotonic: () => 0, sleep: async () => {} };

/** A service in memory, with a record, that does everything right but what a test breaks. */
type Broken = {
  readonly body?: (right: string) => string;
  readonly type?: string;
  readonly path?: string;
  readonly keeps?: (row: Row, change: Partial<Row>) => Partial<Row>;
  readonly accepts?: string;
  readonly problem?: (right: string) => string;
  readonly unknown?: { readonly status: number; readonly decision: string };
  readonly requestId?: string;
  readonly mend?: () => void;
  readonly faults?: 'denied';
};
type Row = { status: string; notes: string | null; handled_by: string | null; handled_at: string; version: number };

function service(broken: Broken = {}): Target & { readonly isBroken: () => boolean } {
  let row: Row = {
    status: 'pending',
    notes: null,
    handled_by: null,
    handled_at: new Date(0).toISOString(),
    version: 0,
  };
  let clockMs = 0;
  let fails = false;
  const answer = (status: number, text: string, headers: Record<string, string>): Answer => ({
    status,
    text,
    header: (name) => headers[name] ?? null,
  });
  const problem = (status: number, detail: string, headers: Record<string, string> = {}) => {
    const text = JSON.stringify({ status, detail });
    return answer(status, broken.problem?.(text) ?? text, { 'content-type': 'application/problem+json', ...headers });
  };
  return {
    isBroken: () => fails,
    read: async () => answer(200, JSON.stringify({ id: 0, ...row }).replace('"id":0', `"id":${ID}`), {}),
    update: async (id, query, given = {}) => {
      const asked = new URLSearchParams(query);
      const status = asked.get('status') ?? '';
      const served = { 'rollout-path': broken.path ?? 'domain', 'rollout-decision': 'rollout' };
      if (!(STATUSES as readonly string[]).includes(status) && status !== broken.accepts) {
        return problem(400, 'status: allowed: pending');
      }
      if (id !== ID) {
        const { status: code, decision } = broken.unknown ?? { status: 404, decision: 'rollout' };
        return problem(code, `There is no violation ${id}.`, { ...served, 'rollout-decision': decision });
      }
      clockMs += 10;
      const change = {
        status,
        notes: asked.get('notes') ?? row.notes,
        handled_by: asked.get('handled_by') ?? row.handled_by,
        handled_at: new Date(clockMs).toISOString(),
        version: row.version + 1,
      };
      row = { ...change, ...broken.keeps?.(row, change) };
      const text = `{"ok":true,"violation_id":${id},"status":"${status}"}`;
      return answer(200, broken.body?.(text) ?? text, {
        'content-type': broken.type ?? 'application/json; charset=utf-8',
        ...(fails ? { 'rollout-path': 'legacy', 'rollout-decision': 'fallback' } : served),
        'x-request-id': broken.requestId ?? given['X-Request-Id'] ?? '',
      });
    },
    breakDomain: async (isBroken) => {
      if (!isBroken) {
        broken.mend?.();
      }
      fails = isBroken && broken.faults !== 'denied';
      return broken.faults !== 'denied';
    },
  };
}

async function results(target: Target, signal = new AbortController().signal): Promise<CheckResult[]> {
  const reported: CheckResult[] = [];
  await verifyPath(
    { target, clock, path: 'domain', id: ID, unknownId: UNKNOWN, force: '' },
    (each) => reported.push(each),
    signal,
  );
  return reported;
}
const failures = async (broken: Broken) => (await results(service(broken))).filter(({ result }) => result === 'failed');

test('a service that does everything right passes every check, the fallback too, and its fault is ended', async () => {
  const target = service();
  const reported = await results(target);
  assert.deepEqual(
    reported.filter(({ result }) => result !== 'passed'),
    [],
  );
  assert.equal(new Set(reported.map(({ name }) => name)).size, reported.length, 'each check has a name of its own');
  assert.equal(target.isBroken(), false);
});

describe('the checks find a service that', () => {
  const wrong: readonly (readonly [what: string, broken: Broken, finds: RegExp])[] = [
    ['loses digits of the id', { body: (text) => text.replace(ID, String(Number(ID))) }, /to the letter/],
    ['answers with one key more', { body: (text) => text.replace('}', ',"a":1}') }, /to the letter/],
    ['answers with the keys in another order', { body: (text) => `{"status":${text.slice(1, -1)}}` }, /to the letter/],
    ['answers with another content type', { type: 'text/html' }, /to the letter/],
    ['serves the record by the other path', { path: 'legacy' }, /to the letter/],
    ['acknowledges a status that it does not write', { keeps: ({ status }) => ({ status }) }, /status .* is written/],
    ['loses notes', { keeps: ({ notes }) => ({ notes }) }, /notes and handled_by are written/],
    [
      'empties handled_by that is not given',
      { keeps: (row, { notes }) => (notes === row.notes ? { handled_by: '' } : {}) },
      /are kept/,
    ],
    ['never changes notes again', { keeps: ({ notes }) => (notes === null ? {} : { notes }) }, /are changed/],
    ['does not move handled_at', { keeps: ({ handled_at }) => ({ handled_at }) }, /handled_at moves/],
    ['counts a write twice', { keeps: ({ version }) => ({ version: version + 2 }) }, /applied, each once/],
    ['takes an invalid status', { accepts: 'no_such_status' }, /invalid status/],
    ['takes a missing status', { accepts: '' }, /missing status/],
    ['does not say which parameter is wrong', { problem: () => '{"status":400}' }, /missing status/],
    [
      'shows a stack trace',
      { problem: (text) => text.replace('"}', String.raw`\n    at update (/srv/a.py)"}`) },
      /invalid status/,
    ],
    ['knows an unknown id', { unknown: { status: 200, decision: 'rollout' } }, /unknown id/],
    ['falls back for an unknown id', { unknown: { status: 404, decision: 'fallback' } }, /unknown id/],
    ['gives another request id', { requestId: 'mine' }, /request id/],
  ];
  for (const [what, broken, finds] of wrong) {
    test(what, async () => {
      const found = await failures(broken);
      assert.ok(
        found.some(({ name, detail }) => finds.test(name) && detail !== ''),
        `found ${found.map(({ name }) => name).join(', ') || 'nothing'}`,
      );
    });
  }
});

describe('the fallback', () => {
  const NAME = /^fallback/;
  test('is left out without an admin port, and where faults are not allowed', async () => {
    for (const target of [{ ...service(), breakDomain: undefined }, service({ faults: 'denied' })]) {
      const fallback = (await results(target)).find(({ name }) => NAME.test(name));
      assert.equal(fallback?.result, 'skipped');
      assert.match(fallback?.detail ?? '', /FAULT_INJECTION/);
    }
  });

  test('that was checked with a fault that cannot be ended is reported with how to end it', async () => {
    const mend = () => {
      throw new Error('away');
    };
    const [found] = await failures({ mend });
    assert.match(found?.name ?? '', NAME);
    assert.match(found?.detail ?? '', /^away; .*DELETE \/faults/);
  });
});

test('a service that does not answer fails each check with the reason, and ends none of the others', async () => {
  const away = async (): Promise<Answer> => {
    throw new Error('ECONNREFUSED');
  };
  const reported = await results({ read: away, update: away, breakDomain: undefined });
  assert.equal(reported.length, (await results(service())).length);
  assert.ok(reported.every(({ result, detail }) => result === 'skipped' || detail === 'ECONNREFUSED'));
});

test('interrupted, the check under way is not reported: what was cut off says nothing of the service', async () => {
  const stop = new AbortController();
  const reported: CheckResult[] = [];
  const subject = { target: service(), clock, path: 'domain', id: ID, unknownId: UNKNOWN, force: '' } as const;
  const update: Target['update'] = (...asked) => {
    if (reported.length === 2) {
      stop.abort();
    }
    return subject.target.update(...asked);
  };
  const work = verifyPath(
    { ...subject, target: { ...subject.target, update } },
    (each) => reported.push(each),
    stop.signal,
  );
  await assert.rejects(work, { name: 'AbortError' });
  assert.equal(reported.length, 2);
});

test('a path that cannot be reached has each of its checks skipped with the reason, the fallback for domain only', () => {
  const skip = (path: 'domain' | 'legacy') => {
    const reported: CheckResult[] = [];
    skipPath(path, 'no way there', (each) => reported.push(each));
    assert.ok(reported.every(({ result, detail }) => result === 'skipped' && detail === 'no way there'));
    return reported.map(({ name }) => name);
  };
  assert.deepEqual(
    skip('domain').filter((name) => !skip('legacy').includes(name)),
    ['fallback: legacy answers where domain fails'],
  );
});
