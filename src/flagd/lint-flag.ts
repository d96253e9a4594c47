import { shown } from '../kit/schema-errors.ts';
import { isNoRule, readLease } from './lease.ts';
import { lintRollout } from './lint-rollout.ts';
import { lintRule, outcomesOf } from './lint-targeting.ts';
import { type FlagSite, isObject, type Reports } from './problem.ts';
import { STATES } from './read-percent.ts';

/** What flagd makes of one flag. */
export function lintFlag(definition: unknown, site: FlagSite, reports: Reports): void {
  const { path, isRollout } = site;
  const at = (...steps: (string | number)[]) => [...path, ...steps];
  if (!isObject(definition)) {
    const allowed = 'an object with state, variants and defaultVariant';
    reports.fileError(path, `a flag is ${shown(definition)}; allowed: ${allowed}. ${REFUSED} Write one.`);
    return;
  }
  const { state, variants } = definition;
  if (!STATES.includes(state as (typeof STATES)[number])) {
    reports.fileError(
      at('state'),
      `state is ${shown(state)}; allowed: "ENABLED" or "DISABLED". ${REFUSED} Correct it.`,
    );
  }
  if (!isObject(variants)) {
    const allowed = 'an object such as {"off": 0, "p5": 5}';
    reports.fileError(at('variants'), `variants is ${shown(variants)}; allowed: ${allowed}. ${REFUSED} Write one.`);
    return;
  }
  lintDefaultVariant(definition.defaultVariant, variants, site, reports);
  const types = new Set(Object.values(variants).map((value) => (Array.isArray(value) ? 'list' : typeof value)));
  if (types.size > 1) {
    const found = Array.from(types).join(', ');
    reports.flagError(
      at('variants'),
      `variants have mixed types; found: ${found}; allowed: one type. Callers get their default for the others. Make them alike.`,
    );
  }
  lintTargeting(definition.targeting, variants, site, reports);
  if (isRollout) {
    lintRollout(definition, variants, site, reports);
  }
}

const REFUSED = 'flagd refuses the whole file for it.';

function lintDefaultVariant(
  value: unknown,
  variants: Record<string, unknown>,
  { path, isRollout }: FlagSite,
  reports: Reports,
): void {
  const here = [...path, 'defaultVariant'];
  const found = `defaultVariant is ${shown(value)}`;
  const allowed = `allowed: ${Object.keys(variants).join(', ')}`;
  if (value === undefined || value === null || value === '') {
    // Leaving it to the caller is legal; a rollout that does so is at 0 % in silence.
    const report = isRollout ? reports.flagError : reports.warning;
    report(here, `${found}, so that callers take their own default${isRollout ? ', 0 %' : ''}; ${allowed}. Name one.`);
  } else if (typeof value !== 'string' || !Object.hasOwn(variants, value)) {
    reports.fileError(here, `${found}, which is no variant; ${allowed}. ${REFUSED} Name one of them.`);
  }
}

function lintTargeting(targeting: unknown, variants: Record<string, unknown>, site: FlagSite, reports: Reports): void {
  const path = [...site.path, 'targeting'];
  if (isNoRule(targeting)) {
    return;
  }
  if (!isObject(targeting)) {
    const allowed = 'a rule such as {"if": […]}, or nothing';
    reports.flagError(path, `targeting is ${shown(targeting)}; allowed: ${allowed}. Correct it.`);
    return;
  }
  lintRule(targeting, path, site.evaluators, reports.flagError);
  const lease = readLease(targeting);
  const named = [
    ...outcomesOf(targeting, path).named,
    ...(lease ? [{ variant: lease.variant, path: [...path, 'if', 1] }] : []),
  ];
  for (const { variant, path: where } of named) {
    if (!Object.hasOwn(variants, variant)) {
      const allowed = Object.keys(variants).join(', ');
      reports.flagError(
        where,
        `targeting names ${shown(variant)}, which is no variant; allowed: ${allowed}. Whom it means gets the caller's default. Name one of them.`,
      );
    }
  }
}
