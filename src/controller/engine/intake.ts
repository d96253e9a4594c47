import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { percentOf } from '../../rollout/state.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import { ask } from './ask.ts';
import type { Role } from './authority.ts';
import type { Decider } from './decider.ts';
import { note } from './event-text.ts';
import type { Holder } from './holder.ts';
import type { Measuring } from './measuring.ts';
import { NOTHING_NOTICED, noticesOf } from './notices.ts';
import type { SignalSource } from './ports.ts';
import type { Problems } from './problems.ts';
import type { Recorder } from './recorder.ts';
import type { Watch } from './watch.ts';

const READ_WITHIN_MS = { scrape: 1_000, prometheus: 3_000 } as const;

type IntakeParts = {
  readonly plan: Plan;
  readonly sources: readonly SignalSource[];
  /** Reads what replicas serve. */
  readonly witness: SignalSource | undefined;
  readonly watch: Watch;
  readonly decider: Decider;
  readonly holder: Holder;
  readonly measuring: Pick<Measuring, 'take'>;
  readonly problems: Problems;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  readonly role: () => Role;
  readonly verdicts: () => readonly Verdict[];
  readonly stop: AbortSignal;
  /** A stage that holds for longer is reported. */
  readonly holdAfterMs: number;
};

export type Intake = ReturnType<typeof createIntake>;

/** Reads the sources, and hands what they say to whoever decides. */
export function createIntake(parts: IntakeParts) {
  const { sources, witness, watch, decider, holder, measuring, problems, clock, stop } = parts;
  let served: SourceReading | undefined;
  let noticed = NOTHING_NOTICED;

  const read = (source: SignalSource) => ask(source, READ_WITHIN_MS[source.name], clock, stop);

  function recordNotices(): void {
    const { plan, holdAfterMs } = parts;
    const [nowMs, monotonicMs] = [clock.now(), clock.monotonic()];
    const [state, verdicts, says] = [holder.state(), parts.verdicts(), parts.role() === 'leader'];
    const { next, notes } = noticesOf(noticed, { plan, state, verdicts, nowMs, monotonicMs, holdAfterMs, says });
    noticed = next;
    for (const each of notes) {
      parts.recorder.record(note(each, clock.now()));
    }
  }

  return {
    served: () => served,
    /** The witness that no guard uses, where there is one: for what is served, and for the measurements. */
    lookAtWitness: async (): Promise<void> => {
      if (witness !== undefined) {
        served = await read(witness);
        measuring.take(served, percentOf(holder.state()), clock.now());
      }
    },
    look: async (source: SignalSource): Promise<void> => {
      const askedAtMs = clock.now();
      const reading = await read(source);
      if (stop.aborted) {
        return;
      }
      served = source === witness ? reading : served;
      if (source === (witness ?? sources[0])) {
        measuring.take(reading, percentOf(holder.state()), clock.now());
      }
      watch.take(source.name, reading, clock.now());
      for (const { name, problem } of watch.problems()) {
        const text = problem === null || problem === 'not read yet' ? undefined : `${name} does not answer: ${problem}`;
        problems.report(`source ${name}`, text);
      }
      await decider.step({ kind: 'tick' }, askedAtMs);
      recordNotices();
    },
  };
}
