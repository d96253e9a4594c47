import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Lock, lockProblems, readAudit } from '../../scripts/audit.ts';
import { fuzzed } from './support/runs.ts';
import { hostileJson } from './support/values.ts';

const lock = JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8')) as Lock;

test('the lock file pins every package by its hash, names no host, and production has known licences', () => {
  assert.ok(Object.keys(lock.packages).length > 100);
  assert.deepEqual(lockProblems(lock), []);
});

test('a lock file that lacks a hash, names a host or brings another licence is reported', () => {
  const [name, good] = Object.entries(lock.packages).find(([path, { dev }]) => path !== '' && !dev) as [string, object];
  const said = (changes: object) => lockProblems({ packages: { [name]: { ...good, ...changes } } });
  assert.deepEqual(said({ integrity: undefined }), [`${name} has no sha512 integrity.`]);
  assert.deepEqual(said({ integrity: 'sha1-abc' }), [`${name} has no sha512 integrity.`]);
  assert.deepEqual(said({ resolved: 'somewhere' }), [`${name} names where it was downloaded from.`]);
  assert.deepEqual(said({ license: 'GPL-3.0' }), [`${name} has the licence GPL-3.0.`]);
  assert.deepEqual(said({ license: 'GPL-3.0', dev: true }), []);
});

test('a report is an answer, and its high and critical advisories are named', () => {
  const counts = { low: 1, moderate: 0, high: 1, critical: 0 };
  const vulnerabilities = { a: { severity: 'high' }, b: { severity: 'low' } };
  const printed = JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: counts } });
  assert.deepEqual(readAudit(printed), { kind: 'answered', counts, severe: ['a (high)'] });
});

test('an audit that was not answered is never a clean one, and says why without a host', () => {
  const refused = readAudit(JSON.stringify({ message: '405 Method Not Allowed - POST https://registry.example/x' }));
  assert.deepEqual(refused, { kind: 'unanswered', why: '405 Method Not Allowed - POST' });
  const printed = fc.oneof(
    hostileJson.map((value) => JSON.stringify(value)),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(printed, (each) => readAudit(each).kind === 'unanswered'),
    fuzzed(200),
  );
});
