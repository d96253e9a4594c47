import type { ViolationId } from '../violations/violation.ts';
import type { Cause } from './cause.ts';

/** What can be wrong with a record or its history. */
const FINDING_KINDS = [
  /** The record is not what its last change left behind. */
  'record-differs',
  /** One write has two changes. */
  'applied-twice',
  /** A change is missing between two others, at the beginning, or at the end: the record counts more than there are. */
  'history-gap',
  /** A change began from something else than the one before it left behind. */
  'broken-chain',
  'handled-at-backwards',
  'unknown-status',
  /** Notes or handled_by had a value, and a change left none: neither path ever does that. */
  'value-lost',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export type FindingField = 'status' | 'handled_at' | 'notes' | 'handled_by' | 'version' | 'write_id';

/** A record as it was seen, in text: times are ISO 8601 with milliseconds. The database's own names. */
export type SeenRecord = {
  readonly id: ViolationId;
  readonly status: string;
  readonly notes: string | null;
  readonly handled_by: string | null;
  readonly handled_at: string | null;
  readonly version: number;
};

export type Finding = {
  readonly violationId: ViolationId;
  /** The change at fault; 0 where it is the record itself. */
  readonly version: number;
  readonly kind: FindingKind;
  readonly field: FindingField;
  readonly expected: string | null;
  readonly actual: string | null;
  /** Undefined where there is no record any more. */
  readonly seen: SeenRecord | undefined;
  /** Missing where it was not asked for. */
  readonly cause?: Cause;
};
