import type { Path } from '../violations/path.ts';
import { CHECKS, type CheckOf, checkFallback, type Subject } from './checks.ts';

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

/** Makes all checks of one path, one after the other, and tells of each as it is over. */
export async function verifyPath(subject: Subject, onResult: (result: CheckResult) => void): Promise<void> {
  for (const check of CHECKS) {
    onResult(await make(check, subject));
  }
  if (subject.path === 'domain') {
    onResult(await makeFallback(subject));
  }
}

/** A path that cannot be reached proves nothing: each of its checks is left out, with the reason. */
export function skipPath(path: Path, why: string, onResult: (result: CheckResult) => void): void {
  for (const { name } of path === 'domain' ? [...CHECKS, FALLBACK] : CHECKS) {
    onResult({ name, path, result: 'skipped', detail: why, ms: 0 });
  }
}

async function makeFallback(subject: Subject): Promise<CheckResult> {
  const { breakDomain } = subject.target;
  const skipped = (detail: string): CheckResult => ({
    name: FALLBACK.name,
    path: subject.path,
    result: 'skipped',
    detail,
    ms: 0,
  });
  if (breakDomain === undefined) {
    return skipped('needs --admin, and FAULT_INJECTION=allow there');
  }
  try {
    return (await breakDomain(true)) ? await make(FALLBACK, subject) : skipped('FAULT_INJECTION is not allowed there');
  } finally {
    await breakDomain(false);
  }
}

async function make({ name, run }: CheckOf, subject: Subject): Promise<CheckResult> {
  const startedAt = performance.now();
  let found: string | undefined;
  try {
    found = await run(subject);
  } catch (error) {
    found = (error as Error).message || 'no answer';
  }
  const ms = Math.round(performance.now() - startedAt);
  const [result, detail] = found === undefined ? (['passed', ''] as const) : (['failed', found] as const);
  return { name, path: subject.path, result, detail: detail.slice(0, LONGEST_DETAIL), ms };
}
