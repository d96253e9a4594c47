import { isPercent } from '../kit/percent.ts';
import { shown } from '../kit/schema-errors.ts';
import { readLease } from './lease.ts';
import type { FlagSite, Reports } from './problem.ts';
import { readPercent } from './read-percent.ts';
import { servedAtZero } from './unguarded.ts';

/** What holds only for the flag of a rollout: its values are percents, and it can be switched off. */
export function lintRollout(
  definition: Record<string, unknown>,
  variants: Record<string, unknown>,
  { path, nowMs }: FlagSite,
  reports: Reports,
): void {
  const at = (...steps: (string | number)[]) => [...path, ...steps];
  for (const [name, value] of Object.entries(variants)) {
    if (!isPercent(value)) {
      reports.flagError(
        at('variants', name),
        `variant ${name} is ${shown(value)}, which the service takes for 0; allowed: a whole number from 0 to 100. Correct it.`,
      );
    }
  }
  if (!Object.values(variants).includes(0)) {
    reports.warning(at('variants'), 'no variant is 0, so that nobody can switch off by defaultVariant. Add "off": 0.');
  }
  if (definition.state === 'DISABLED') {
    const meaning = 'which means 0 % whatever defaultVariant says';
    reports.warning(at('state'), `state is "DISABLED", ${meaning}; allowed. Write "ENABLED" to roll out.`);
  }
  lintLease(definition.targeting, variants, at('targeting'), nowMs, reports);
  warnOfZero(definition, at('targeting'), reports);
}

function lintLease(
  targeting: unknown,
  variants: Record<string, unknown>,
  path: readonly (string | number)[],
  nowMs: number,
  reports: Reports,
): void {
  const lease = readLease(targeting);
  if (lease === undefined) {
    return;
  }
  const last = variants[lease.variant];
  if (last !== undefined && last !== 0) {
    const where = [...path, 'if', 1];
    reports.flagError(
      where,
      `the lease ends in variant ${lease.variant}, which is ${shown(last)}; allowed: a variant of 0. Name one.`,
    );
  }
  if (lease.untilSeconds * 1_000 <= nowMs) {
    const ended = new Date(lease.untilSeconds * 1_000).toISOString();
    reports.warning(
      path,
      `the lease ran out at ${ended}, which means 0 % whatever defaultVariant says. Let the controller renew it, or remove it.`,
    );
  }
}

/** At 0 % people believe that nobody is on the domain path; a rule of their own may say otherwise. */
function warnOfZero(definition: Record<string, unknown>, path: readonly (string | number)[], reports: Reports): void {
  const reading = readPercent(definition);
  const served = reading.kind === 'read' && reading.percent === 0 ? servedAtZero(definition) : undefined;
  if (served !== undefined) {
    const which = served.variants.length > 0 ? served.variants.join(', ') : 'what it computes';
    const advice = 'Keep the rule if that is meant, remove it, or write rollbackWith: disabled in the plan.';
    reports.warning(path, `targeting may still send requests to domain at 0 %: by ${which}. ${advice}`);
  }
}
