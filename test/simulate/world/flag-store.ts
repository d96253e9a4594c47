import { type FlagStore, StoreError } from '../../../src/controller/levers/store.ts';
import { flagIn } from '../../../src/flagd/flag-edit.ts';
import { parseJson } from '../../../src/flagd/json-text.ts';
import { readPercent } from '../../../src/flagd/read-percent.ts';
import type { ProcessClock, WorldClock } from './clock.ts';

export const FLAG = 'f';

/** How the place behaves where the flag is edited. */
export type StoreFault = 'none' | 'forbidden' | 'invalid' | 'busy' | 'silent' | 'slow' | 'contended';

export type FlagChange = {
  readonly atMs: number;
  readonly by: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
};

const DEFINITION = {
  state: 'ENABLED',
  variants: { off: 0, p5: 5, p10: 10, p25: 25, p50: 50, p100: 100 },
  defaultVariant: 'off',
};

/** One text of flags with a version: what the levers' real logic reads and edits. */
export function createSimulatedStore(clock: WorldClock, onChange: (change: FlagChange) => void) {
  let text = JSON.stringify(
    { flags: { [FLAG]: DEFINITION, other: { ...DEFINITION, defaultVariant: 'p50' } } },
    null,
    2,
  );
  let version = 0;
  let good: string | undefined;
  let fault: StoreFault = 'none';

  function percentOf(of: string): number | undefined {
    const parsed = parseJson(of);
    const reading = readPercent(parsed.kind === 'json' ? flagIn(JSON.parse(of), FLAG) : undefined);
    return reading.kind === 'read' ? reading.percent : undefined;
  }

  function put(next: string, by: string): void {
    const [from, to] = [percentOf(text), percentOf(next)];
    text = next;
    version += 1;
    if (from !== to) {
      onChange({ atMs: clock.now(), by, from, to });
    }
  }

  async function answer(own: ProcessClock, signal: AbortSignal): Promise<void> {
    if (fault === 'silent') {
      await own.sleep(3_600_000, signal);
    }
    await own.sleep(fault === 'slow' ? 1_500 : 2, signal);
    signal.throwIfAborted();
    if (fault === 'busy') {
      throw new StoreError('unreachable', 'EBUSY: resource busy or locked');
    }
  }

  return {
    percent: (): number | undefined => percentOf(text),
    set: (next: StoreFault): void => {
      fault = next;
    },
    /** Whether a rollback could be written now. */
    works: (): boolean => fault === 'none' || fault === 'slow' || fault === 'contended',
    /** Somebody else's edit. */
    edit: (percent: number, by: string): void => {
      const whole = JSON.parse(text) as { flags: Record<string, typeof DEFINITION> };
      const flag = whole.flags[FLAG] as typeof DEFINITION;
      flag.defaultVariant = percent === 0 ? 'off' : `p${percent}`;
      put(JSON.stringify(whole, null, 2), by);
    },
    /** The place as one controller reaches it. */
    seenBy: (own: ProcessClock, by: string): FlagStore => ({
      load: async (signal) => {
        await answer(own, signal);
        const [held, heldVersion] = [text, version];
        return {
          text: held,
          rehearse: async () => {
            if (fault === 'forbidden') {
              throw new StoreError('refused', 'the API server answered 403: forbidden');
            }
            return 'patch';
          },
          kept: async () => good,
          keep: async (now) => {
            good = now;
          },
          save: async ({ text: next }, saveSignal) => {
            await answer(own, saveSignal);
            if (fault === 'forbidden' || fault === 'invalid') {
              throw new StoreError('refused', `the API server answered ${fault === 'forbidden' ? 403 : 422}: no`);
            }
            if (fault === 'contended' && version % 3 !== 0) {
              // Another team edits its own flag in the same place.
              version += 1;
              return 'changed';
            }
            if (version !== heldVersion) {
              return 'changed';
            }
            put(next as string, by);
            return 'saved';
          },
        };
      },
    }),
  };
}

export type SimulatedStore = ReturnType<typeof createSimulatedStore>;
