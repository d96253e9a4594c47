import { type EventBody, isDecision, severityOf } from './event.ts';

/** How much an event matters where there is no room for all of them. */
type Rank = 'decision' | 'critical' | 'noise';

export function rankOf(event: EventBody): Rank {
  if (isDecision(event) || event.kind === 'rolling-back') {
    return 'decision';
  }
  return severityOf(event) === 'critical' ? 'critical' : 'noise';
}

const GIVEN_UP = ['noise', 'critical'] as const satisfies readonly Rank[];

/**
 * What there is room for: beyond `most`, the oldest of what matters least is left out, one at a time. Decisions stay, however many
 * there are.
 */
export function withRoom<T>(waiting: readonly T[], most: number, eventOf: (each: T) => EventBody): readonly T[] {
  if (waiting.length <= most) {
    return waiting;
  }
  for (const rank of GIVEN_UP) {
    const at = waiting.findIndex((each) => rankOf(eventOf(each)) === rank);
    if (at !== -1) {
      return waiting.toSpliced(at, 1);
    }
  }
  return waiting;
}
