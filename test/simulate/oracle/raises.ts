import type { Name } from '../actions.ts';
import type { FlagChange } from '../world/flag-store.ts';
import { controllerOf, type Fail, type Truth } from './truth.ts';

/** A look or two, and what a leader may believe of its lock while it does not hear of the journal. */
const LOCK_KNOWN_MS = 7_000;
const LOCK_KNOWN_TICKS = 6;

/** Nothing is raised without authority: by whom, by how much, after how long, and after whose word. */
export function createRaiseWatch(truth: Truth, fail: Fail) {
  const { now, tickMs, plan } = truth;
  /** Whom a person asked to start, and whom to go on, and nothing was lowered there since. */
  const starts = new Set<Name>();
  const steps = new Map<Name, number>();
  const heldLockAtMs = new Map<string, number>();
  const firing = new Map<string, Set<Name>>();
  let arrivedAtMs = 0;
  let pausedBy: Name | undefined;

  function noteLock(): void {
    const holder = truth.holder();
    if (holder !== undefined) {
      heldLockAtMs.set(holder, now());
    }
  }

  function check(by: Name, { from, to }: FlagChange): void {
    const raised = `${by} raised ${from} to ${to} %`;
    const next = plan().stages.find(({ percent }) => percent > from);
    if (to !== next?.percent) {
      fail('the percent is never above what the plan allows', `${raised}, and ${next?.percent} % is next`);
    }
    const lockMs = Math.max(LOCK_KNOWN_MS, LOCK_KNOWN_TICKS * tickMs);
    if (truth.holder() !== by && now() - (heldLockAtMs.get(by) ?? Number.NEGATIVE_INFINITY) > lockMs) {
      fail('only the leader raises', `${raised}, and ${truth.holder() ?? 'nobody'} leads`);
    }
    if (pausedBy === by) {
      fail('nothing is raised while it is paused', raised);
    }
    if ([...firing.values()].some((told) => told.has(by))) {
      fail('nothing starts or rises while an alert fires', raised);
    }
    if (from === 0) {
      if (!starts.has(by)) {
        fail('nothing is raised without authority', `${raised}, and nobody asked it to since it was lowered`);
      }
    } else {
      checkStep(by, raised, from, next?.needsApproval ?? false);
    }
  }

  function checkStep(by: Name, raised: string, from: number, needsApproval: boolean): void {
    const isAsked = (steps.get(by) ?? Number.NEGATIVE_INFINITY) >= arrivedAtMs;
    const observeMs = plan().stages.find(({ percent }) => percent === from)?.observeMs ?? Number.POSITIVE_INFINITY;
    const seconds = Math.round((now() - arrivedAtMs) / 1_000);
    if (needsApproval && !isAsked) {
      fail('nothing is raised without authority', `${raised}, which nobody approved`);
    } else if (!isAsked && truth.quietForMs('clocks') > now() - arrivedAtMs && now() - arrivedAtMs < observeMs * 0.9) {
      fail('nothing is raised before its time', `${raised} after ${seconds} s of ${observeMs / 1_000}`);
    }
  }

  return {
    noteLock,
    onChange: (change: FlagChange): void => {
      const by = controllerOf(change.by);
      if (by !== undefined && change.to > change.from) {
        check(by, change);
        starts.delete(by);
      }
      pausedBy = change.to < change.from || by === undefined ? undefined : pausedBy;
      arrivedAtMs = now();
    },
    onAsked: (by: Name, what: string): void => {
      if (what === 'start') {
        starts.add(by);
      } else if (what === 'approve' || what === 'promote') {
        steps.set(by, now());
      }
      pausedBy = what === 'resume' || what === 'rollback' ? undefined : pausedBy;
      if (what === 'rollback') {
        starts.delete(by);
        steps.delete(by);
      }
    },
    onPaused: (by: Name): void => {
      pausedBy = by;
    },
    onLowering: (by: Name): void => {
      starts.delete(by);
      steps.delete(by);
      pausedBy = undefined;
    },
    onAlert: (id: string, status: 'firing' | 'resolved', by: Name): void => {
      if (status === 'firing') {
        firing.set(id, new Set([...(firing.get(id) ?? []), by]));
      } else {
        firing.delete(id);
      }
    },
    /** Whoever begins anew knows nothing of it. */
    onBegun: (by: Name): void => {
      for (const told of firing.values()) {
        told.delete(by);
      }
      starts.delete(by);
      steps.delete(by);
      pausedBy = pausedBy === by ? undefined : pausedBy;
    },
    arrivedAtMs: () => arrivedAtMs,
  };
}

export type RaiseWatch = ReturnType<typeof createRaiseWatch>;
