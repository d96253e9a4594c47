import { counted } from '../../contract/wording/format.ts';
import { lintFile } from '../../flagd/lint.ts';
import { type Plan, parsePlan } from '../../rollout/plan.ts';
import { PlanError } from '../../rollout/plan-problems.ts';

export type File = { readonly name: string; readonly text: string };
type Finding = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly path: string;
  readonly message: string;
};

/** A plan that is right: its hash is what the controller's decisions name. */
type LintedPlan = { readonly file: string; readonly rollout: string; readonly hash: string };

type Linted = { readonly findings: readonly Finding[]; readonly plans: readonly LintedPlan[] };

/**
 * What is wrong with flags files and plans, file by file.
 * @param flag the rollout's flag; without it, the one that a plan among the files names.
 */
export function lintFiles(files: readonly File[], plans: readonly File[], flag: string | undefined): Linted {
  const isNamed = (file: File) => plans.some(({ name }) => name === file.name);
  const allPlans = [...plans, ...files.filter((file) => looksLikePlan(file.text) && !isNamed(file))];
  const others = files.filter((file) => !allPlans.some(({ name }) => name === file.name));
  const checked = allPlans.map(lintPlan);
  const right = checked.flatMap(({ plan }) => plan ?? []);
  const flagKey = flag ?? right[0]?.flag;
  const findings = [
    ...checked.flatMap((each) => each.findings),
    ...others.flatMap(({ name, text }) =>
      lintFile(text, { fileName: name, flagKey }).map(({ line, column, severity, path, message }) => ({
        file: name,
        line,
        column,
        severity,
        path,
        message,
      })),
    ),
  ];
  return { findings, plans: right.map(({ file, rollout, hash }) => ({ file, rollout, hash })) };
}

function lintPlan({ name, text }: File): {
  readonly findings: Finding[];
  readonly plan?: Plan & { readonly file: string };
} {
  try {
    return { findings: [], plan: { ...parsePlan(text, name), file: name } };
  } catch (error) {
    if (!(error instanceof PlanError)) {
      throw error;
    }
    const findings = error.problems.map(({ line, message }) => ({
      file: name,
      line,
      column: 1,
      severity: 'error' as const,
      path: '',
      message,
    }));
    return { findings };
  }
}

/** By its keys, so that a plan is known for one even where its YAML is broken. */
export function looksLikePlan(text: string): boolean {
  const keys = Array.from(text.matchAll(/^["']?(\w+)["']?\s*:/gm), ([, key]) => key);
  const own = ['rollout', 'stages', 'guards', 'watch', 'confidence', 'minSamples', 'onNoData'];
  return (
    own.filter((key) => keys.includes(key)).length >= 2 &&
    !['flags', 'apiVersion', 'kind'].some((key) => keys.includes(key))
  );
}

export function renderFinding({ file, line, column, severity, path, message }: Finding): string {
  return `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}`;
}

export const renderPlan = ({ file, rollout, hash }: LintedPlan): string => `${file}: plan ${hash} of ${rollout}`;

export function renderLintSummary(files: number, findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  const found = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')].filter(Boolean);
  return `${counted(files, 'file')}: ${found.length === 0 ? 'no problems' : found.join(', ')}`;
}
