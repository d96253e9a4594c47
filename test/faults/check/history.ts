import type { Sent } from '../load/write.ts';
import type { InitialRecord, StoredChange, StoredRecord } from './records.ts';

/** Between a path's look at the database's clock and its history row lies less than this; both are rounded to milliseconds. */
const CLOCK_LOOK_MS = 6_000;
const ROUNDING_MS = 1;

export type Seen = {
  readonly initial: readonly InitialRecord[];
  readonly records: readonly StoredRecord[];
  /** By record, and by version within each. */
  readonly changes: readonly StoredChange[];
  readonly sent: readonly Sent[];
};

/** Everything that is wrong with the records and their history, in words; written without looking at Sluice's own verifier. */
export function checkHistory({ initial, records, changes, sent }: Seen): readonly string[] {
  const changesOf = Map.groupBy(changes, ({ violationId }) => violationId);
  const recordOf = new Map(records.map((record) => [record.id, record]));
  const own = new Set(initial.map(({ id }) => id));
  const strange = changes.filter(({ violationId }) => !own.has(violationId));
  return [
    ...initial.flatMap((first) => checkRecord(first, recordOf.get(first.id), changesOf.get(first.id) ?? [])),
    ...strange.map((change) => `${nameOf(change)} is about a record that nobody made`),
    ...checkWrites(sent, changes),
  ];
}

function checkRecord(first: InitialRecord, record: StoredRecord | undefined, changes: readonly StoredChange[]) {
  if (record === undefined) {
    return [`record ${first.id} is gone`];
  }
  const wrong: string[] = [];
  let last: StoredChange['after'] = first;
  for (const [at, change] of changes.entries()) {
    if (change.version !== at + 1) {
      wrong.push(`${nameOf(change)} comes where version ${at + 1} should be`);
    }
    wrong.push(...differences(`${nameOf(change)} began from another`, last, change.before));
    wrong.push(...checkHandledAt(change));
    last = change.after;
  }
  if (record.version !== changes.length) {
    wrong.push(`record ${first.id} has version ${record.version}, and its history ${changes.length} changes`);
  }
  return [...wrong, ...differences(`record ${first.id} is not what its last change left: its`, last, record)];
}

function checkHandledAt(change: StoredChange): readonly string[] {
  const { before, after, changedAtMs } = change;
  const beforeMs = before.handledAtMs ?? Number.NEGATIVE_INFINITY;
  if (after.handledAtMs === null) {
    return [`${nameOf(change)} has no handled_at`];
  }
  if (after.handledAtMs < beforeMs) {
    return [`${nameOf(change)} moved handled_at back, by ${beforeMs - after.handledAtMs} ms`];
  }
  if (after.handledAtMs > Math.max(beforeMs, changedAtMs + ROUNDING_MS)) {
    return [`${nameOf(change)} was handled after it was changed`];
  }
  if (after.handledAtMs < changedAtMs - CLOCK_LOOK_MS) {
    return [`${nameOf(change)} was handled ${changedAtMs - after.handledAtMs} ms before it was changed`];
  }
  return [];
}

function checkWrites(sent: readonly Sent[], changes: readonly StoredChange[]): readonly string[] {
  const writeOf = new Map(sent.map((write) => [write.requestId, write]));
  const changesBy = Map.groupBy(changes, ({ requestId }) => requestId);
  const wrong = changes.flatMap((change) => checkChange(change, writeOf.get(change.requestId)));
  for (const write of sent) {
    const made = changesBy.get(write.requestId)?.length ?? 0;
    const isAnswered = write.outcome.kind === 'answered';
    const status = write.outcome.kind === 'answered' ? write.outcome.status : undefined;
    if (made > 1) {
      wrong.push(`${write.requestId} was applied ${made} times`);
    }
    if (status === 200 && made === 0) {
      wrong.push(`${write.requestId} was answered 200, and is not in the history`);
    }
    if (isAnswered && status !== 200 && status !== 503 && made > 0) {
      wrong.push(`${write.requestId} was answered ${status}, and is in the history`);
    }
  }
  return wrong;
}

function checkChange(change: StoredChange, write: Sent | undefined): readonly string[] {
  if (write === undefined) {
    return [`${nameOf(change)} was sent by nobody`];
  }
  if (write.violationId !== change.violationId) {
    return [`${nameOf(change)} was sent for record ${write.violationId}`];
  }
  const asked = {
    status: write.status,
    notes: write.notes ?? change.before.notes,
    handledBy: write.handledBy ?? change.before.handledBy,
    handledAtMs: change.after.handledAtMs,
  };
  const wrong = [...differences(`${nameOf(change)} was asked for another`, asked, change.after)];
  if (write.force === 'false' && change.path !== 'legacy') {
    wrong.push(`${nameOf(change)} was made by ${change.path}, and legacy was asked for`);
  }
  if (write.outcome.kind === 'answered' && write.outcome.status === 200 && write.outcome.path !== change.path) {
    wrong.push(`${nameOf(change)} was made by ${change.path}, and its answer says ${write.outcome.path}`);
  }
  return wrong;
}

type Values = Omit<InitialRecord, 'id'>;

function differences(what: string, expected: Values, actual: Values): readonly string[] {
  return (['status', 'notes', 'handledBy', 'handledAtMs'] as const)
    .filter((field) => expected[field] !== actual[field])
    .map((field) => `${what} ${field}: ${JSON.stringify(expected[field])} / ${JSON.stringify(actual[field])}`);
}

const nameOf = ({ violationId, version, requestId }: StoredChange) =>
  `change ${version} of record ${violationId} (${requestId})`;
