import type { StatusUpdate, Violation } from './violation.ts';

type Change = Pick<StatusUpdate, 'status' | 'notes' | 'handledBy'>;

/**
 * What a violation is after a status update, by the domain's rules.
 *
 * Every status may follow every other. Notes and handledBy keep their values unless given (an empty text is given).
 * handledAt is `now`, but never earlier than it was: two writers' clocks may disagree, the record's time does not.
 */
export function applyStatusUpdate(before: Violation, change: Change, now: Date): Violation {
  return {
    id: before.id,
    status: change.status,
    notes: change.notes ?? before.notes,
    handledBy: change.handledBy ?? before.handledBy,
    handledAt: before.handledAt !== null && before.handledAt > now ? before.handledAt : now,
    version: before.version + 1,
  };
}
