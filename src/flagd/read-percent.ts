import { isPercent, type Percent } from '../kit/percent.ts';
import { shown } from '../kit/schema-errors.ts';
import { readLease } from './lease.ts';
import { isObject } from './problem.ts';

export const STATES = ['ENABLED', 'DISABLED'] as const;
export type FlagState = (typeof STATES)[number];

export type PercentReading =
  | { readonly kind: 'read'; readonly percent: Percent; readonly leaseUntilMs: number | undefined }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

/**
 * The percent one flagd definition means for whom no targeting rule names. DISABLED means 0: the service's own default.
 * A lease that has run out means 0 too, and is known by its time, not by the percent.
 */
export function readPercent(definition: unknown): PercentReading {
  const unusable = (...problems: string[]): PercentReading => ({ kind: 'unusable', problems });
  if (!isObject(definition)) {
    return unusable(`the flag is ${shown(definition)}; allowed: an object.`);
  }
  const { state, variants, defaultVariant, targeting } = definition;
  if (!STATES.includes(state as (typeof STATES)[number])) {
    return unusable(`state is ${shown(state)}; allowed: "ENABLED" or "DISABLED".`);
  }
  if (!isObject(variants)) {
    return unusable(`variants is ${shown(variants)}; allowed: an object of names and numbers.`);
  }
  if (typeof defaultVariant !== 'string' || !Object.hasOwn(variants, defaultVariant)) {
    return unusable(`defaultVariant is ${shown(defaultVariant)}; allowed: ${Object.keys(variants).join(', ')}.`);
  }
  const percent = variants[defaultVariant];
  if (!isPercent(percent)) {
    return unusable(`variant ${defaultVariant} is ${shown(percent)}; allowed: a whole number from 0 to 100.`);
  }
  const lease = readLease(targeting);
  return {
    kind: 'read',
    percent: state === 'DISABLED' ? 0 : percent,
    leaseUntilMs: lease && lease.untilSeconds * 1_000,
  };
}
