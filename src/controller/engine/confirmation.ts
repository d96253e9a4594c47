import type { Percent } from '../../kit/percent.ts';
import type { Clock } from '../../kit/time.ts';
import { isComingOrGoing, type SourceReading } from '../../rollout/reading.ts';
import { ask } from './ask.ts';
import type { SignalSource, WrittenChange } from './ports.ts';

/** A new percent on its way to the replicas. */
export type FollowedChange = WrittenChange & { readonly seen: Confirmation };

/** Whether every replica serves it. Where none is read nobody knows, now or later. */
type Confirmation =
  | { readonly kind: 'waiting'; readonly for: readonly string[] }
  | { readonly kind: 'confirmed'; readonly atMs: number }
  | { readonly kind: 'unknowable' };

const LOOK_EVERY_MS = 25;
/** Flags are with the replicas within 100 ms; after this something is wrong. */
const CONFIRM_WITHIN_MS = 3_000;
const LOOK_LATER_EVERY_MS = 500;
const LOOK_WITHIN_MS = 1_000;

/** Where none was read. */
export const ANY = 'any replica';
/** Of what is waited for: `10.0.0.1:8081 (serves 50 %)`. */
export const nameOfReplica = (waitedFor: string): string => waitedFor.split(' (')[0] as string;

/** Who does not serve what it should. A replica that cannot be asked is not taken to obey. */
export function notServing(reading: SourceReading, percent: Percent, lowers: boolean): readonly string[] {
  if (reading.kind === 'failed') {
    return [`${ANY} (${reading.why}: ${reading.detail})`];
  }
  if (reading.replicas.length === 0 && reading.missing.length === 0) {
    return [`${ANY} (none is there)`];
  }
  const wrong = reading.replicas.filter(({ servedPercent }) =>
    lowers ? servedPercent === undefined || servedPercent > percent : servedPercent !== percent,
  );
  return [
    ...wrong.map(({ replica, servedPercent }) => `${replica} (serves ${servedPercent ?? 'no known'} %)`),
    // One that a name service leaves out may serve on, as one that begins may: where the percent goes down they are waited for.
    ...reading.missing
      .filter(({ why }) => lowers || !isComingOrGoing(why))
      .map(({ replica, why }) => `${replica} (${why})`),
  ];
}

/** For how long one that nobody names any more is waited for: it may serve on. */
export const REMEMBERED_MS = 60_000;

function leftOut(known: readonly string[], reading: SourceReading): readonly string[] {
  const named =
    reading.kind === 'read' ? [...reading.replicas, ...reading.missing].map(({ replica }) => replica) : known;
  return known.filter((name) => !named.includes(name)).map((name) => `${name} (left)`);
}

type ConfirmationSettings = {
  readonly witness: SignalSource;
  readonly percent: Percent;
  readonly lowers: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Replicas that a controller before this one waited for: they may serve on, though nobody names them now. */
  readonly known?: readonly string[];
  readonly onLook: (waitingFor: readonly string[]) => void;
  /** It takes too long: to be reported, and to be tried again. Once each time it is too long. */
  readonly onLate: (waitingFor: readonly string[]) => Promise<void>;
};

/** Looks at every replica until all serve the percent. @returns when they did; undefined when ended by the signal. */
export async function untilConfirmed(options: ConfirmationSettings): Promise<number | undefined> {
  const { witness, percent, lowers, clock, signal, known = [], onLook, onLate } = options;
  const begunAtMs = clock.monotonic();
  let lateAtMs = begunAtMs + CONFIRM_WITHIN_MS;
  let everyMs = LOOK_EVERY_MS;
  while (!signal.aborted) {
    const askedAtMs = clock.monotonic();
    const reading = await ask(witness, LOOK_WITHIN_MS, clock, signal);
    if (signal.aborted) {
      return undefined;
    }
    const isRemembered = lowers && askedAtMs - begunAtMs < REMEMBERED_MS;
    const unnamed = isRemembered ? leftOut(known, reading) : [];
    const waitingFor = [...notServing(reading, percent, lowers), ...unnamed];
    onLook(waitingFor);
    if (waitingFor.length === 0) {
      return clock.now();
    }
    if (askedAtMs >= lateAtMs) {
      await onLate(waitingFor);
      lateAtMs = clock.monotonic() + CONFIRM_WITHIN_MS * 10;
      everyMs = LOOK_LATER_EVERY_MS;
    }
    await clock.sleep(everyMs, signal);
  }
  return undefined;
}
