import type { Percent } from '../rollout/percent.ts';
import type { Checked } from '../rollout/state.ts';
import type { ConsistencyRequest } from './api-schemas.ts';
import type { Note } from './events.ts';

const MOST_NAMED = 5;

/** What a check of the data says, for the stage that is served and for the journal. */
export function readCheck(
  { actor, check, since, records, changes, findings, examples }: ConsistencyRequest,
  served: Percent,
): { readonly checked: Checked; readonly note: Note } {
  const names = Array.from(new Set(examples.map(({ violation_id: id }) => id)));
  const shown = names.slice(0, MOST_NAMED).join(', ');
  const detail = names.length === 0 ? '' : `violations ${shown}${names.length > MOST_NAMED ? ' and more' : ''}`;
  const from = since === null ? '' : ` since ${since}`;
  const found =
    findings === 0 ? 'all of them agree' : `${findings} ${findings === 1 ? 'finding' : 'findings'}, in ${detail}`;
  const text = `Data checked by ${actor}${from}: ${records} records, ${changes} changes; ${found}.`;
  return {
    checked: { findings, changes, detail },
    note: {
      kind: 'checked',
      text,
      from: served,
      to: served,
      actor,
      details: { check, since, records, changes, findings, examples },
    },
  };
}
