import type { Logger } from 'pino';
import type { Clock } from '../../kit/time.ts';
import type { Plan } from '../../rollout/plan.ts';
import { LEVER_WITHIN_MS, stateFor } from './lanes.ts';
import type { FlagLever, Rehearsal } from './ports.ts';
import type { Problems } from './problems.ts';

/** How often what is due is looked for; a lever that fails is tried that often. */
export const REHEARSE_TICK_MS = 5_000;
const REHEARSE_EVERY_MS = 60_000;

type RehearsalParts = {
  readonly plan: Pick<Plan, 'rollbackWith'>;
  readonly lever: FlagLever;
  readonly problems: Problems;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info'>;
  readonly stop: AbortSignal;
};

export type Rehearsals = ReturnType<typeof createRehearsals>;

/** The lever is tried before it is needed: as a rollback would use it, and without changing anything. */
export function createRehearsals({ plan, lever, problems, clock, log, stop }: RehearsalParts) {
  let last: Rehearsal | undefined;
  let dueAtMs = Number.NEGATIVE_INFINITY;

  async function rehearse(): Promise<Rehearsal> {
    try {
      // Not only by its signal: a file system that hangs takes none.
      return await clock.within(LEVER_WITHIN_MS, (signal) => lever.rehearse(signal, stateFor(plan, 0)), stop);
    } catch (error) {
      return { kind: 'fails', why: `${lever.where}: ${(error as Error).message}` };
    }
  }

  return {
    /** Undefined until the first one. */
    last: (): Rehearsal | undefined => last,
    /** A write failed: the next look tries the lever, whenever it was tried last. */
    hasten: (): void => {
      dueAtMs = Number.NEGATIVE_INFINITY;
    },
    tick: async (): Promise<void> => {
      const nowMs = clock.monotonic();
      if (nowMs < dueAtMs) {
        return;
      }
      const found = await rehearse();
      if (stop.aborted) {
        return;
      }
      if (found.kind === 'works' && (last?.kind !== 'works' || last.way !== found.way)) {
        log.info({ lever: lever.where, way: found.way }, `a rollback can be written: ${WAYS[found.way]}`);
      }
      last = found;
      dueAtMs = found.kind === 'works' ? nowMs + REHEARSE_EVERY_MS : nowMs;
      const text =
        found.kind === 'fails' ? `The lever fails: a rollback could not be written: ${found.why}` : undefined;
      problems.report('lever rehearsal', text);
      const unkept = found.kind === 'works' ? found.unkept : undefined;
      problems.report('last good flags', unkept && `The flags are not kept for a rollback after a restart: ${unkept}`);
    },
  };
}

const WAYS = {
  replace: 'the file is replaced in one step',
  'in-place': 'the file cannot be replaced, and is written in place',
  patch: 'the object is patched',
} as const;
