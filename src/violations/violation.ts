/** A positive 64-bit integer as its decimal digits: a JavaScript number loses digits above 2^53. */
export type ViolationId = string;

export type Violation = {
  readonly id: ViolationId;
  readonly status: Status;
  readonly notes: string | null;
  readonly handledBy: string | null;
  /** When a status was last set, to the millisecond; null while nobody has handled it. */
  readonly handledAt: Date | null;
  /** Counts the applied changes: 0 for a record nobody has changed, then one more with each history row. */
  readonly version: number;
};

/** What a client asks for. Notes or handledBy not given keep their old values. */
export type StatusUpdate = {
  readonly violationId: ViolationId;
  readonly status: Status;
  readonly notes?: string;
  readonly handledBy?: string;
  /** The client's name for the request, kept in the history for people to search by. Clients may repeat it. */
  readonly requestId: string;
  /** Our own name for this one write, unique in the history: what makes a second application impossible. */
  readonly writeId: string;
};

/** `not-found` is an answer, not a failure: it never leads to a fallback. */
export type UpdateOutcome = { readonly kind: 'updated' } | { readonly kind: 'not-found' };

export const STATUSES = ['pending', 'confirmed', 'false_positive', 'resolved'] as const;
export type Status = (typeof STATUSES)[number];

type StatusChange = Pick<StatusUpdate, 'status' | 'notes' | 'handledBy'>;

/**
 * What a violation is after a status update, by the domain's rules.
 *
 * Every status may follow every other. Notes and handledBy keep their values unless given (an empty text is given).
 * handledAt is `now`, but never earlier than it was: two writers' clocks may disagree, the record's time does not.
 */
export function applyStatusUpdate(before: Violation, change: StatusChange, now: Date): Violation {
  return {
    id: before.id,
    status: change.status,
    notes: change.notes ?? before.notes,
    handledBy: change.handledBy ?? before.handledBy,
    handledAt: before.handledAt !== null && before.handledAt > now ? before.handledAt : now,
    version: before.version + 1,
  };
}
