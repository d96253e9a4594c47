const SUMMED_OVER_MS = 600_000;
/** As many different things are kept apart; what else happens meanwhile is one of many. */
const MOST_KEYS = 20;
const OTHERS = 'others';

/** What was recorded last under a key, and how often it has happened again since. Times are monotonic milliseconds. */
type Repeat<T> = { readonly last: T; readonly recordedAtMs: number; readonly times: number };
export type Repeats<T> = ReadonlyMap<string, Repeat<T>>;
type Outcome<T> = { readonly next: Repeats<T>; readonly recorded: readonly T[] };
type Said = { readonly text: string };

/** It happened: recorded the first time, and then once in ten minutes, with how often it happened. */
export function happened<T extends Said>(before: Repeats<T>, key: string, what: T, nowMs: number): Outcome<T> {
  const kept = new Map([...before].filter(([, each]) => each.times > 0 || isYoung(each, nowMs)));
  const under = kept.has(key) || kept.size < MOST_KEYS ? key : OTHERS;
  const known = kept.get(under);
  const next = kept.set(under, { last: what, recordedAtMs: known?.recordedAtMs ?? nowMs, times: timesOf(known) });
  return known === undefined ? { next, recorded: [what] } : summedUp(next, nowMs);
}

const timesOf = (known: Repeat<unknown> | undefined) => (known === undefined ? 0 : known.times + 1);

/** What happened again and was not recorded for ten minutes. */
export function summedUp<T extends Said>(before: Repeats<T>, nowMs: number): Outcome<T> {
  const due = [...before].filter(([, each]) => each.times > 0 && !isYoung(each, nowMs));
  if (due.length === 0) {
    return { next: before, recorded: [] };
  }
  const next = new Map(before);
  for (const [key, { last }] of due) {
    next.set(key, { last, recordedAtMs: nowMs, times: 0 });
  }
  return { next, recorded: due.map(([, each]) => withTimes(each, nowMs)) };
}

const isYoung = ({ recordedAtMs }: Repeat<unknown>, nowMs: number) => nowMs - recordedAtMs < SUMMED_OVER_MS;

function withTimes<T extends Said>({ last, times, recordedAtMs }: Repeat<T>, nowMs: number): T {
  const often = `${times} ${times === 1 ? 'time' : 'times'} in ${Math.round((nowMs - recordedAtMs) / 60_000)} min`;
  return { ...last, text: `Again: ${last.text.replace(/\.$/, '')}; ${often}.` };
}
