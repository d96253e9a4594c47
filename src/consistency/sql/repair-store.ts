import type { SeenRecord } from '../finding.ts';
import type { CheckToRepair, RepairedRecord, RepairStore, RepairToUndo } from '../repair.ts';
import { type AfterRepair, type Current, isSameRecord, type RecordPlan } from '../repair-plan.ts';
import * as sql from './repair-queries.ts';
import { openRepairSession, Refused, type RepairSession, refusalOf } from './repair-session.ts';

/** Repairs on a connection of their own, each record in a transaction. */
export async function openRepairStore(url: string): Promise<RepairStore & AsyncDisposable> {
  const session = await openRepairSession(url);
  const { query, changeOne, transact } = session;
  return {
    findCheck: async (id) => (await query<CheckToRepair>(sql.FIND_CHECK, id ?? null))[0],
    damaged: async (checkId, after) =>
      (await query<sql.DamagedRow>(sql.DAMAGED, checkId, after ?? null)).map(sql.toDamaged),
    look: (checkId, violationId) =>
      transact(sql.BEGIN_READING, () => readCurrent(session, sql.READ, checkId, violationId)),
    repair: ({ repairId, checkId, actor, reason, writeId }, { violationId, findings }, plan) =>
      change(
        session,
        () => readCurrent(session, sql.LOCK, checkId, violationId),
        plan,
        async (before, after) => {
          const change = [violationId, after.version, writeId, `repair ${repairId}`, ...sql.sidesOf(before, after)];
          await changeOne("the repair's change", sql.ADD_CHANGE, ...change);
          const audit = [repairId, violationId, checkId, actor, reason, writeId, before, after, sql.toJson(findings)];
          await changeOne('the audit', sql.KEEP_REPAIR, ...audit);
        },
      ),
    findRepair: async (id) => (await query<RepairToUndo>(sql.FIND_REPAIR, id))[0],
    repaired: (repairId, after) => query<RepairedRecord>(sql.REPAIRED, repairId, after ?? null),
    lookAfter: (repairId, violationId) =>
      transact(sql.BEGIN_READING, () => readAfter(session, sql.READ, repairId, violationId)),
    undo: (repairId, actor, { violationId, writeId }, plan) =>
      change(
        session,
        () => readAfter(session, sql.LOCK, repairId, violationId),
        plan,
        async () => {
          await changeOne("the history without the repair's change", sql.REMOVE_CHANGE, violationId, writeId);
          await changeOne('the audit', sql.KEEP_UNDO, repairId, violationId, actor);
        },
      ),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** Asks what is to be done with a record as it is once it is locked, and does that; or says why it could not be. */
async function change<T extends { readonly record: SeenRecord | undefined }>(
  session: RepairSession,
  lockAndRead: () => Promise<T>,
  plan: (current: T) => RecordPlan,
  writeRest: (before: SeenRecord, after: SeenRecord) => Promise<void>,
): Promise<RecordPlan> {
  let before: SeenRecord | undefined;
  try {
    return await session.transact(sql.BEGIN_CHANGING, async () => {
      const current = await lockAndRead();
      before = current.record;
      const planned = plan(current);
      if (planned.kind === 'change') {
        await writeRecord(session, planned.after);
        await writeRest(planned.before, planned.after);
      }
      return planned;
    });
  } catch (error) {
    return { kind: 'refuse', before, why: refusalOf(error) };
  }
}

async function writeRecord({ query }: RepairSession, after: SeenRecord): Promise<void> {
  const [kept] = (await query<SeenRecord>(sql.WRITE, ...sql.valuesOf(after))).map(sql.toRecord);
  // What damaged the record may still be there, and change what is written.
  if (kept === undefined || !isSameRecord(kept, after)) {
    throw new Refused('the record as it was written');
  }
}

/** The record first: with its lock, nothing changes between it and its history. */
async function readCurrent(
  { query }: RepairSession,
  readRecord: string,
  checkId: string,
  id: string,
): Promise<Current> {
  const [record] = (await query<SeenRecord>(readRecord, id)).map(sql.toRecord);
  const changes = await query<sql.ChangeRow>(sql.CHANGES, id);
  const [repair] = await query<{ repair_id: string }>(sql.REPAIRED_BY, checkId, id);
  return { record, changes: changes.map(sql.toChange), repairedBy: repair?.repair_id };
}

async function readAfter(
  { query }: RepairSession,
  readRecord: string,
  repairId: string,
  id: string,
): Promise<AfterRepair> {
  const [record] = (await query<SeenRecord>(readRecord, id)).map(sql.toRecord);
  const [last] = await query<{ write_id: string }>(sql.LAST_WRITE, id);
  const [audit] = await query<{ undone: boolean }>(sql.IS_UNDONE, repairId, id);
  return { record, lastWriteId: last?.write_id, isUndone: audit?.undone === true };
}
