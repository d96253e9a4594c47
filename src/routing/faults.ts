import type { Clock } from '../kit/time.ts';
import type { Path } from './path.ts';

/** What goes wrong on a path on purpose: each attempt waits, and that share of them then fails before it does anything. */
type Fault = { readonly delayMs?: number; readonly errorPercent?: number };

export type Faults = Partial<Record<Path, Fault>>;

/** The switch behind `PUT /faults`, for demos and tests. Nothing goes wrong until it is set. */
export function createFaultSwitch(clock: Pick<Clock, 'sleep'>) {
  let faults: Faults = {};

  async function suffer(path: Path, fault: Fault, signal: AbortSignal): Promise<void> {
    if (fault.delayMs) {
      await clock.sleep(fault.delayMs, signal);
      signal.throwIfAborted();
    }
    if (fault.errorPercent && Math.random() * 100 < fault.errorPercent) {
      throw new Error(`injected fault on the ${path} path`);
    }
  }

  /** Runs `attempt` on a path after what goes wrong there, if anything does. */
  function before<T>(path: Path, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const fault = faults[path];
    return fault === undefined ? attempt() : suffer(path, fault, signal).then(attempt);
  }

  return {
    before,
    set: (next: Faults) => {
      faults = next;
    },
    get: (): Faults => faults,
  };
}

export type FaultSwitch = ReturnType<typeof createFaultSwitch>;
