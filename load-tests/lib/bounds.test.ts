import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readChoice, readLoad, readSeconds, readWhole } from './bounds.ts';
import { readUrls } from './targets.ts';

test('a load is bounded in rate, time and number', () => {
  assert.deepEqual(readLoad('20', '2m'), { ratePerSecond: 20, seconds: 120 });
  for (const rate of ['0', '1001', '1.5', '-1', '1e2', '']) {
    assert.throws(() => readLoad(rate, '1s'), /RATE is .*; allowed: a whole number from 1 to 1000/);
  }
  assert.throws(() => readLoad('1000', '301s'), /301000 requests; allowed: up to 300000/);
});

test('a load that grows is bounded by what it grows to', () => {
  assert.deepEqual(readLoad('100', '300s', 10), { ratePerSecond: 100, seconds: 300 });
  assert.throws(() => readLoad('101', '1s', 10), /from 1 to 100/);
  assert.throws(() => readLoad('100', '301s', 10), /301000 requests/);
});

test('a time is whole seconds or minutes, up to four hours', () => {
  assert.equal(readSeconds('DURATION', '240m'), 14_400);
  for (const text of ['0s', '241m', '30', '1h', '1.5s', '']) {
    assert.throws(() => readSeconds('DURATION', text), /DURATION is /);
  }
});

test('what is wrong is named with what is allowed', () => {
  assert.throws(() => readWhole('CLIENTS', 'ten', { lowest: 1, highest: 50 }), {
    message: 'CLIENTS is ten; allowed: a whole number from 1 to 50.',
  });
  assert.throws(() => readChoice('FAULT', 'fire', ['latency', 'errors']), {
    message: 'FAULT is fire; allowed: latency, errors.',
  });
});

test('loopback is always allowed, and anything else only where somebody says so', () => {
  const read = (list: string | undefined, allowRemote?: string) => readUrls({ name: 'BASE_URLS', list, allowRemote });
  const loopback = ['http://127.0.0.1:8080', 'http://localhost:1', 'https://[::1]:8443'];
  assert.deepEqual(read(`${loopback.join('/ , ')},`), loopback);
  for (const url of [
    'http://10.0.0.1',
    'http://127.0.0.1.example.org',
    'http://localhost@example.org',
    'http://sluice',
  ]) {
    assert.throws(() => read(`http://localhost,${url}`), /is not on loopback; ALLOW_REMOTE=yes allows it/);
    assert.throws(() => read(url, 'true'), /is not on loopback/);
    assert.deepEqual(read(url, 'yes'), [url]);
  }
  for (const nothing of [undefined, '', ' , ']) {
    assert.throws(() => read(nothing), /BASE_URLS is missing/);
  }
});
