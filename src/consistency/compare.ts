import { applyStatusUpdate } from '../violations/rules.ts';
import type { StatusUpdate, Violation } from '../violations/violation.ts';

export const FIELDS = ['status', 'handled_at', 'notes', 'handled_by'] as const;
type Field = (typeof FIELDS)[number];

/** One applied change as the database holds it. */
export type Written = {
  readonly path: string;
  readonly before: Violation;
  /** The record as this change left it; from its history where the record has changed since. */
  readonly after: Violation;
  /** The database's clock when the change was written. */
  readonly writtenAt: Date;
};

export type Comparison = {
  readonly field: Field;
  readonly matches: boolean;
  readonly expected: string | null;
  readonly actual: string | null;
};

/** Between a path's look at the clock and its history row lies a round trip at most, and the longest timeout of a path. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What the domain's rule makes of the same record and the same request, against what was written. */
export function compareWrite({ before, after, writtenAt }: Written, update: StatusUpdate): readonly Comparison[] {
  const expected = applyStatusUpdate(before, update, writtenAt);
  return [
    equal('status', expected.status, after.status),
    sameTime(expected.handledAt, after.handledAt),
    equal('notes', expected.notes, after.notes),
    equal('handled_by', expected.handledBy, after.handledBy),
  ];
}

const equal = (field: Field, expected: string | null, actual: string | null): Comparison => ({
  field,
  matches: expected === actual,
  expected,
  actual,
});

function sameTime(expected: Date | null, actual: Date | null): Comparison {
  const apart = expected === null || actual === null ? Number.NaN : Math.abs(expected.getTime() - actual.getTime());
  return {
    field: 'handled_at',
    matches: apart <= CLOCK_TOLERANCE_MS || (expected === null && actual === null),
    expected: expected?.toISOString() ?? null,
    actual: actual?.toISOString() ?? null,
  };
}
