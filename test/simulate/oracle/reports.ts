import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Name } from '../actions.ts';
import type { FlagChange } from '../world/flag-store.ts';
import { controllerOf, type Fail, isDeed, type Truth } from './truth.ts';

/** Flags are on their way for as long, and events are recorded a moment after what they are about. */
const LATELY_MS = 5_000;
const HOUR_MS = 3_600_000;
const MOST_EVENTS_AN_HOUR = 60;
const MOST_FOR_EACH_HAPPENING = 12;
/** Decided, written, served, and that the stage is over. */
const MOST_FOR_EACH_CHANGE = 4;
/** Two seconds, and when a look begins and what is seen in it may be a moment apart. */
const STANDBY_GRACE_MS = 1_950;

/** What is reported is so: rolled back, confirmed, edited by hand, for an alert. And it is not reported without end. */
export function createReportWatch(truth: Truth, fail: Fail, changes: readonly FlagChange[]) {
  const { now, tickMs } = truth;
  const loweringBy = new Map<Name, number>();
  const resolved = new Map<string, number>();
  let failingSinceMs: number | undefined;
  let hour = { beganAtMs: 0, events: 0, happenings: 0 };

  const latelyMs = Math.max(LATELY_MS, 3 * tickMs);
  const since = (atMs: number) => changes.filter((change) => change.atMs >= atMs);

  /** The least, and the most, that the flag said since then. */
  function rangeSince(atMs: number): { readonly least: number; readonly most: number } {
    const seen = since(atMs).flatMap(({ from, to }) => [from, to]);
    return { least: Math.min(truth.percent(), ...seen), most: Math.max(truth.percent(), ...seen) };
  }

  function onAdopted(by: Name, event: JournalEvent): void {
    const explains = (change: FlagChange | undefined) =>
      change !== undefined && controllerOf(change.by) === undefined && change.to === event.to;
    const isSo = explains(changes.at(-1)) || since(now() - latelyMs).some(explains);
    const adopted = `${by} took over ${event.from} to ${event.to} %, and ${changes.at(-1)?.by} changed it last`;
    const last = changes.at(-1);
    // What a controller cannot write down, another one cannot know.
    const isUnwritten = last !== undefined && truth.outOfReachAtMs(last.by) >= last.atMs - latelyMs;
    if (isDeed(event, 'manual edit') && !isSo && !isUnwritten) {
      fail('nothing is said to be edited by hand that was not', adopted);
    }
    if (isDeed(event, 'found') && !isSo && truth.quietForMs('database', 'controllers') > now() - lastChangeMs()) {
      fail('nothing is said to be found that a controller did', adopted);
    }
  }

  const lastChangeMs = () => (changes.at(-1)?.atMs ?? 0) - LATELY_MS;

  function onRollingBack(by: Name, event: JournalEvent): void {
    loweringBy.set(by, now());
    const { why } = event.details as { why: { kind: string; alert?: string } };
    const asked = `${by} rolled back from ${event.from} to ${event.to} %`;
    const overAtMs = why.kind === 'alert' ? resolved.get(why.alert ?? '') : undefined;
    const slackMs = latelyMs + 3 * tickMs;
    if (overAtMs !== undefined && Math.min(now() - overAtMs, truth.quietForMs('database', 'controllers')) > slackMs) {
      fail('an alert that is over rolls nothing back', `${asked} for ${why.alert}`);
    }
    const isStandby = truth.holder() !== undefined && truth.holder() !== by;
    if (why.kind === 'guard' && isStandby && now() - truth.outOfReachAtMs(by) > latelyMs) {
      checkGrace(asked);
    }
    const bound = truth.percent() > (event.to ?? 0) && truth.quietForMs('lever', 'controllers') > slackMs;
    if (bound) {
      checkWritten(by, event.to ?? 0, asked);
    }
  }

  /** Who stands by cannot have seen a breach for two seconds that did not last for two. */
  function checkGrace(asked: string): void {
    const lastedMs = now() - Math.max(failingSinceMs ?? 0, changes.at(-1)?.atMs ?? 0);
    if (failingSinceMs !== undefined && lastedMs < STANDBY_GRACE_MS && truth.quietForMs('replicas') > latelyMs) {
      fail('who stands by leaves the leader its time', `${asked} after ${Math.round(lastedMs)} ms`);
    }
  }

  /** Nothing but the lever is needed. */
  function checkWritten(by: Name, to: number, asked: string): void {
    const atMs = now();
    truth.after(WRITTEN_WITHIN_MS, () => {
      if (rangeSince(atMs).least > to && truth.isUp(by) && truth.quietForMs('lever', 'controllers') >= now() - atMs) {
        fail('a rollback needs the lever and nothing else', `${asked}, and the flag says ${truth.percent()} %`);
      }
    });
  }

  function bound(event: JournalEvent): void {
    hour = now() - hour.beganAtMs < HOUR_MS ? hour : { beganAtMs: now(), events: 0, happenings: 0 };
    hour.events += 1;
    const due = MOST_FOR_EACH_HAPPENING * hour.happenings + MOST_FOR_EACH_CHANGE * since(hour.beganAtMs).length;
    if (hour.events === MOST_EVENTS_AN_HOUR + due) {
      fail('events are bounded', `${hour.events} in an hour, the last "${event.text}"`);
    }
  }

  function onEvent(by: Name, event: JournalEvent): void {
    bound(event);
    const to = event.to ?? 0;
    switch (event.kind) {
      case 'rolling-back':
        onRollingBack(by, event);
        return;
      case 'rolled-back':
        if (rangeSince(now() - LATELY_MS).least > to) {
          fail(
            '"rolled back" is reported only when it is written',
            `${by}: ${to} %, the flag says ${truth.percent()} %`,
          );
        }
        return;
      case 'confirmed':
        // Pods that come and go hold up no raise: only what goes down waits for one that is left out.
        if (truth.mostServed() > to && rangeSince(now() - LATELY_MS).most <= to && !isRaised(changes.at(-1))) {
          fail('"confirmed" is reported only when it is served', `${by}: ${to} %, ${truth.mostServed()} % is served`);
        }
        return;
      case 'adopted':
        onAdopted(by, event);
        return;
    }
  }

  return {
    onEvent,
    onHappening: (): void => {
      hour.happenings += 1;
    },
    onFailing: (isFailing: boolean): void => {
      failingSinceMs = isFailing ? now() : undefined;
    },
    /** A rollback that a person asks for, or an alert: the flag follows at once. */
    onMustLower: (by: Name, asked: string): void => {
      const last = changes.at(-1);
      // Who leads knows what the flag says, but for what somebody else wrote since the last look at it.
      const isKnown = truth.holder() === by && (last?.by === by || now() - (last?.atMs ?? 0) > latelyMs);
      if (truth.percent() > 0 && isKnown && truth.quietForMs('lever', 'controllers') > latelyMs) {
        checkWritten(by, 0, asked);
      }
    },
    onAlert: (name: string, status: 'firing' | 'resolved', isLate: boolean): void => {
      if (status === 'resolved') {
        resolved.set(name, now());
      } else if (!isLate) {
        resolved.delete(name);
      }
    },
  };
}

const WRITTEN_WITHIN_MS = 250;
const isRaised = (change: FlagChange | undefined): boolean => change !== undefined && change.to > change.from;
