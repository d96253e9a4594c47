import type { Finding, SeenRecord } from './finding.ts';
import { Judgement, type RecordedChange } from './judge.ts';
import { decideFields, keptFindings, type Reason } from './repair-rules.ts';

/** What a check saw of a record, and what it found. */
export type Damage = { readonly seen: SeenRecord | undefined; readonly findings: readonly Finding[] };

/** A record and its history as they are now, in the order of the versions. */
export type Current = {
  readonly record: SeenRecord | undefined;
  readonly changes: readonly RecordedChange[];
  /** The repair that has answered the same check already, unless it was taken back. */
  readonly repairedBy: string | undefined;
};

/** What becomes of one record. */
export type RecordPlan =
  | {
      readonly kind: 'change';
      readonly before: SeenRecord;
      readonly after: SeenRecord;
      readonly reasons: readonly Reason[];
    }
  | { readonly kind: 'refuse'; readonly before: SeenRecord | undefined; readonly why: string }
  /** It is done already. */
  | { readonly kind: 'leave'; readonly before: SeenRecord | undefined; readonly why: string };

/** What PostgreSQL's integer can count. */
const LAST_VERSION = 2_147_483_647;
const CHANGED = 'changed since the check: check again';

/**
 * What a damaged record becomes: what the history says, and where it does not, what the record has.
 *
 * The repair's change settles whatever is wrong before it. So it is made only where all of that was named by the check,
 * and where all that the check named is still so.
 */
export function planRepair({ seen, findings }: Damage, { record, changes, repairedBy }: Current): RecordPlan {
  if (repairedBy !== undefined) {
    return { kind: 'leave', before: record, why: `repair ${repairedBy} has done it` };
  }
  if (record === undefined) {
    return refuse(record, 'the record no longer exists');
  }
  if (seen === undefined || !isSameRecord(record, seen)) {
    return refuse(record, CHANGED);
  }
  const now = judge(record, changes);
  if (!findings.filter(isOfOneRecord).every((finding) => includes(now, finding))) {
    return refuse(record, CHANGED);
  }
  const unnamed = now.find((finding) => !includes(findings, finding));
  if (unnamed !== undefined) {
    return refuse(record, `more is wrong than this check found, ${placeOf(unnamed)}: check again, without --since`);
  }
  const decided = decideFields(record, changes, findings);
  if (decided.kind === 'unknown') {
    return refuse(record, decided.why);
  }
  const version = Math.max(record.version, ...changes.slice(-1).map((last) => last.version)) + 1;
  if (version > LAST_VERSION) {
    return refuse(record, 'its version cannot be counted further: a person must correct it');
  }
  const after = { ...record, ...decided.values, version };
  return { kind: 'change', before: record, after, reasons: [...decided.reasons, ...keptFindings(findings)] };
}

/** What a repair wrote, and what there is of it now. */
export type Repaired = { readonly writeId: string; readonly before: SeenRecord; readonly after: SeenRecord };
export type AfterRepair = {
  readonly record: SeenRecord | undefined;
  /** The write of the record's last change. */
  readonly lastWriteId: string | undefined;
  readonly isUndone: boolean;
};

/** Takes a repair back where nothing came after it. */
export function planUndo(
  { writeId, before, after }: Repaired,
  { record, lastWriteId, isUndone }: AfterRepair,
): RecordPlan {
  if (isUndone) {
    return { kind: 'leave', before: record, why: 'it was undone already' };
  }
  if (record === undefined) {
    return refuse(record, 'the record no longer exists');
  }
  if (lastWriteId !== writeId || !isSameRecord(record, after)) {
    return refuse(record, 'changed since the repair: what came after it would be lost');
  }
  return { kind: 'change', before: record, after: before, reasons: [] };
}

export const isSameRecord = (one: SeenRecord, other: SeenRecord) =>
  one.status === other.status &&
  one.notes === other.notes &&
  one.handled_by === other.handled_by &&
  one.handled_at === other.handled_at &&
  one.version === other.version;

function judge(record: SeenRecord, changes: readonly RecordedChange[]): readonly Finding[] {
  const judgement = new Judgement(record.id, record);
  for (const change of changes) {
    judgement.take(change);
  }
  return judgement.finish();
}

const refuse = (before: SeenRecord | undefined, why: string): RecordPlan => ({ kind: 'refuse', before, why });

/** Two records may share a write: that is not seen by looking at one of them, and changes no value either. */
const isOfOneRecord = ({ field }: Finding) => field !== 'write_id';

const includes = (findings: readonly Finding[], finding: Finding) => findings.some((each) => isSame(each, finding));

const isSame = (one: Finding, other: Finding) =>
  one.kind === other.kind &&
  one.version === other.version &&
  one.field === other.field &&
  one.expected === other.expected &&
  one.actual === other.actual;

const placeOf = ({ kind, version, field }: Finding) =>
  `${kind} (${field}) ${version === 0 ? 'of the record' : `at change ${version}`}`;
