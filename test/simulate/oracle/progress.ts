import type { JournalEvent } from '../../../src/rollout/event.ts';
import type { Name } from '../actions.ts';
import type { Fail, Told, Truth } from './truth.ts';

const WITHIN_MS = 60_000;
const TICKS = 20;
const LEASE_WITHIN_MS = 20_000;
const LEASE_TICKS = 6;
const LEVER_FAILS_WITHIN_MS = 8_000;
/** What is reported once is summed for as long. */
const SUMMED_MS = 900_000;

/** Nothing hangs in silence: a healthy rollout goes on, a percent that is no stage is paused, and a lever that fails is named. */
export function createProgressWatch(truth: Truth, fail: Fail, told: readonly Told[]) {
  const { now, tickMs, plan } = truth;
  let changedAtMs = 0;
  let disturbedAtMs = 0;

  function look(): void {
    checkLease();
    checkGoesOn();
  }

  /** One that was left there by another plan would drop a healthy rollout. */
  function checkLease(): void {
    const isLeft = plan().leaseMs === undefined && truth.hasLease() && truth.percent() > 0;
    if (isLeft && truth.quietForMs('lever', 'database', 'controllers') > LEASE_TICKS * tickMs + LEASE_WITHIN_MS) {
      fail('a lease that the plan does not ask for is taken out of the flag', `${truth.percent()} % has one`);
    }
  }

  function checkGoesOn(): void {
    const percent = truth.percent();
    const stage = plan().stages.find((each) => each.percent === percent);
    const observeMs = stage?.observeMs ?? 0;
    const withinMs = 3 * observeMs + 3 * truth.personEveryMs + TICKS * tickMs + WITHIN_MS;
    const calmMs = truth.quietForMs('lever', 'database', 'replicas', 'controllers', 'clocks', 'traffic');
    if (Math.min(calmMs, now() - changedAtMs, now() - disturbedAtMs) <= withinMs) {
      return;
    }
    const isTop = percent >= (plan().stages.at(-1)?.percent ?? 0);
    if (stage === undefined && percent > 0) {
      checkPaused(percent);
    } else if (!isTop) {
      fail('a healthy rollout goes on', `it has been at ${percent} % for ${Math.round(withinMs / 1_000)} s and more`);
      disturbedAtMs = now();
    }
  }

  /** Where it would lead only a person can say, and has to be asked. */
  function checkPaused(percent: number): void {
    const isReported = told.some(
      ({ atMs, event }) => atMs >= changedAtMs - WITHIN_MS && event.to === percent && isPause(event),
    );
    if (!isReported) {
      fail('a percent that is no stage of the plan is paused, and reported', `${percent} % is none`);
      disturbedAtMs = now();
    }
  }

  return {
    look,
    onChange: (): void => {
      changedAtMs = now();
    },
    /** Something may hold it: a person's word, an alert, a domain that fails. */
    onDisturbed: (): void => {
      disturbedAtMs = now();
    },
    onRollingBack: (by: Name, to: number): void => {
      const atMs = now();
      truth.after(LEVER_FAILS_WITHIN_MS + 2 * tickMs, () => {
        const isUp = truth.isUp(by) && truth.quietForMs('controllers') > now() - atMs;
        const isNamed = told.some(
          ({ atMs: toldMs, event }) => event.kind === 'lever-failed' && toldMs >= now() - SUMMED_MS,
        );
        if (isUp && changedAtMs < atMs && truth.percent() > to && !isNamed) {
          fail('a lever that fails is named', `${by} rolls back to ${to} %, and the flag says ${truth.percent()} %`);
        }
      });
    },
  };
}

const isPause = ({ kind }: JournalEvent): boolean => kind === 'paused' || kind === 'adopted';
