import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RecordResult, RepairError } from '../../consistency/repair.ts';
import { createPaint } from '../terminal/output.ts';
import { type Begun, showResults } from './repair-results.ts';

const RECORD = { id: '1', status: 'pending', notes: null, handled_by: null, handled_at: null, version: 3 };
const repaired = (violationId: string): RecordResult => ({
  violationId,
  result: 'repaired',
  before: RECORD,
  after: { ...RECORD, status: 'resolved', version: 4 },
  why: [{ field: 'status', text: 'what its last change, 3, left' }],
});

async function show(results: readonly (RecordResult | RepairError)[], { json = false, msEach = 0 } = {}) {
  const printed = { out: '', err: '' };
  let nowMs = 0;
  async function* come() {
    for (const result of results) {
      nowMs += msEach;
      if (result instanceof RepairError) {
        throw result;
      }
      yield result;
    }
  }
  const begun: Begun = {
    action: 'repair',
    check: 'c',
    repair: 'r',
    apply: true,
    records: results.length,
    results: come(),
    head: 'Repair r:',
    next: 'To undo it: …',
  };
  const output = {
    out: (text: string) => {
      printed.out += text;
    },
    err: (text: string) => {
      printed.err += text;
    },
    paint: createPaint(false),
  };
  const ended = await showResults(begun, { output, json, nowMs: () => nowMs }).catch((error: Error) => error.message);
  return { ended, ...printed };
}

test('a long repair says each ten seconds how far it is, on stderr', async () => {
  const results = ['1', '2', '3', '4', '5'].map(repaired);
  const { err } = await show(results, { msEach: 5_000 });
  assert.equal(err, '2 of 5 records: 2 repaired\n4 of 5 records: 4 repaired\n');
  assert.equal((await show(results, { msEach: 1_000 })).err, '');
  assert.equal((await show(results, { msEach: 5_000, json: true })).err, '');
});

test('what was done is printed before what ended it', async () => {
  const away = new RepairError('unreachable', 'The database was not reached: gone.');
  const { ended, out, err } = await show([repaired('1'), away]);
  assert.equal(ended, away.message);
  assert.match(out, /^Repair r:\nrecord 1: repaired\n(.|\n)*\n1 repaired\.\nTo undo it: …\n$/);
  assert.equal(err, 'Ended after 1 of 2 records. The same command goes on with the rest.\n');
  const { records, interrupted } = JSON.parse((await show([repaired('1'), away], { json: true })).out);
  assert.deepEqual([records.length, interrupted], [1, true]);
});

test('what nothing was done about has no way back', async () => {
  const refused: RecordResult = {
    ...repaired('1'),
    result: 'refused',
    after: undefined,
    why: 'the record no longer exists',
  };
  const { ended, out } = await show([refused]);
  assert.deepEqual(ended, { refused: 1, interrupted: false });
  assert.equal(out, 'Repair r:\nrecord 1: refused: the record no longer exists\n\n1 refused.\n');
});
