import { counted, formatDuration, formatValue } from '../../contract/wording/format.ts';
import { holding } from '../../rollout/decide.ts';
import type { Plan } from '../../rollout/plan.ts';
import { guardsAct, percentOf, type State, servedSince } from '../../rollout/state.ts';
import { unhealthy } from '../../rollout/transitions.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import type { Note } from './event-text.ts';
import { happened, type Repeats, summedUp } from './repeats.ts';

/** What was noticed so far of the stage that is served. */
export type Noticed = {
  readonly stage: string;
  /** Since when it holds: for people, and on the monotonic clock. */
  readonly holding: { readonly sinceMs: number; readonly fromMs: number } | undefined;
  /** What is wrong now and was recorded as it began. */
  readonly there: ReadonlySet<string>;
  readonly repeats: Repeats<Note>;
};

export const NOTHING_NOTICED: Noticed = { stage: '', holding: undefined, there: new Set(), repeats: new Map() };

type Seen = {
  readonly plan: Plan;
  readonly state: State;
  readonly verdicts: readonly Verdict[];
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly holdAfterMs: number;
  /** Whether this controller is the one that says so: what another one was to say is said by whoever leads next. */
  readonly says: boolean;
};

/**
 * What people should hear of though nothing was decided: a stage that holds for long, and a breach that only holds. Once as it
 * begins; what comes and goes is summed.
 */
export function noticesOf(before: Noticed, seen: Seen): { readonly next: Noticed; readonly notes: readonly Note[] } {
  const { state, nowMs, monotonicMs, says } = seen;
  const stage = `${state.phase} ${percentOf(state)} ${servedSince(state)}`;
  const known = stage === before.stage ? before : { ...NOTHING_NOTICED, stage };
  const reason = holdReason(seen);
  const holding = reason === undefined ? undefined : (known.holding ?? { sinceMs: nowMs, fromMs: monotonicMs });
  const found = findings(seen, reason, holding);
  const there = new Set([...found.keys()].filter((key) => says || known.there.has(key)));
  let { repeats } = known;
  const notes: Note[] = [];
  for (const [key, note] of says ? found : []) {
    if (!known.there.has(key)) {
      const { next, recorded } = happened(repeats, key, note, monotonicMs);
      repeats = next;
      notes.push(...recorded);
    }
  }
  const { next, recorded } = says ? summedUp(repeats, monotonicMs) : { next: repeats, recorded: [] };
  return { next: { stage, holding, there, repeats: next }, notes: [...notes, ...recorded] };
}

/** What is wrong now, by a name that stays the same while it lasts. */
function findings(
  { plan, state, verdicts, monotonicMs, holdAfterMs }: Seen,
  reason: string | undefined,
  holding: Noticed['holding'],
): ReadonlyMap<string, Note> {
  const breaches = guardsAct(plan, state)
    ? verdicts.filter(({ kind, onBreach }) => kind === 'breached' && onBreach === 'hold')
    : [];
  const found = new Map<string, Note>(breaches.map((each) => [`${each.guard} ${each.source}`, breachNote(each)]));
  const heldMs = holding === undefined ? 0 : monotonicMs - holding.fromMs;
  if (reason !== undefined && holding !== undefined && heldMs >= holdAfterMs) {
    const text = `Holding at ${percentOf(state)} % for ${formatDuration(heldMs, 'en')}: ${reason}.`;
    found.set('hold', { kind: 'holding', text, to: percentOf(state), details: { reason, sinceMs: holding.sinceMs } });
  }
  return found;
}

/** A pause is somebody's wish, and the watch holds nothing up: neither is a hold. */
function holdReason({ plan, state, verdicts }: Seen): string | undefined {
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

function breachNote(verdict: Verdict): Note {
  const { guard, source, value, limitText, samples, detail, evidence = null } = verdict;
  const found = value === undefined ? '' : `, value ${formatValue(verdict)}`;
  const more = detail === '' ? '' : `: ${detail}`;
  const text = `Guard ${guard} by ${source} is breached and holds the stage${found}, limit ${limitText}, ${counted(samples, 'sample')}${more}.`;
  return { kind: 'breached', text, details: { verdict: { ...verdict, value: value ?? null, evidence } } };
}
