import type { Path } from '../routing/path.ts';
import { CHECKS, type CheckOf, checkFallback } from './checks.ts';
import type { Subject } from './subject.ts';

export type CheckResult = {
  readonly name: string;
  readonly path: Path;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What was found wrong, or why it was left out; empty where it passed. */
  readonly detail: string;
  readonly ms: number;
};

const FALLBACK: CheckOf = { name: 'fallback: legacy answers where domain fails', run: checkFallback };
const LONGEST_DETAIL = 500;

/**
 * Makes all checks of one path, one after the other, and reports each as it is over.
 * @throws the reason of `signal`, which the target is ended by as well; a fault that was made is ended first.
 */
export async function verifyPath(
  subject: Subject,
  onResult: (result: CheckResult) => void,
  signal: AbortSignal,
): Promise<void> {
  const works = CHECKS.map((check) => () => make(check, subject));
  for (const work of subject.path === 'domain' ? [...works, () => makeFallback(subject)] : works) {
    const result = await work();
    // What was cut off says nothing of the service.
    signal.throwIfAborted();
    onResult(result);
  }
}

/** A path that cannot be reached proves nothing: each of its checks is left out, with the reason. */
export function skipPath(path: Path, why: string, onResult: (result: CheckResult) => void): void {
  for (const { name } of path === 'domain' ? [...CHECKS, FALLBACK] : CHECKS) {
    onResult(skipped(name, path, why));
  }
}

async function makeFallback(subject: Subject): Promise<CheckResult> {
  const { breakDomain } = subject.target;
  let isAllowed = true;
  if (breakDomain === undefined) {
    return skipped(FALLBACK.name, subject.path, 'needs --admin, and FAULT_INJECTION=allow there');
  }
  const run = async () => {
    try {
      isAllowed = await breakDomain(true);
      return isAllowed ? await FALLBACK.run(subject) : undefined;
    } finally {
      await mend(breakDomain);
    }
  };
  const result = await make({ name: FALLBACK.name, run }, subject);
  return isAllowed ? result : skipped(FALLBACK.name, subject.path, 'FAULT_INJECTION is not allowed there');
}

/** Also where breaking it had no answer: the request may have arrived. */
async function mend(breakDomain: (isBroken: boolean) => Promise<boolean>): Promise<void> {
  try {
    await breakDomain(false);
  } catch (error) {
    throw new Error(
      `${(error as Error).message}; if domain still fails there, end it with DELETE /faults on the admin port`,
    );
  }
}

const skipped = (name: string, path: Path, detail: string): CheckResult => ({
  name,
  path,
  result: 'skipped',
  detail,
  ms: 0,
});

async function make({ name, run }: CheckOf, subject: Subject): Promise<CheckResult> {
  const startedAtMs = subject.clock.monotonic();
  let found: string | undefined;
  try {
    found = await run(subject);
  } catch (error) {
    found = (error as Error).message;
  }
  const ms = Math.round(subject.clock.monotonic() - startedAtMs);
  const [result, detail] = found === undefined ? (['passed', ''] as const) : (['failed', found] as const);
  return { name, path: subject.path, result, detail: detail.slice(0, LONGEST_DETAIL), ms };
}
