import type { ViolationId } from '../violations/violation.ts';
import type { SeenRecord } from './finding.ts';
import {
  type AfterRepair,
  type Current,
  type Damage,
  planRepair,
  planUndo,
  type RecordPlan,
  type Repaired,
} from './repair-plan.ts';
import type { Reason } from './repair-rules.ts';

export type DamagedRecord = Damage & { readonly violationId: ViolationId };
export type RepairedRecord = Repaired & { readonly violationId: ViolationId };

export type CheckToRepair = {
  readonly id: string;
  readonly isFinished: boolean;
  /** How many records something was found about. */
  readonly records: number;
};

export type RepairToUndo = { readonly records: number; readonly undone: number };

/** What the audit keeps of a repair. */
type RepairOrder = {
  readonly repairId: string;
  readonly checkId: string;
  readonly actor: string;
  readonly reason: string;
};

/** Everything throws RepairError where the database cannot be used. Pages follow the ids; an empty one is the end. */
export type RepairStore = {
  /** Without an id: the newest finished check that found something. */
  readonly findCheck: (id: string | undefined) => Promise<CheckToRepair | undefined>;
  readonly damaged: (checkId: string, after: ViolationId | undefined) => Promise<readonly DamagedRecord[]>;
  readonly look: (checkId: string, violationId: ViolationId) => Promise<Current>;
  /**
   * Asks `plan` with the record locked, and does what it says in the same transaction: the record, its history and the
   * audit, or nothing. @returns what was done, which is a refusal where the database refused.
   */
  readonly repair: (
    order: RepairOrder & { readonly writeId: string },
    damaged: DamagedRecord,
    plan: (current: Current) => RecordPlan,
  ) => Promise<RecordPlan>;
  readonly findRepair: (id: string) => Promise<RepairToUndo | undefined>;
  readonly repaired: (repairId: string, after: ViolationId | undefined) => Promise<readonly RepairedRecord[]>;
  readonly lookAfter: (repairId: string, violationId: ViolationId) => Promise<AfterRepair>;
  /** As `repair`, the other way: the history loses the repair's change, and the audit keeps who undid it. */
  readonly undo: (
    repairId: string,
    actor: string,
    repaired: RepairedRecord,
    plan: (current: AfterRepair) => RecordPlan,
  ) => Promise<RecordPlan>;
};

/** What keeps every record from being repaired. */
export class RepairError extends Error {
  override readonly name = 'RepairError';
  readonly kind: 'unreachable' | 'not-migrated' | 'not-allowed';

  constructor(kind: RepairError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export type RecordResult = {
  readonly violationId: ViolationId;
  readonly result: 'would-repair' | 'repaired' | 'would-undo' | 'undone' | 'refused' | 'done-before';
  readonly before: SeenRecord | undefined;
  /** Undefined where nothing is changed. */
  readonly after: SeenRecord | undefined;
  readonly why: readonly Reason[] | string;
};

type RepairRun = {
  readonly store: RepairStore;
  readonly checkId: string;
  /** Undefined: only says what would be done. */
  readonly order: RepairOrder | undefined;
  readonly newWriteId: () => string;
  /** Ends it between two records. */
  readonly signal: AbortSignal;
};

/** Repairs one record after the other, so that one that is refused, or fails, stops no other. */
export async function* repairRecords(run: RepairRun): AsyncGenerator<RecordResult> {
  const { store, checkId, order, newWriteId, signal } = run;
  for await (const damaged of each((after) => store.damaged(checkId, after), signal)) {
    const plan = (current: Current) => planRepair(damaged, current);
    const { violationId } = damaged;
    yield order === undefined
      ? resultOf(violationId, plan(await store.look(checkId, violationId)), 'would-repair')
      : resultOf(violationId, await store.repair({ ...order, writeId: newWriteId() }, damaged, plan), 'repaired');
  }
}

type UndoRun = Pick<RepairRun, 'store' | 'signal'> & {
  readonly repairId: string;
  /** Undefined: only says what would be done. */
  readonly actor: string | undefined;
};

export async function* undoRepair({ store, repairId, actor, signal }: UndoRun): AsyncGenerator<RecordResult> {
  for await (const repaired of each((after) => store.repaired(repairId, after), signal)) {
    const plan = (current: AfterRepair) => planUndo(repaired, current);
    const { violationId } = repaired;
    yield actor === undefined
      ? resultOf(violationId, plan(await store.lookAfter(repairId, violationId)), 'would-undo')
      : resultOf(violationId, await store.undo(repairId, actor, repaired, plan), 'undone');
  }
}

async function* each<T extends { readonly violationId: ViolationId }>(
  pageAfter: (id: ViolationId | undefined) => Promise<readonly T[]>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let page = await pageAfter(undefined);
  while (page.length > 0) {
    for (const one of page) {
      if (signal.aborted) {
        return;
      }
      yield one;
    }
    page = await pageAfter(page.at(-1)?.violationId);
  }
}

function resultOf(violationId: ViolationId, plan: RecordPlan, changed: RecordResult['result']): RecordResult {
  const { before } = plan;
  if (plan.kind === 'change') {
    return { violationId, result: changed, before, after: plan.after, why: plan.reasons };
  }
  const result = plan.kind === 'refuse' ? 'refused' : 'done-before';
  return { violationId, result, before, after: undefined, why: plan.why };
}
