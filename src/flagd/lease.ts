import { isObject } from './problem.ts';

/**
 * A lease is a targeting rule that sends everybody to a variant of 0 from some time on, with the user's own rule inside:
 * `{"if": [{">=": [{"var": "$flagd.timestamp"}, SECONDS]}, "off", RULE]}`. A RULE of null falls to defaultVariant.
 */
export type Lease = { readonly untilSeconds: number; readonly variant: string; readonly rule: unknown };

/** @returns undefined where `targeting` is no lease but the user's own. */
export function readLease(targeting: unknown): Lease | undefined {
  if (!isObject(targeting) || Object.keys(targeting).length !== 1 || !Array.isArray(targeting.if)) {
    return undefined;
  }
  const [condition, variant, rule = null, ...more] = targeting.if;
  const compared = isObject(condition) && Object.keys(condition).length === 1 ? condition['>='] : undefined;
  if (!Array.isArray(compared) || compared.length !== 2 || more.length > 0 || typeof variant !== 'string') {
    return undefined;
  }
  const [clock, untilSeconds] = compared;
  const isClock = isObject(clock) && Object.keys(clock).length === 1 && clock.var === '$flagd.timestamp';
  return isClock && Number.isSafeInteger(untilSeconds) ? { untilSeconds, variant, rule } : undefined;
}

/** The text before and after the user's own rule. */
export function leaseAround(untilSeconds: number, variant: string): readonly [before: string, after: string] {
  return [`{ "if": [{ ">=": [{ "var": "$flagd.timestamp" }, ${untilSeconds}] }, ${JSON.stringify(variant)}, `, '] }'];
}

/** flagd takes null, `{}` and nothing at all for no rule. */
export function isNoRule(rule: unknown): boolean {
  return rule === undefined || rule === null || (isObject(rule) && Object.keys(rule).length === 0);
}
