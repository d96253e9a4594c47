import type { Clock } from '../../kit/time.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import type { SignalSource } from './ports.ts';

/** One look, waited for no longer than it may take, whatever the source does. `stop` ends it as well. */
export async function ask(
  source: SignalSource,
  withinMs: number,
  clock: Pick<Clock, 'within'>,
  stop: AbortSignal,
): Promise<SourceReading> {
  try {
    return await clock.within(withinMs, (signal) => source.read(signal), stop);
  } catch (error) {
    return { kind: 'failed', why: 'timeout', detail: (error as Error).message };
  }
}
