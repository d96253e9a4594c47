import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createTarget, type Lookup } from './targets.ts';

const clock = createFakeClock();
const signal = new AbortController().signal;
const v4 = (address: string) => ({ address, family: 4 });
const v6 = (address: string) => ({ address, family: 6 });

async function found(text: string, lookup?: Lookup): Promise<unknown> {
  const resolved = await createTarget(text, { clock, timeoutMs: 50, lookup })(signal);
  return 'why' in resolved ? resolved : resolved.map(({ replica, url }) => [replica, url.href]);
}

test('reads the three forms of a target', async () => {
  assert.deepEqual(await found('replica-1:8081'), [['replica-1:8081', 'http://replica-1:8081/metrics']]);
  assert.deepEqual(await found('[::1]:8081'), [['[::1]:8081', 'http://[::1]:8081/metrics']]);
  assert.deepEqual(await found('http://a:1/x?y=z'), [['a:1', 'http://a:1/x?y=z']]);
  assert.deepEqual(await found('http://a/'), [['a:80', 'http://a/metrics']]);
  assert.deepEqual(await found('a:80'), [['a:80', 'http://a/metrics']]);
  assert.deepEqual(await found('dns:sluice.ns.svc:8081', async () => [v4('10.0.0.1'), v4('10.0.0.2')]), [
    ['10.0.0.1:8081', 'http://10.0.0.1:8081/metrics'],
    ['10.0.0.2:8081', 'http://10.0.0.2:8081/metrics'],
  ]);
  assert.deepEqual(await found('dns:a:1', async () => [v6('fd00::1')]), [
    ['[fd00::1]:1', 'http://[fd00::1]:1/metrics'],
  ]);
});

test('says which target is none, and what is allowed', () => {
  for (const text of [
    '',
    'a',
    'a:',
    ':1',
    'a:99999',
    'https://a:1',
    'ftp://a',
    'dns:a',
    'dns:a:99999',
    'dns::1',
    'a b:1',
  ]) {
    assert.throws(
      () => createTarget(text, { clock, timeoutMs: 50 }),
      (error: Error) => error.message.includes(`${JSON.stringify(text)}; allowed: host:port, http://`),
      text,
    );
  }
});

test('does not count a replica with addresses of both families twice', async () => {
  assert.deepEqual(await found('dns:a:1', async () => [v6('fd00::1'), v4('10.0.0.1')]), [
    ['10.0.0.1:1', 'http://10.0.0.1:1/metrics'],
  ]);
});

test('a name without addresses is unreachable, and says why', async () => {
  const missing = await found('dns:a:1', () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })));
  assert.deepEqual(missing, { replica: 'a:1', why: 'unreachable', detail: 'ENOTFOUND', ofSeveral: true });
  assert.equal(((await found('dns:a:1', async () => [])) as { why: string }).why, 'unreachable');
});

test('asks for a name once a second, and follows replicas that come, go and come back', async () => {
  let questions = 0;
  let answer: Lookup = async () => [v4('10.0.0.1')];
  const resolve = createTarget('dns:a:1', {
    clock,
    timeoutMs: 50,
    lookup: (name) => {
      questions += 1;
      return answer(name);
    },
  });
  const count = async () => {
    const resolved = await resolve(signal);
    return 'why' in resolved ? resolved.why : resolved.length;
  };
  assert.deepEqual([await count(), await count(), questions], [1, 1, 1]);
  await clock.advance(1_000);
  answer = async () => [v4('10.0.0.1'), v4('10.0.0.2')];
  assert.deepEqual([await count(), questions], [2, 2]);
  await clock.advance(1_000);
  answer = () => Promise.reject(new Error('gone'));
  assert.equal(await count(), 'unreachable');
  await clock.advance(1_000);
  answer = async () => [v4('10.0.0.3')];
  assert.equal(await count(), 1);
});

test('a resolver that hangs is waited for no longer than the timeout, and asked no second time meanwhile', async () => {
  let questions = 0;
  const resolve = createTarget('dns:a:1', {
    clock,
    timeoutMs: 20,
    lookup: () => {
      questions += 1;
      return new Promise(() => {});
    },
  });
  for (let at = 0; at < 3; at += 1) {
    const asked = resolve(signal);
    await clock.advance(19);
    assert.equal(clock.waiting(), 1);
    await clock.advance(1);
    assert.equal(((await asked) as { why: string }).why, 'timeout');
  }
  assert.equal(questions, 1);
  const reading = new AbortController();
  const ended = createTarget('dns:a:1', { clock, timeoutMs: 60_000, lookup: () => new Promise(() => {}) })(
    reading.signal,
  );
  reading.abort();
  assert.equal(((await ended) as { why: string }).why, 'timeout');
  assert.equal(clock.waiting(), 0);
});
