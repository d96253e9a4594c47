import { formatCount } from '../../contract/wording/format.ts';
import type { Clock } from '../../kit/time.ts';
import type { Details } from '../../rollout/event-schema.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { Reason } from '../../rollout/state.ts';
import { VERIFIER } from '../../rollout/verdict.ts';
import type { Note } from './event-text.ts';
import type { MismatchStore } from './ports.ts';

const MOST_NAMED = 10;
/** A replica counts a mismatch first and keeps it then: the names may come a moment after the rollback. */
const ASK_EVERY_MS = 250;
const ASK_FOR_MS = 10_000;

/** Whether single writes that differ are what it was about; what the verifier found has its names already. */
export function isAboutMismatches(plan: Plan, why: Reason): boolean {
  return (
    why.kind === 'guard' &&
    why.source !== VERIFIER &&
    plan.guards.some(({ name, measure }) => name === why.guard && measure === 'mismatches')
  );
}

/** @returns undefined where the database does not answer in time. */
export async function nameMismatches(
  store: MismatchStore,
  fromMs: number,
  clock: Clock,
  stop: AbortSignal,
): Promise<Note | undefined> {
  const until = clock.monotonic() + ASK_FOR_MS;
  while (!stop.aborted && clock.monotonic() < until) {
    const found = await store.since(fromMs, 'domain', MOST_NAMED).catch(() => undefined);
    if (found !== undefined && found.first.length > 0) {
      return describe(found);
    }
    await clock.sleep(ASK_EVERY_MS, stop);
  }
  return undefined;
}

/** Of what cannot be domain's doing. @returns undefined where there is nothing. */
export async function othersMismatched(store: MismatchStore, fromMs: number): Promise<Note | undefined> {
  const found = await store.since(fromMs, 'others', MOST_NAMED);
  if (found.first.length === 0) {
    return undefined;
  }
  const { text, ...rest } = describe(found);
  return { ...rest, text: `${text} It is not held against domain.` };
}

function describe({ records, first }: Details['mismatched']): Note {
  const named = first.map(({ violationId, field, path }) => `${violationId} (${field}, by ${path})`).join(', ');
  const more =
    records > new Set(first.map(({ violationId }) => violationId)).size
      ? `; ${formatCount(records)} records in all`
      : '';
  return {
    kind: 'mismatched',
    text: `A write does not match the domain rule: violation ${named}${more}.`,
    details: { records, first },
  };
}
