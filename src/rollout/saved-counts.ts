import Type, { type Static } from 'typebox';
import type { Counts } from './counters.ts';
import type { DeepReadonly } from './state-schema.ts';

/** Counts as JSON. Bounds are texts: JSON has no number for the last one, `Infinity`. */
export const SavedCounts = Type.Object({
  ok: Type.Number(),
  rejected: Type.Number(),
  error: Type.Number(),
  timed: Type.Number(),
  sumSeconds: Type.Number(),
  atMost: Type.Array(Type.Tuple([Type.String(), Type.Number()])),
});
export type SavedCounts = DeepReadonly<Static<typeof SavedCounts>>;

export const toSaved = ({ atMost, ...counts }: Counts): SavedCounts => ({
  ...counts,
  atMost: Array.from(atMost, ([bound, count]) => [String(bound), count]),
});

export const fromSaved = ({ atMost, ...counts }: SavedCounts): Counts => ({
  ...counts,
  atMost: new Map(atMost.map(([bound, count]) => [Number(bound), count])),
});
