import { randomUUID } from 'node:crypto';
import { type RecordResult, type RepairStore, repairRecords, undoRepair } from '../../consistency/repair.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import type { Begun } from './repair-results.ts';

type Work = {
  readonly store: RepairStore;
  readonly apply: boolean;
  readonly actor: string;
  readonly signal: AbortSignal;
};

/** @throws CliError where there is no such check, or it is not finished. */
export async function beginRepair(
  { store, apply, actor, signal }: Work,
  checkId: string | undefined,
  reason: string,
): Promise<Begun> {
  const check = await store.findCheck(checkId);
  if (check === undefined && checkId !== undefined) {
    throw new CliError(
      EXIT.usage,
      `There is no check ${checkId} in this database. Without --check it is the newest that found something.`,
    );
  }
  if (check === undefined || (check.isFinished && check.records === 0)) {
    const head = check === undefined ? 'No finished check has found anything' : `Check ${check.id} found nothing`;
    return {
      action: 'repair',
      check: check?.id,
      repair: undefined,
      apply,
      records: 0,
      results: none(),
      head: `${head}: nothing to repair. Check with: sluice consistency check`,
      next: '',
    };
  }
  if (!check.isFinished) {
    throw new CliError(
      EXIT.refused,
      `Check ${check.id} is not finished. Continue it first: sluice consistency check --resume ${check.id}`,
    );
  }
  const order = apply ? { repairId: randomUUID(), checkId: check.id, actor, reason } : undefined;
  return {
    action: 'repair',
    check: check.id,
    repair: order?.repairId,
    apply,
    records: check.records,
    results: repairRecords({ store, checkId: check.id, order, newWriteId: randomUUID, signal }),
    head: order
      ? `Repair ${order.repairId}, of what check ${check.id} found:`
      : `What would be done about check ${check.id}; nothing is changed:`,
    next: order
      ? `To undo it: sluice consistency repair --undo ${order.repairId}`
      : `To do it: sluice consistency repair --check ${check.id} --apply --reason '…'`,
  };
}

/** @throws CliError where there is nothing to take back. */
export async function beginUndo({ store, apply, actor, signal }: Work, repairId: string): Promise<Begun> {
  const found = await store.findRepair(repairId);
  if (found === undefined) {
    throw new CliError(EXIT.usage, `There is no repair ${repairId} in this database.`);
  }
  if (found.undone === found.records) {
    throw new CliError(EXIT.refused, `Repair ${repairId} was undone already.`);
  }
  return {
    action: 'undo',
    check: undefined,
    repair: repairId,
    apply,
    records: found.records,
    results: undoRepair({ store, repairId, actor: apply ? actor : undefined, signal }),
    head: apply ? `Repair ${repairId} is undone:` : `What undoing repair ${repairId} would do; nothing is changed:`,
    next: apply
      ? 'Check again with: sluice consistency check'
      : `To do it: sluice consistency repair --undo ${repairId} --apply`,
  };
}

async function* none(): AsyncGenerator<RecordResult> {}
