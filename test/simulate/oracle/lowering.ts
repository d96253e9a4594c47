import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Name } from '../actions.ts';
import type { FlagChange } from '../world/flag-store.ts';
import { type Fail, isDeed, type Truth } from './truth.ts';

const TICKS = 6;
const WITHIN_MS = 20_000;

type Automatic = { readonly to: number; readonly atMs: number };

/** Looks at each moment: what is broken goes down, what an alert asks for goes down, and what was rolled back stays down. */
export function createLoweringWatch(truth: Truth, fail: Fail) {
  const { now, tickMs } = truth;
  const withinMs = TICKS * tickMs + WITHIN_MS;
  let automatic: Automatic | undefined;
  let changedAtMs = 0;
  let brokenSinceMs: number | undefined;
  let lostAtMs = Number.NEGATIVE_INFINITY;
  /** Alerts that fire, and when each controller that is up since received it. */
  const firing = new Map<string, Map<Name, number>>();

  const lasts = (sinceMs: number, quietMs: number) =>
    Math.min(now() - sinceMs, now() - changedAtMs, quietMs) > withinMs;

  function look(): void {
    const percent = truth.percent();
    if (percent === 0) {
      return;
    }
    const seen = truth.quietForMs('lever', 'controllers', 'replicas', 'traffic');
    if (brokenSinceMs !== undefined && lasts(brokenSinceMs, seen)) {
      fail('after a breach the flag ends at its target', `it says ${percent} %, and domain has failed for long`);
    }
    const reached = truth.quietForMs('lever', 'controllers');
    for (const [alert, told] of firing) {
      for (const [by, atMs] of told) {
        if (lasts(atMs, reached)) {
          fail('nothing is served while an alert fires', `the flag says ${percent} %, and ${by} has received ${alert}`);
        }
      }
    }
    if (automatic !== undefined && percent > automatic.to) {
      const knownMs = Math.min(reached, truth.quietForMs('database'), now() - lostAtMs);
      if (lasts(automatic.atMs, knownMs)) {
        fail('after an automatic rollback it stays down', `the flag says ${percent} %`);
      }
    }
  }

  function onEvent(by: Name, event: JournalEvent): void {
    const isAutomatic = isDeed(event, 'guard') || isDeed(event, 'alert');
    if (event.kind === 'rolling-back') {
      automatic = isAutomatic ? { to: event.to ?? 0, atMs: now() } : undefined;
    }
    const isKnown = automatic !== undefined && isKnownSince(automatic.atMs - 5_000);
    if (event.kind === 'adopted' && isKnown && (event.to ?? 0) > (automatic?.to ?? 0)) {
      fail('after an automatic rollback it stays down', `${by} took over ${event.to} %`);
    }
  }

  /** Nobody who knew it ended, and the journal could be written and kept it. */
  const isKnownSince = (atMs: number) =>
    lostAtMs < atMs && truth.quietForMs('database', 'controllers') > now() - atMs + 2 * tickMs;

  return {
    look,
    onEvent,
    isFiring: (): boolean => firing.size > 0,
    onChange: ({ to, by }: FlagChange): void => {
      changedAtMs = now();
      // Lowered below it by somebody else: that is a word of its own.
      automatic = automatic !== undefined && to < automatic.to && by !== 'a' && by !== 'b' ? undefined : automatic;
    },
    onBroken: (is: boolean): void => {
      brokenSinceMs = is ? (brokenSinceMs ?? now()) : undefined;
    },
    /** A person's word to a controller, which allows it again. */
    onAllowed: (): void => {
      automatic = undefined;
    },
    onAlert: (id: string, status: 'firing' | 'resolved', by: Name): void => {
      const told = firing.get(id) ?? new Map<Name, number>();
      if (status === 'resolved') {
        firing.delete(id);
      } else {
        firing.set(id, told.set(by, told.get(by) ?? now()));
      }
    },
    onBegun: (by: Name): void => {
      for (const told of firing.values()) {
        told.delete(by);
      }
    },
    onLost: (): void => {
      lostAtMs = now();
    },
  };
}
