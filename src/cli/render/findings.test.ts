import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Check } from '../../consistency/check.ts';
import type { Finding } from '../../consistency/finding.ts';
import { createPaint } from '../terminal/output.ts';
import { describeFinding, renderFindings, renderVerdict } from './findings.ts';

const PLAIN = createPaint(false);
const seen = { id: '42', status: 'pending', notes: null, handled_by: null, handled_at: null, version: 3 };
const finding = (given: Partial<Finding>): Finding => ({
  violationId: '42',
  version: 3,
  kind: 'broken-chain',
  field: 'status',
  expected: 'confirmed',
  actual: 'pending',
  seen,
  ...given,
});
const check = (findings: number, since: string | null = null): Check => ({
  id: 'the-check',
  rollout: 'violation-status',
  actor: 'ana',
  since,
  progress: { doneThrough: '9', records: 1_000_000, changes: 1_234_567, findings },
  isFinished: true,
});

test('the verdict is one line that says what was looked at', () => {
  const none = { violations: 0, held: 0 };
  assert.equal(
    renderVerdict(check(0), none, 12_000),
    'Consistent: 1,000,000 records and 1,234,567 changes in 12 s; check the-check.',
  );
  assert.equal(
    renderVerdict(check(3), { violations: 2, held: 3 }, 12_000),
    '3 findings in 2 of 1,000,000 records: 1,000,000 records and 1,234,567 changes in 12 s; check the-check.',
  );
  const isHeld = (held: number) => renderVerdict(check(3), { violations: 2, held }, 12_000);
  assert.match(isHeld(1), /^3 findings in 2 of 1,000,000 records, 1 of which may be domain's doing in this rollout: /);
  assert.match(isHeld(0), /records, none of which may be domain's doing in this rollout: /);
  const empty = {
    ...check(0, '2026-03-01T00:00:00.000Z'),
    progress: { doneThrough: '0', records: 0, changes: 0, findings: 0 },
  };
  assert.equal(
    renderVerdict(empty, none, 5),
    'There was nothing to check: 0 records and 0 changes since 2026-03-01T00:00:00.000Z in 5 ms; check the-check.',
  );
});

test('each kind of finding is a sentence with the change, what was expected and what is there', () => {
  const sentences: [Partial<Finding>, string][] = [
    [{ kind: 'record-differs', version: 0 }, 'the record\'s status is "pending"; its last change left "confirmed"'],
    [
      { kind: 'record-differs', version: 0, field: 'version', expected: '3', actual: '1' },
      'the record counts 1 change; its history has 3',
    ],
    [
      { kind: 'applied-twice', field: 'version', expected: '1', actual: '2' },
      'change 3 is there 2 times; expected once',
    ],
    [
      { kind: 'applied-twice', field: 'write_id', expected: '7/2', actual: 'w' },
      'change 3 has the write id "w", which change 2 of violation 7 has already',
    ],
    [
      { kind: 'history-gap', field: 'version', expected: '3', actual: '2' },
      'change 3 is missing; expected 3 changes by then, and there are 2',
    ],
    [
      { kind: 'history-gap', version: 2, field: 'version', expected: '4', actual: '1' },
      'changes 2 to 4 are missing; expected 4 changes by then, and there is 1',
    ],
    [
      { kind: 'history-gap', version: -3, field: 'version', expected: '1', actual: '-3' },
      'a change counts as -3; they count from 1',
    ],
    [{}, 'change 3 began from status "pending"; the change before it left "confirmed"'],
    [
      { kind: 'handled-at-backwards', field: 'handled_at', expected: 'later', actual: null },
      'change 3 left handled_at empty; it was "later" before',
    ],
    [{ kind: 'unknown-status', expected: 'a, b', actual: 'c' }, 'change 3 left status "c"; known are a, b'],
    [
      { kind: 'unknown-status', version: 0, expected: 'a, b', actual: 'c' },
      'the record\'s status is "c"; known are a, b',
    ],
    [
      { kind: 'value-lost', field: 'notes', expected: 'mine', actual: null },
      'change 3 left notes empty; it was "mine" before',
    ],
  ];
  for (const [given, sentence] of sentences) {
    assert.equal(describeFinding(finding(given)), sentence);
  }
});

test('what others wrote can neither steer a terminal nor fill it', () => {
  const sentence = describeFinding(finding({ actual: `\u001b[2J\u202e"x"\n${'y'.repeat(2_000)}` }));
  assert.match(sentence, /^change 3 began from status " \[2J \\"x\\" y+…"; the change before it left "confirmed"$/);
  assert.ok(sentence.length < 150);
});

test('findings stand below their record, fifty at most, and then where the others are and what to do', () => {
  const findings = Array.from({ length: 60 }, (_, at) =>
    finding({ violationId: String(1 + Math.floor(at / 2)), version: at }),
  );
  const [first, second] = findings as [Finding, Finding];
  const gone = { ...first, violationId: '0', seen: undefined };
  const lines = renderFindings(check(1_060), { findings: [gone, ...findings] }, PLAIN);
  assert.deepEqual(lines.slice(0, 5), [
    'violation 0, of which only the history is left',
    `  ${describeFinding(gone)}`,
    'violation 1',
    `  ${describeFinding(first)}`,
    `  ${describeFinding(second)}`,
  ]);
  assert.equal(lines.filter((line) => line.startsWith('  ')).length, 50);
  assert.deepEqual(lines.slice(-2), [
    '1,010 more findings in table consistency_findings, check_id the-check.',
    'What a repair would do: sluice consistency repair --check the-check',
  ]);
});
