import { shown } from '../kit/schema-errors.ts';
import { isNoRule, readLease } from './lease.ts';
import { isObject, type Path } from './problem.ts';

/** What flagd's targeting schema knows: https://flagd.dev/schema/v0/targeting.json */
const OPERATORS = (
  'var missing missing_some if ?: == === != !== > >= < <= ! !! and or + - * / % min max ' +
  'map filter reduce all none some merge in cat substr starts_with ends_with sem_ver fractional'
).split(' ');

export type Report = (path: Path, message: string) => void;

/** Finds what makes flagd fail on a rule, or silently pass over it. `evaluators` are the names `$ref` may use. */
export function lintRule(rule: unknown, path: Path, evaluators: readonly string[], report: Report): void {
  if (Array.isArray(rule)) {
    rule.forEach((item, at) => {
      lintRule(item, [...path, at], evaluators, report);
    });
    return;
  }
  if (!isObject(rule) || Object.keys(rule).length === 0) {
    return;
  }
  const [operator, ...others] = Object.keys(rule) as [string, ...string[]];
  const here = [...path, operator];
  const operands = rule[operator];
  if (others.length > 0) {
    report(
      path,
      `a rule has one operator; ${Object.keys(rule).join(', ')} were given. The whole flag fails on it. Nest them.`,
    );
  }
  if (operator === '$ref') {
    if (typeof operands !== 'string' || !evaluators.includes(operands)) {
      const allowed = evaluators.length === 0 ? 'none, as $evaluators is empty or missing' : evaluators.join(', ');
      report(here, `$ref is ${shown(operands)}; allowed: ${allowed}. The whole flag fails on it. Add the evaluator.`);
    }
    return;
  }
  if (!OPERATORS.includes(operator)) {
    report(
      here,
      `${operator} is no operator flagd knows, and the whole flag fails on it; allowed: ${OPERATORS.join(' ')}. Correct it.`,
    );
  }
  if (operator === 'fractional') {
    lintFractional(operands, here, report);
  }
  lintRule(operands, here, evaluators, report);
}

function lintFractional(operands: unknown, path: Path, report: Report): void {
  const ignored = 'flagd passes over it in silence and takes defaultVariant.';
  if (!Array.isArray(operands)) {
    report(path, `fractional is ${shown(operands)}; allowed: a list of buckets. ${ignored} Write a list.`);
    return;
  }
  const first = Array.isArray(operands[0]) ? 0 : 1;
  if (operands.length <= first) {
    report(path, `fractional has no bucket; ${ignored} Write ["variant", weight].`);
  }
  operands.forEach((bucket: unknown, at) => {
    if (at < first) {
      return;
    }
    const here = [...path, at];
    if (!Array.isArray(bucket) || bucket.length < 1 || bucket.length > 2) {
      report(here, `a bucket is ${shown(bucket)}; allowed: ["variant", weight]. ${ignored} Correct it.`);
      return;
    }
    // A weight may be a rule; what that gives, only an evaluation knows.
    if (bucket.length === 2 && !Number.isInteger(bucket[1]) && !isObject(bucket[1])) {
      report([...here, 1], `a weight is ${shown(bucket[1])}; allowed: a whole number. ${ignored} Correct it.`);
    }
  });
}

export type Outcomes = {
  /** Variants that the rule names as its result, with where it does. */
  readonly named: readonly { readonly variant: string; readonly path: Path }[];
  /** It computes some of its results, so that it may give any variant. */
  readonly others: boolean;
};

/** What a rule may result in, as far as it can be read off. A lease is looked through: only the user's rule counts. */
export function outcomesOf(rule: unknown, path: Path): Outcomes {
  if (isNoRule(rule)) {
    return { named: [], others: false };
  }
  if (typeof rule !== 'object') {
    return { named: [{ variant: String(rule), path }], others: false };
  }
  const at = (branch: unknown, ...steps: (string | number)[]) => outcomesOf(branch, [...path, ...steps]);
  const { if: branches, '?:': choice, fractional } = rule as Record<string, unknown>;
  if (readLease(rule) !== undefined) {
    return at((branches as unknown[])[2], 'if', 2);
  }
  for (const [operator, operands] of [
    ['if', branches],
    ['?:', choice],
  ] as const) {
    if (Array.isArray(operands)) {
      const results = operands.map((operand, index) => ({ operand, index }));
      const last = operands.length - 1;
      return joined(
        results
          .filter(({ index }) => index % 2 === 1 || index === last)
          .map(({ operand, index }) => at(operand, operator, index)),
      );
    }
  }
  if (Array.isArray(fractional)) {
    return joined(
      fractional.flatMap((bucket, index) => (Array.isArray(bucket) ? [at(bucket[0], 'fractional', index, 0)] : [])),
    );
  }
  return { named: [], others: true };
}

function joined(all: readonly Outcomes[]): Outcomes {
  return { named: all.flatMap(({ named }) => named), others: all.some(({ others }) => others) };
}
