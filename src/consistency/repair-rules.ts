import { STATUSES } from '../violations/violation.ts';
import type { Finding, FindingField, FindingKind, SeenRecord } from './finding.ts';
import type { RecordedChange } from './judge.ts';
import { later } from './time-order.ts';

export const REPAIRED_FIELDS = ['status', 'notes', 'handled_by', 'handled_at'] as const;
type RepairedField = (typeof REPAIRED_FIELDS)[number];

/** Why a field becomes what it becomes, or is kept. */
export type Reason = { readonly field: FindingField; readonly text: string };

type Decided =
  | {
      readonly kind: 'values';
      readonly values: Partial<Pick<SeenRecord, RepairedField>>;
      readonly reasons: readonly Reason[];
    }
  | Unknown;
type RepairDecision = { readonly kind: 'value'; readonly value: string | null; readonly why: string } | Unknown;
type Unknown = { readonly kind: 'unknown'; readonly why: string };

/** A field of a record, what its history has, and what was found about it. */
type Case = {
  readonly record: SeenRecord;
  readonly changes: readonly RecordedChange[];
  readonly kinds: ReadonlySet<FindingKind>;
  /** The last change, where the record differs from what it left in this field. */
  readonly differsFrom: RecordedChange | undefined;
};

const OF_VALUES: readonly FindingKind[] = ['record-differs', 'value-lost', 'handled-at-backwards', 'unknown-status'];
const A_PERSON = 'a person must decide: set it through the service, then check again';
const PAST_THAT = 'kept: the record is past that';

/** What the fields that something was found about become; one that nobody can know leaves all of them unknown. */
export function decideFields(
  record: SeenRecord,
  changes: readonly RecordedChange[],
  findings: readonly Finding[],
): Decided {
  const values: { -readonly [Field in RepairedField]?: string | null } = {};
  const reasons: Reason[] = [];
  for (const field of REPAIRED_FIELDS) {
    const kinds = new Set(findings.filter((finding) => finding.field === field).map(({ kind }) => kind));
    if (!OF_VALUES.some((kind) => kinds.has(kind))) {
      continue;
    }
    const differsFrom = kinds.has('record-differs') ? changes.at(-1) : undefined;
    const decision = decide(field, { record, changes, kinds, differsFrom });
    if (decision.kind === 'unknown') {
      return unknown(`${field}: ${decision.why}`);
    }
    values[field] = decision.value;
    reasons.push({ field, text: decision.why });
  }
  if ({ ...record, ...values }.handled_at === null) {
    return unknown(`handled_at: neither the record nor the history has one; ${A_PERSON}`);
  }
  return { kind: 'values', values: values as Partial<SeenRecord>, reasons };
}

function decide(field: RepairedField, given: Case): RepairDecision {
  const { changes, differsFrom } = given;
  const lastOnes = changes.filter(({ version }) => version === differsFrom?.version);
  if (lastOnes.some(({ after }) => after[field] !== differsFrom?.after[field])) {
    return unknown(`there are ${lastOnes.length} changes ${differsFrom?.version}, and they disagree; ${A_PERSON}`);
  }
  switch (field) {
    case 'status':
      return decideStatus(given);
    case 'handled_at':
      return decideHandledAt(given);
    default:
      return decideText(field, given);
  }
}

function decideStatus({ record, changes, differsFrom }: Case): RepairDecision {
  const left = differsFrom?.after.status ?? null;
  if (differsFrom !== undefined && isKnown(left)) {
    return value(left, leftBy(differsFrom));
  }
  if (isKnown(record.status)) {
    // The record's status may be what that change wrote, and an older one surely is not.
    return differsFrom === undefined
      ? value(record.status, PAST_THAT)
      : unknown(`its last change, ${differsFrom.version}, left ${quoted(left)}, which is unknown; ${A_PERSON}`);
  }
  if (record.version > (changes.at(-1)?.version ?? 0)) {
    return unknown(`${quoted(record.status)} is unknown, and the change that left it is missing; ${A_PERSON}`);
  }
  const found = newest(changes, 'status', isKnown);
  return found === undefined
    ? unknown(`${quoted(record.status)} is unknown, and the history knows no other; ${A_PERSON}`)
    : value(found.value, `the last known status, ${found.where}`);
}

function decideText(field: 'notes' | 'handled_by', { record, changes, kinds, differsFrom }: Case): RepairDecision {
  const kept = differsFrom === undefined ? record[field] : differsFrom.after[field];
  if (kept !== null) {
    return value(kept, differsFrom === undefined ? PAST_THAT : leftBy(differsFrom));
  }
  const found = kinds.has('value-lost') ? newest(changes, field, (candidate) => candidate !== null) : undefined;
  return found === undefined
    ? value(null, 'the history has none')
    : value(found.value, `the last value there was, ${found.where}`);
}

function decideHandledAt({ record, changes, kinds, differsFrom }: Case): RepairDecision {
  if (differsFrom !== undefined && !kinds.has('handled-at-backwards')) {
    return value(differsFrom.after.handled_at, leftBy(differsFrom));
  }
  const times = changes.flatMap(({ before, after }) => [before.handled_at, after.handled_at]);
  return differsFrom === undefined
    ? value(latest([record.handled_at, ...times]), 'the latest time there is')
    : value(latest(times), 'the latest time of the history');
}

/** What nothing can be restored from: the record keeps its values, and that is said. */
export function keptFindings(findings: readonly Finding[]): readonly Reason[] {
  return findings.flatMap(({ kind, version, field, expected, actual }): Reason[] => {
    const stays = (what: string) => [{ field, text: `${what}: kept as it is; it stays visible in the history` }];
    switch (kind) {
      case 'history-gap':
        return stays(`change ${version} is missing`);
      case 'broken-chain':
        return stays(`change ${version} began from ${quoted(actual)}, and the one before left ${quoted(expected)}`);
      case 'applied-twice':
        return stays(field === 'version' ? `change ${version} is there twice` : `change ${version} repeats a write`);
      case 'record-differs':
        return field === 'version' ? [{ field, text: `the record counts ${actual}, its history ${expected}` }] : [];
      default:
        return [];
    }
  });
}

const isKnown = (status: string | null) => (STATUSES as readonly (string | null)[]).includes(status);
const value = (given: string | null, why: string): RepairDecision => ({ kind: 'value', value: given, why });
const unknown = (why: string): Unknown => ({ kind: 'unknown', why });
const quoted = (text: string | null) => (text === null ? 'nothing' : JSON.stringify(text));
const leftBy = ({ version }: RecordedChange) => `what its last change, ${version}, left`;

/** The newest value of the history that is one, and where it stands. */
function newest(changes: readonly RecordedChange[], field: RepairedField, isOne: (value: string | null) => boolean) {
  for (const { version, before, after } of changes.toReversed()) {
    if (isOne(after[field])) {
      return { value: after[field], where: `which change ${version} left` };
    }
    if (isOne(before[field])) {
      return { value: before[field], where: `which change ${version} began from` };
    }
  }
  return undefined;
}

const latest = (times: readonly (string | null)[]) => times.reduce(later, null);
