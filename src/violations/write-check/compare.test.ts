import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StatusUpdate, Violation } from '../violation.ts';
import { applyStatusUpdate, STATUSES } from '../violation.ts';
import { compareWrite } from './compare.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const text = fc.option(fc.string({ maxLength: 20 }), { nil: null });
const violation = fc.record<Violation>({
  id: fc.constant('42'),
  status: fc.constantFrom(...STATUSES),
  notes: text,
  handledBy: text,
  handledAt: fc.option(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2030-01-01') }), { nil: null }),
  version: fc.nat(1_000),
});
const update: fc.Arbitrary<StatusUpdate> = fc.record(
  {
    violationId: fc.constant('42'),
    status: fc.constantFrom(...STATUSES),
    notes: fc.string({ maxLength: 20 }),
    handledBy: fc.string({ maxLength: 20 }),
    requestId: fc.constant('request'),
    writeId: fc.constant('write'),
  },
  { requiredKeys: ['violationId', 'status', 'requestId', 'writeId'] },
);

const differing = (before: Violation, after: Violation, command: StatusUpdate) =>
  compareWrite({ path: 'legacy', before, after, writtenAt: NOW }, command)
    .filter(({ matches }) => !matches)
    .map(({ field }) => field);

test('what the rule itself wrote, a moment before, matches in every field', () => {
  fc.assert(
    fc.property(violation, update, fc.nat(4_000), (before, command, earlierMs) => {
      const after = applyStatusUpdate(before, command, new Date(NOW.getTime() - earlierMs));
      assert.deepEqual(differing(before, after, command), []);
    }),
  );
});

test('each field that was written otherwise is named, with both values', () => {
  fc.assert(
    fc.property(violation, update, (before, command) => {
      const after = applyStatusUpdate(before, command, NOW);
      const other = STATUSES.find((status) => status !== after.status) as (typeof STATUSES)[number];
      assert.deepEqual(differing(before, { ...after, status: other }, command), ['status']);
      assert.deepEqual(differing(before, { ...after, notes: `${after.notes}!` }, command), ['notes']);
      assert.deepEqual(
        differing(before, { ...after, handledBy: null, notes: null }, { ...command, notes: 'n', handledBy: 'h' }),
        ['notes', 'handled_by'],
      );
      assert.deepEqual(differing(before, { ...after, handledAt: null }, command), ['handled_at']);
    }),
  );
  const before: Violation = { id: '1', status: 'pending', notes: 'old', handledBy: null, handledAt: null, version: 0 };
  const command: StatusUpdate = { violationId: '1', status: 'confirmed', requestId: 'r', writeId: 'w' };
  const lost = { ...applyStatusUpdate(before, command, NOW), notes: null };
  const found = compareWrite({ path: 'legacy', before, after: lost, writtenAt: NOW }, command).find(
    ({ field }) => field === 'notes',
  );
  assert.deepEqual(found, { field: 'notes', matches: false, expected: 'old', actual: null });
});

test('a time of handling that went backwards, or was not set, is a mismatch', () => {
  const handledAt = new Date('2026-03-01T13:00:00.000Z');
  const before: Violation = { id: '1', status: 'pending', notes: null, handledBy: null, handledAt, version: 3 };
  const command: StatusUpdate = { violationId: '1', status: 'confirmed', requestId: 'r', writeId: 'w' };
  const after = applyStatusUpdate(before, command, NOW);
  assert.deepEqual(after.handledAt, handledAt);
  assert.deepEqual(differing(before, { ...after, handledAt: NOW }, command), ['handled_at']);
  const old = { ...before, handledAt: new Date('2026-02-01T00:00:00.000Z') };
  assert.deepEqual(differing(old, { ...after, handledAt: old.handledAt }, command), ['handled_at']);
});
