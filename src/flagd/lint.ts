import { shown } from '../kit/schema-errors.ts';
import { duplicateKeys, parseJson, positionsIn } from './json-text.ts';
import { lintFlag } from './lint-flag.ts';
import { lintRule } from './lint-targeting.ts';
import { lintYaml } from './lint-yaml.ts';
import { isObject, type Locate, limitByFlag, type Path, type Problem, type Reports } from './problem.ts';

export type LintOptions = {
  /** The rollout's flag: it has to be there, and its values are percents. Without it only what holds for any flag is checked. */
  readonly flagKey?: string | undefined;
  /** Milliseconds since 1970, to see whether a lease ran out. */
  readonly nowMs?: number;
};

/** Finds flagd's silent traps in a flags file. In the order of the file; none where all is well. */
export function lintFlagsText(text: string, options: LintOptions = {}): Problem[] {
  const parsed = parseJson(text);
  if (parsed.kind === 'broken') {
    return [parsed.problem];
  }
  return inOrder([
    ...duplicateKeys(parsed.root, positionsIn(text)),
    ...lintFlags(parsed.value, parsed.locate, options),
  ]);
}

/**
 * The same for a file as people keep it: flagd's JSON or YAML, or manifests of FeatureFlag and ConfigMap. A lint of several
 * documents looks for `flagKey` in each that has flags.
 */
export function lintFile(
  text: string,
  { fileName, ...options }: LintOptions & { readonly fileName: string },
): Problem[] {
  if (/\.ya?ml$/i.test(fileName) || isManifest(text)) {
    return inOrder(
      lintYaml(text, {
        flags: (...parts) => lintFlags(...parts, options),
        json: (json, isRollouts) => lintFlagsText(json, isRollouts ? options : { ...options, flagKey: undefined }),
        flagKey: options.flagKey,
      }),
    );
  }
  return lintFlagsText(text, options);
}

/** @param value what stands under the file's root, or under spec.flagSpec. */
function lintFlags(value: unknown, locate: Locate, { flagKey, nowMs = Date.now() }: LintOptions): Problem[] {
  const problems: Problem[] = [];
  const report = (severity: Problem['severity'], spoils: Problem['spoils']) => {
    const allow = limitByFlag();
    return (path: Path, message: string) => {
      if (allow(path)) {
        problems.push({ ...locate(path), severity, path: path.join('.'), message, spoils });
      }
    };
  };
  const reports = {
    fileError: report('error', 'file'),
    flagError: report('error', 'flag'),
    warning: report('warning', 'flag'),
  };
  const flags = isObject(value) ? value.flags : undefined;
  if (!isObject(value) || !isObject(flags)) {
    const found = isObject(value) ? `flags is ${shown(flags)}` : `the file is ${shown(value)}`;
    reports.fileError(['flags'], `${found}; allowed: {"flags": {…}}. flagd finds no flag in it. Write one.`);
    return problems;
  }
  const evaluators = namedEvaluators(value.$evaluators, reports);
  const names = Object.keys(flags);
  if (names.length === 0) {
    reports.flagError(
      ['flags'],
      'flags is empty: flagd forgets every flag, and callers take their default. Add flags.',
    );
  } else if (flagKey !== undefined && !names.includes(flagKey)) {
    const found = names.join(', ');
    reports.flagError(
      ['flags'],
      `there is no flag ${flagKey}, which means 0 %; found: ${found}. Add it, or correct its name.`,
    );
  }
  for (const name of names) {
    const site = { path: ['flags', name], isRollout: name === flagKey, evaluators, nowMs };
    lintFlag(flags[name], site, reports);
  }
  return problems;
}

function namedEvaluators(value: unknown, reports: Reports): string[] {
  if (value === undefined) {
    return [];
  }
  if (!isObject(value)) {
    reports.flagError(
      ['$evaluators'],
      `$evaluators is ${shown(value)}; allowed: an object of named rules. Correct it.`,
    );
    return [];
  }
  const names = Object.keys(value);
  for (const name of names) {
    lintRule(value[name], ['$evaluators', name], names, reports.flagError);
  }
  return names;
}

function isManifest(text: string): boolean {
  const parsed = parseJson(text);
  return parsed.kind === 'json' && isObject(parsed.value) && typeof parsed.value.kind === 'string';
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
