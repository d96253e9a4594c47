import type { ViolationId } from '../violations/violation.ts';
import type { Finding, SeenRecord } from './finding.ts';
import { Judgement, type RecordedChange } from './judge.ts';
import { Pages } from './pages.ts';

/** How far a check has come; all of it up to `doneThrough` is judged and kept. */
export type Progress = {
  readonly doneThrough: ViolationId;
  readonly records: number;
  readonly changes: number;
  readonly findings: number;
};

export type Check = {
  readonly id: string;
  readonly rollout: string;
  readonly actor: string;
  /** ISO 8601; null where all changes are looked at. */
  readonly since: string | null;
  readonly progress: Progress;
  readonly isFinished: boolean;
};

export type ChangeWithId = RecordedChange & { readonly violationId: ViolationId };

/** All records and changes after one id, at one moment, each in the order of ids and versions. */
export type Snapshot = AsyncDisposable & {
  readonly aboutRecords: number;
  /** @returns a page of them, an empty one at the end. Its changes begin with the one before `since`, for context. */
  readonly nextRecords: () => Promise<readonly SeenRecord[]>;
  readonly nextChanges: () => Promise<readonly ChangeWithId[]>;
};

/** Knows how to read records and history, and keeps checks. Everything throws CheckError where the database is away. */
export type ConsistencyStore = {
  readonly begin: (check: Pick<Check, 'rollout' | 'actor' | 'since'>) => Promise<Check>;
  readonly find: (id: string) => Promise<Check | undefined>;
  /** @param signal makes what is read under way fail. */
  readonly read: (check: Check, signal?: AbortSignal) => Promise<Snapshot>;
  /** Moves a check on and keeps what was found on the way: both or neither. @throws CheckError when it is not at `from`. */
  readonly advance: (id: string, from: Progress, to: Progress, findings: readonly Finding[]) => Promise<void>;
  readonly finish: (id: string) => Promise<void>;
  /** @param began when the rollout began, ISO 8601; null where nobody knows, or none is under way. */
  readonly found: (id: string, limit: number, began?: string | null) => Promise<Found>;
};

export type Found = {
  /** The first of a check: those that are held against domain, then the others, each in the order of ids and versions. */
  readonly findings: readonly (Finding & { readonly held: boolean })[];
  /** In how many records all of them are. */
  readonly violations: number;
  /** How many may be domain's doing since the rollout began. */
  readonly held: number;
};

/** What keeps a check from being made. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
  readonly kind: 'unreachable' | 'not-migrated' | 'refused' | 'taken';

  constructor(kind: CheckError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

type CheckRun = {
  readonly store: ConsistencyStore;
  /** One that was just begun, or was interrupted. */
  readonly check: Check;
  /** Ends it behind a record; what is done until then is kept. */
  readonly signal?: AbortSignal;
  /** Called each time that something was kept. */
  readonly onProgress?: (progress: Progress, aboutRecords: number) => void;
};

/** Records and changes together, or findings, after which progress is kept. */
const BATCH_SIZE = 5_000;
const BATCH_FINDINGS = 1_000;

/** Judges every record with its history. @returns the check as it is then; it is not finished where it was interrupted. */
export async function checkConsistency({ store, check, signal, onProgress = () => {} }: CheckRun): Promise<Check> {
  const unlessInterrupted = (error: unknown) => {
    if (!signal?.aborted) {
      throw error;
    }
  };
  await using snapshot = (await store.read(check, signal).catch(unlessInterrupted)) ?? null;
  if (snapshot === null) {
    return check;
  }
  const records = new Pages(snapshot.nextRecords);
  const changes = new Pages(snapshot.nextChanges);
  const aboutRecords = check.progress.records + snapshot.aboutRecords;
  let saved = check.progress;
  let done = saved;
  let findings: Finding[] = [];

  async function save(): Promise<void> {
    if (done !== saved) {
      await store.advance(check.id, saved, done, findings);
      saved = done;
      findings = [];
      onProgress(saved, aboutRecords);
    }
  }

  /** @returns false where there is no record any more. */
  async function judgeNext(): Promise<boolean> {
    const record = records.head ?? (await records.turn());
    let change = changes.head ?? (await changes.turn());
    const id = lower(record?.id, change?.violationId);
    if (id === undefined) {
      return false;
    }
    const isRecord = record?.id === id;
    const judgement = new Judgement(id, isRecord ? record : undefined);
    let counted = 0;
    while (change?.violationId === id) {
      judgement.take(change);
      counted += change.isContext ? 0 : 1;
      changes.advance();
      change = changes.head ?? (await changes.turn());
    }
    if (isRecord) {
      records.advance();
    }
    const found = judgement.finish();
    for (const finding of found) {
      findings.push(finding);
    }
    done = {
      doneThrough: id,
      records: done.records + (isRecord ? 1 : 0),
      changes: done.changes + counted,
      findings: done.findings + found.length,
    };
    return true;
  }

  let isOver = false;
  try {
    while (!isOver && !signal?.aborted) {
      isOver = !(await judgeNext());
      const size = done.records + done.changes - saved.records - saved.changes;
      if (size >= BATCH_SIZE || findings.length >= BATCH_FINDINGS) {
        await save();
      }
    }
  } catch (error) {
    unlessInterrupted(error);
  }
  await save();
  if (isOver) {
    await store.finish(check.id);
  }
  return { ...check, progress: saved, isFinished: isOver };
}

/** The lower of two ids, which have more digits than a number holds. */
function lower(a: ViolationId | undefined, b: ViolationId | undefined): ViolationId | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  return a.length === b.length ? (a < b ? a : b) : a.length < b.length ? a : b;
}
