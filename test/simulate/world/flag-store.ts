import { type FlagStore, type Held, StoreError } from '../../../src/controller/levers/store.ts';
import { flagIn } from '../../../src/flagd/flag-edit.ts';
import { readPercent } from '../../../src/flagd/read-percent.ts';
import type { Percent } from '../../../src/kit/percent.ts';
import type { ProcessClock, WorldClock } from './clock.ts';

export const FLAG = 'f';

/** How the place behaves where the flag is edited. */
export type StoreFault = 'none' | 'forbidden' | 'invalid' | 'busy' | 'silent' | 'slow' | 'contended';

/** What is served from here on, if every replica follows. */
export type FlagChange = {
  readonly atMs: number;
  readonly by: string;
  readonly from: Percent;
  readonly to: Percent;
};

type Definition = { state: string; variants: Record<string, number>; defaultVariant: string; targeting?: unknown };
const DEFINITION: Definition = {
  state: 'ENABLED',
  variants: { off: 0, p5: 5, p10: 10, p25: 25, p50: 50 },
  defaultVariant: 'off',
};

type FlagStoreParts = {
  readonly clock: WorldClock;
  readonly wallStartMs: number;
  /** Another team's flag stands in the same text. */
  readonly isShared: boolean;
  readonly onChange: (change: FlagChange) => void;
};

/** One text of flags with a version: what the levers' real logic reads and edits. */
export function createSimulatedStore({ clock, wallStartMs, isShared, onChange }: FlagStoreParts) {
  let text = JSON.stringify({ flags: { [FLAG]: DEFINITION, ...(isShared && { other: DEFINITION }) } });
  let version = 0;
  let asked = 0;
  let fault: StoreFault = 'none';
  let good: string | undefined;
  let written = readText(text);
  let served: Percent = 0;

  function readText(of: string) {
    const reading = readPercent(flagIn(JSON.parse(of), FLAG));
    return reading.kind === 'read' ? reading : { percent: 0, leaseUntilMs: undefined };
  }

  function put(next: string, by: string): void {
    text = next;
    version += 1;
    written = readText(next);
    const { leaseUntilMs } = written;
    if (leaseUntilMs !== undefined) {
      clock.after(leaseUntilMs - wallStartMs - clock.now(), () => settle('the lease'));
    }
    settle(by);
  }

  function settle(by: string): void {
    const { percent, leaseUntilMs = Number.POSITIVE_INFINITY } = written;
    const [from, to] = [served, wallStartMs + clock.now() >= leaseUntilMs ? 0 : percent];
    served = to;
    if (from !== to) {
      onChange({ atMs: clock.now(), by, from, to });
    }
  }

  async function answer(own: ProcessClock, signal: AbortSignal): Promise<void> {
    asked += 1;
    if (fault === 'silent') {
      await own.sleep(3_600_000, signal);
    }
    await own.sleep(fault === 'slow' ? 1_500 : 2, signal);
    signal.throwIfAborted();
    if (fault === 'busy') {
      throw new StoreError('unreachable', `EBUSY: resource busy or locked, flags.${asked}.tmp`);
    }
  }

  const refuse = (): void => {
    if (fault === 'forbidden' || fault === 'invalid') {
      const why = fault === 'forbidden' ? '403: forbidden' : '422: the object is too large';
      throw new StoreError('refused', `the API server answered ${why}, request ${asked}`);
    }
  };

  async function load(own: ProcessClock, by: string, signal: AbortSignal): Promise<Held> {
    await answer(own, signal);
    const [held, heldVersion] = [text, version];
    return {
      text: held,
      rehearse: async () => {
        refuse();
        return 'patch';
      },
      kept: async () => good,
      keep: async (now) => {
        good = now;
      },
      save: async ({ text: next }, saveSignal) => {
        await answer(own, saveSignal);
        refuse();
        if (fault === 'contended' && version % 3 !== 0) {
          // Another team edits its own flag in the same place.
          version += 1;
          return 'changed';
        }
        if (version !== heldVersion) {
          return 'changed';
        }
        put(next ?? held, by);
        return 'saved';
      },
    };
  }

  return {
    /** What the flag says now, its lease included. */
    percent: (): Percent => served,
    hasLease: (): boolean => written.leaseUntilMs !== undefined,
    fault: () => fault,
    set: (next: StoreFault): void => {
      fault = next;
    },
    /** Somebody else's edit: the whole definition, as it stands in a repository. */
    edit: (percent: Percent, by: string): void => {
      const whole = JSON.parse(text) as { flags: Record<string, Definition> };
      whole.flags[FLAG] = { ...DEFINITION, defaultVariant: percent === 0 ? 'off' : `p${percent}` };
      put(JSON.stringify(whole), by);
    },
    /** The place as one controller reaches it. */
    seenBy: (own: ProcessClock, by: string): FlagStore => ({ load: (signal) => load(own, by, signal) }),
  };
}

export type SimulatedStore = ReturnType<typeof createSimulatedStore>;
