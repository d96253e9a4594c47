import type { Command } from '../../../src/rollout/command.ts';
import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Name } from '../actions.ts';
import type { FlagChange } from '../world/flag-store.ts';
import { checkExplained } from './explained.ts';
import { createLoweringWatch } from './lowering.ts';
import { createProgressWatch } from './progress.ts';
import { createRaiseWatch } from './raises.ts';
import { createReportWatch } from './reports.ts';
import type { Told, Truth } from './truth.ts';

type Asked = Command['name'];

/** Watches a world, and says which promise was not kept. It knows what really happened, and nothing of how the engine works. */
export function createOracle(truth: Truth) {
  const violations: string[] = [];
  const changes: FlagChange[] = [];
  const told: Told[] = [];
  const ends: { readonly atMs: number; readonly by: string }[] = [];
  const fail = (promise: string, found: string): void => {
    violations.push(`${promise}: ${found}, after ${(truth.now() / 1_000).toFixed(1)} s`);
  };
  const raises = createRaiseWatch(truth, fail);
  const reports = createReportWatch(truth, fail, changes);
  const lowering = createLoweringWatch(truth, fail);
  const progress = createProgressWatch(truth, fail, told);
  let mismatched = false;

  function noteBroken(): void {
    const isBroken = truth.failing() !== undefined;
    reports.onFailing(isBroken || mismatched);
    lowering.onBroken(isBroken || mismatched);
    progress.onDisturbed();
  }

  return {
    violations,
    fail,
    history: () => ({ changes, told }),
    /** At each moment that something may be wrong at. */
    look: (): void => {
      raises.noteLock();
      lowering.look();
      if (truth.failing() !== undefined || lowering.isFiring()) {
        progress.onDisturbed();
      }
      progress.look();
    },
    onChange: (change: FlagChange): void => {
      raises.noteLock();
      raises.onChange(change);
      lowering.onChange(change);
      progress.onChange();
      changes.push(change);
      mismatched = false;
      noteBroken();
    },
    onEvent: (by: Name, event: JournalEvent): void => {
      told.push({ atMs: truth.now(), by, event });
      if (event.kind === 'rolling-back') {
        raises.onLowering(by);
        progress.onRollingBack(by, event.to ?? 0);
      }
      reports.onEvent(by, event);
      lowering.onEvent(by, event);
    },
    onFailing: noteBroken,
    onMismatch: (): void => {
      mismatched = true;
      noteBroken();
    },
    onHappening: reports.onHappening,
    /** A person's word has reached a controller. */
    onMustLower: reports.onMustLower,
    onAsked: (by: Name, what: Asked): void => {
      raises.onAsked(by, what);
      if (what === 'rollback') {
        reports.onMustLower(by, `a person asked ${by} to roll back`);
      }
      if (what !== 'pause') {
        lowering.onAllowed();
      }
    },
    onDone: (by: Name, what: Asked): void => {
      if (what === 'pause') {
        raises.onPaused(by);
      }
    },
    /** A message of the alert has reached a controller. @param isLate it was resolved before. */
    onAlert: (by: Name, id: string, status: 'firing' | 'resolved', isLate: boolean): void => {
      reports.onAlert(id, status, isLate);
      if (!isLate) {
        raises.onAlert(id, status, by);
        lowering.onAlert(id, status, by);
      }
    },
    onBegun: (by: Name): void => {
      raises.onBegun(by);
      lowering.onBegun(by);
    },
    onEnded: (by: Name): void => {
      ends.push({ atMs: truth.now(), by });
    },
    onLost: lowering.onLost,
    checkExplained: (isInJournal: (event: JournalEvent) => boolean): void =>
      checkExplained({ changes, told, isInJournal, ends, tickMs: truth.tickMs }, fail),
  };
}

export type Oracle = ReturnType<typeof createOracle>;
