import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Violation } from './violation.ts';
import { applyStatusUpdate, STATUSES } from './violation.ts';

const text = fc.option(fc.string(), { nil: null });
const time = fc.date({ noInvalidDate: true });
const violation: fc.Arbitrary<Violation> = fc.record({
  id: fc.constant('42'),
  status: fc.constantFrom(...STATUSES),
  notes: text,
  handledBy: text,
  handledAt: fc.option(time, { nil: null }),
  version: fc.nat(),
});
const change = fc.record(
  { status: fc.constantFrom(...STATUSES), notes: fc.string(), handledBy: fc.string() },
  { requiredKeys: ['status'] },
);

test('sets the status asked for, and counts the change', () => {
  fc.assert(
    fc.property(violation, change, time, (before, asked, now) => {
      const after = applyStatusUpdate(before, asked, now);
      assert.equal(after.status, asked.status);
      assert.equal(after.version, before.version + 1);
      assert.equal(after.id, before.id);
    }),
  );
});

test('keeps notes and handledBy that are not given, and writes those that are, empty ones too', () => {
  fc.assert(
    fc.property(violation, change, time, (before, asked, now) => {
      const after = applyStatusUpdate(before, asked, now);
      assert.equal(after.notes, 'notes' in asked ? asked.notes : before.notes);
      assert.equal(after.handledBy, 'handledBy' in asked ? asked.handledBy : before.handledBy);
    }),
  );
});

test('never moves handledAt backwards, whatever the clock says', () => {
  fc.assert(
    fc.property(violation, change, time, (before, asked, now) => {
      const { handledAt } = applyStatusUpdate(before, asked, now);
      assert.ok(handledAt !== null && handledAt >= now);
      assert.ok(before.handledAt === null || handledAt >= before.handledAt);
    }),
  );
});
