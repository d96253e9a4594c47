import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VerificationRequest } from '../../contract/schemas.ts';
import { readVerification } from './reported.ts';

type Check = VerificationRequest['checks'][number];
const check = (path: Check['path'], result: Check['result']): Check => ({ name: 'a', path, result, detail: '', ms: 1 });
const read = (checks: readonly Check[], served = 5) =>
  readVerification({ actor: 'ana', target: 'http://a/', percent: 5, checks: [...checks] }, served);
const verdict = (...checks: Check[]) => read(checks).verdict;

describe('checks of a stage', () => {
  test('pass it where none failed and the domain path was checked', () => {
    assert.equal(verdict(check('domain', 'passed'), check('legacy', 'passed'), check('domain', 'skipped')), 'passed');
  });

  test('fail it where any failed, on whichever path', () => {
    assert.equal(verdict(check('domain', 'passed'), check('legacy', 'failed')), 'failed');
    assert.equal(verdict(check('domain', 'failed')), 'failed');
  });

  test('say nothing of it where the domain path was left out: what was found before stands', () => {
    assert.equal(verdict(check('legacy', 'passed'), check('domain', 'skipped')), undefined);
    assert.equal(verdict(check('domain', 'skipped')), undefined);
  });

  test('say nothing of a stage that was entered while they ran, and the journal says so', () => {
    const { verdict, note } = read([check('domain', 'passed')], 10);
    assert.deepEqual([verdict, note.from, note.to], [undefined, 5, 5]);
    assert.match(note.text, /^Verified at 5 % .*The rollout is at 10 % by now/);
  });
});

test('the journal has how many passed, failed and were skipped, on which paths, and each check', () => {
  const checks = [check('domain', 'passed'), check('legacy', 'failed'), check('legacy', 'skipped')];
  const { note } = read(checks);
  assert.equal(note.text, 'Verified at 5 % by ana: 1 passed, 1 failed, 1 skipped (domain, legacy).');
  const counts = { passed: 1, failed: 1, skipped: 1 };
  assert.deepEqual(note.details, { target: 'http://a/', paths: ['domain', 'legacy'], ...counts, checks });
});
