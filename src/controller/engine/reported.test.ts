import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VerificationRequest } from '../../contract/schemas.ts';
import { severityOf } from '../../rollout/event.ts';
import { readCheck, readVerification } from './reported.ts';

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

describe('a check of the data', () => {
  const BEGAN = Date.parse('2026-03-01T12:00:00.000Z');
  const examples = ['5', '7', '9'].map((id) => ({ violation_id: id, kind: 'record-differs', field: 'notes' }));
  const check = (held: object, { beganMs }: { beganMs?: number } = { beganMs: BEGAN }) => {
    const counts = { records: 10, changes: 20, findings: 3, examples };
    const id = '5f0c7a52-8f0e-4b53-9b42-6f0d9a4f9f10';
    return readCheck({ actor: 'ana', check: id, since: null, ...counts, ...held }, 25, beganMs);
  };
  const held = (findings: number, began: string | null = new Date(BEGAN).toISOString()) => ({
    held: { findings, began },
  });

  test('holds against domain what may be its doing since the rollout began, and names that; the rest is a note', () => {
    const { checked, note } = check(held(1));
    const rest = "2 findings not of domain's doing in this rollout";
    assert.deepEqual(checked, { findings: 1, changes: 20, detail: `violations 5; ${rest}: a note` });
    assert.match(
      note.text,
      /3 findings, in violations 5, 7, 9; 2 findings not of domain's doing .*, a note that lowers/,
    );
    assert.deepEqual(
      [severityOf(note), severityOf(check(held(0)).note), severityOf(check(held(3)).note)],
      ['warning', 'info', 'warning'],
    );
  });

  test('is held against domain whole where it does not say what is, or was made for a later beginning', () => {
    assert.equal(check({}).checked.findings, 3);
    assert.equal(check(held(0, '2026-03-01T12:00:00.001Z')).checked.findings, 3);
    assert.equal(check(held(0), {}).checked.findings, 3, 'the controller does not know when it began');
  });

  test('counts as made for an earlier beginning, or for all of the history, what it counted since then', () => {
    assert.equal(check(held(0, '2026-03-01T11:00:00.000Z')).checked.findings, 0);
    assert.equal(check(held(2, null)).checked.findings, 2);
  });
});
