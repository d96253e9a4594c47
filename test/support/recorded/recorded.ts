import { readFileSync } from 'node:fs';

/** A row of `rollout_events`, as JSON. */
export type EventRow = {
  readonly event_id: string;
  readonly happened_at: string;
  readonly kind: string;
  readonly from_percent: number | null;
  readonly to_percent: number | null;
  readonly actor: string;
  readonly text: string;
  readonly details: unknown;
};

/** Of `rollout_state`. */
export type StateRow = { readonly state: unknown; readonly intent: unknown; readonly unconfirmed: unknown };

const read = <T>(name: string): readonly T[] =>
  readFileSync(new URL(name, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** What real controllers wrote, at the commit before events had types: every kind, with each reason; the last events are one climb. */
export const RECORDED_EVENTS = read<EventRow>('events.jsonl');

/** Of every phase, one with a percent that is not confirmed yet. */
export const RECORDED_STATES = read<StateRow>('states.jsonl');
