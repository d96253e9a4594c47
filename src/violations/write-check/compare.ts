import type { StatusUpdate, Violation } from '../violation.ts';
import { applyStatusUpdate } from '../violation.ts';

/** `history`: that the acknowledged write is there at all. */
export const FIELDS = ['history', 'status', 'handled_at', 'notes', 'handled_by'] as const;
export type Field = (typeof FIELDS)[number];

/** One applied change as the database holds it. */
export type Written = {
  readonly path: string;
  readonly before: Violation;
  /** The record as this change left it; from its history where the record has changed since. */
  readonly after: Violation;
  /** The database's clock when the change was written. */
  readonly writtenAt: Date;
};

/** `lost`: there is the record, and no such change of it. `gone`: there is neither, which says nothing of the write. */
export type Found = Written | 'lost' | 'gone';

export type Comparison = {
  readonly field: Field;
  readonly matches: boolean;
  readonly expected: string | null;
  readonly actual: string | null;
};

/** Between a path's look at the clock and its history row lies a round trip at most, and the longest timeout of a path. */
const CLOCK_TOLERANCE_MS = 5_000;

/** What a path was to write, against what the database says that it wrote. */
export function compareReturned(expected: Violation, returned: Violation | undefined): readonly Comparison[] {
  return [
    equal('status', expected.status, returned?.status ?? null),
    exactTime(expected.handledAt, returned?.handledAt ?? null),
    equal('notes', expected.notes, returned?.notes ?? null),
    equal('handled_by', expected.handledBy, returned?.handledBy ?? null),
  ];
}

/** @returns nothing where the record is gone, with all that could be compared. */
export function compareFound(found: Found, update: StatusUpdate): readonly Comparison[] {
  switch (found) {
    case 'gone':
      return [];
    case 'lost':
      return [equal('history', 'a change', null)];
    default:
      return [equal('history', 'a change', 'a change'), ...compareWrite(found, update)];
  }
}

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

/** Written out only where they differ: this is asked of every write. */
function exactTime(expected: Date | null, actual: Date | null): Comparison {
  return expected?.getTime() === actual?.getTime()
    ? { field: 'handled_at', matches: true, expected: null, actual: null }
    : {
        field: 'handled_at',
        matches: false,
        expected: expected?.toISOString() ?? null,
        actual: actual?.toISOString() ?? null,
      };
}
