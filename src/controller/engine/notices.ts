import { counted, formatDuration, formatValue } from '../../contract/wording/format.ts';
import { holding } from '../../rollout/decide.ts';
import type { Plan } from '../../rollout/plan.ts';
import { guardsAct, percentOf, type State, servedSince } from '../../rollout/state.ts';
import { unhealthy } from '../../rollout/transitions.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import type { Note } from './event-text.ts';

/** What was reported already, so that it is reported once. */
export type Noticed = {
  readonly stage: string;
  readonly holdingSinceMs: number | undefined;
  readonly isHoldTold: boolean;
  /** Guards that are breached and only hold. */
  readonly breached: ReadonlySet<string>;
};

export const NOTHING_NOTICED: Noticed = {
  stage: '',
  holdingSinceMs: undefined,
  isHoldTold: false,
  breached: new Set(),
};

type Seen = {
  readonly plan: Plan;
  readonly state: State;
  readonly verdicts: readonly Verdict[];
  readonly nowMs: number;
  readonly holdAfterMs: number;
};

/** What people should hear of though nothing was decided: a stage that holds for long, and a breach that only holds. */
export function noticesOf(before: Noticed, seen: Seen): { readonly next: Noticed; readonly notes: readonly Note[] } {
  const { plan, state, verdicts, nowMs, holdAfterMs } = seen;
  const stage = `${state.phase} ${percentOf(state)} ${servedSince(state)}`;
  const known = stage === before.stage ? before : { ...NOTHING_NOTICED, stage };
  const reason = holdReason(plan, state, verdicts);
  const holdingSinceMs = reason === undefined ? undefined : (known.holdingSinceMs ?? nowMs);
  const heldMs = holdingSinceMs === undefined ? 0 : nowMs - holdingSinceMs;
  const isHeldLong = heldMs >= holdAfterMs && !known.isHoldTold;
  const breaches = guardsAct(plan, state)
    ? verdicts.filter(({ kind, onBreach }) => kind === 'breached' && onBreach === 'hold')
    : [];
  const notes: Note[] = breaches.filter((each) => !known.breached.has(keyOf(each))).map(breachNote);
  if (reason !== undefined && holdingSinceMs !== undefined && isHeldLong) {
    const text = `Holding at ${percentOf(state)} % for ${formatDuration(heldMs, 'en')}: ${reason}.`;
    notes.push({ kind: 'holding', text, to: percentOf(state), details: { reason, sinceMs: holdingSinceMs } });
  }
  return {
    next: {
      stage,
      holdingSinceMs,
      isHoldTold: reason !== undefined && (known.isHoldTold || isHeldLong),
      breached: new Set(breaches.map(keyOf)),
    },
    notes,
  };
}

/** A pause is somebody's wish, and the watch holds nothing up: neither is a hold. */
function holdReason(plan: Plan, state: State, verdicts: readonly Verdict[]): string | undefined {
  switch (state.phase) {
    case 'observing':
      return holding(plan, state, verdicts);
    case 'awaiting-approval':
      return 'it waits for approval';
    case 'complete':
      return guardsAct(plan, state) ? unhealthy(verdicts) : undefined;
    default:
      return undefined;
  }
}

const keyOf = ({ guard, source }: Verdict) => `${guard} ${source}`;

function breachNote(verdict: Verdict): Note {
  const { guard, source, value, limitText, samples, detail, evidence = null } = verdict;
  const found = value === undefined ? '' : `, value ${formatValue(verdict)}`;
  const more = detail === '' ? '' : `: ${detail}`;
  const text = `Guard ${guard} by ${source} is breached and holds the stage${found}, limit ${limitText}, ${counted(samples, 'sample')}${more}.`;
  return { kind: 'breached', text, details: { verdict: { ...verdict, value: value ?? null, evidence } } };
}
