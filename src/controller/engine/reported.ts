import type { ConsistencyRequest, VerificationRequest } from '../../contract/schemas.ts';
import { counted } from '../../contract/wording/format.ts';
import type { Percent } from '../../kit/percent.ts';
import type { Checked } from '../../rollout/state.ts';
import type { Note } from './event-text.ts';

/**
 * What functional checks say of the stage that is served, and the note that the journal keeps of them.
 * @returns a verdict of undefined where they say nothing of it: no check ran on the domain path, or the stage is another by now.
 */
export function readVerification(
  { actor, target, percent, checks }: VerificationRequest,
  served: Percent,
): { readonly verdict: 'passed' | 'failed' | undefined; readonly note: Note } {
  const count = (result: string) => checks.filter((check) => check.result === result).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const made = checks.filter(({ result }) => result !== 'skipped');
  const paths = Array.from(new Set(made.map(({ path }) => path)));
  const moved = percent === served ? '' : ` The rollout is at ${served} % by now, which this does not count for.`;
  const on = paths.length === 0 ? '' : ` (${paths.join(', ')})`;
  const text = `Verified at ${percent} % by ${actor}: ${passed} passed, ${failed} failed, ${skipped} skipped${on}.${moved}`;
  const saysSomething = percent === served && (failed > 0 || paths.includes('domain'));
  return {
    verdict: saysSomething ? (failed === 0 ? 'passed' : 'failed') : undefined,
    note: {
      kind: 'verified',
      text,
      from: percent,
      to: percent,
      actor,
      details: { target, paths, passed, failed, skipped, checks },
    },
  };
}

const MOST_NAMED = 5;

/** What a check of the data says, for the stage that is served and for the journal. */
export function readCheck(
  { actor, check, since, records, changes, findings, held: of, examples }: ConsistencyRequest,
  served: Percent,
  beganMs: number | undefined,
): { readonly checked: Checked; readonly note: Note } {
  const held = heldOf(findings, of, beganMs);
  const others = findings - held;
  const noted = others === 0 ? '' : `${counted(others, 'finding')} not of domain's doing in this rollout`;
  const detail = [named(examples.slice(0, held)), noted && `${noted}: a note`].filter((each) => each !== '').join('; ');
  const from = since === null ? '' : ` since ${since}`;
  const found =
    findings === 0
      ? 'all of them agree'
      : `${counted(findings, 'finding')}, in ${named(examples)}${noted && `; ${noted}, a note that lowers nothing`}`;
  const text = `Data checked by ${actor}${from}: ${counted(records, 'record')}, ${counted(changes, 'change')}; ${found}.`;
  return {
    checked: { findings: held, changes, detail },
    note: {
      kind: 'checked',
      text,
      from: served,
      to: served,
      actor,
      details: { check, since, records, changes, findings, held, examples },
    },
  };
}

/** A check that was made for another beginning says nothing of this one, unless that was earlier: it counted these as well. */
function heldOf(findings: number, held: ConsistencyRequest['held'], beganMs: number | undefined): number {
  const isOfThis =
    held !== undefined && (held.began === null || (beganMs !== undefined && Date.parse(held.began) <= beganMs));
  return isOfThis ? Math.min(held.findings, findings) : findings;
}

function named(examples: ConsistencyRequest['examples']): string {
  const names = Array.from(new Set(examples.map(({ violation_id: id }) => id)));
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return names.length === 0 ? '' : `violations ${shown}${names.length > MOST_NAMED ? ' and more' : ''}`;
}
