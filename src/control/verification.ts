import type { Percent } from '../rollout/percent.ts';
import type { VerificationRequest } from './api-schemas.ts';
import type { Note } from './events.ts';

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
