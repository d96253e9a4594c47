import type { Check, Found } from '../../consistency/check.ts';
import type { Finding } from '../../consistency/finding.ts';
import { counted, formatCount, formatDuration } from '../../contract/wording/format.ts';
import type { Paint } from '../terminal/output.ts';
import { cut, printable } from '../terminal/text.ts';

const MOST_SHOWN = 50;
/** Columns of a value: notes have up to 2,000 characters. */
const LONGEST_VALUE = 60;

/** The verdict in one line, first. */
export function renderVerdict(
  { id, since, progress }: Check,
  { violations, held }: Pick<Found, 'violations' | 'held'>,
  elapsedMs: number,
): string {
  const { records, changes, findings } = progress;
  const from = since === null ? '' : ` since ${since}`;
  const looked = `${counted(records, 'record')} and ${counted(changes, 'change')}${from} in ${formatDuration(elapsedMs, 'en')}`;
  if (findings > 0) {
    // A history outlives its record.
    const where =
      violations <= records
        ? `${formatCount(violations)} of ${counted(records, 'record')}`
        : counted(violations, 'violation');
    return `${counted(findings, 'finding')} in ${where}${heldOf(held, findings)}: ${looked}; check ${id}.`;
  }
  return records + changes === 0
    ? `There was nothing to check: ${looked}; check ${id}.`
    : `Consistent: ${looked}; check ${id}.`;
}

/** What is not domain's doing is a note, and lowers no percent. */
const heldOf = (held: number, findings: number) =>
  held === findings
    ? ''
    : `, ${held === 0 ? 'none' : formatCount(held)} of which may be domain's doing in this rollout`;

/** What --json prints. */
export function documentOf(
  { id, rollout, since, progress }: Check,
  { findings, violations, held }: Found,
  journal: string,
) {
  const { records, changes, findings: total } = progress;
  const listed = findings.map(({ violationId, seen = null, ...rest }) => ({
    violation_id: violationId,
    ...rest,
    seen,
  }));
  return { check: id, rollout, since, records, changes, total, violations, held, findings: listed, journal };
}

/** Findings below their records, and what to do with them. */
export function renderFindings(
  { id, progress }: Check,
  { findings }: { readonly findings: readonly Finding[] },
  paint: Paint,
): string[] {
  const shown = findings.slice(0, MOST_SHOWN);
  const more = progress.findings - shown.length;
  const lines = shown.flatMap((finding, at) => {
    const sentence = `  ${describeFinding(finding)}`;
    return finding.violationId === shown[at - 1]?.violationId
      ? [sentence]
      : [paint.bold(describeRecord(finding)), sentence];
  });
  return [
    ...lines,
    ...(more > 0 ? [`${counted(more, 'more finding')} in table consistency_findings, check_id ${id}.`] : []),
    `What a repair would do: sluice consistency repair --check ${id}`,
  ];
}

const describeRecord = ({ violationId, seen }: Finding) =>
  `violation ${violationId}${seen === undefined ? ', of which only the history is left' : ''}`;

/** What is wrong, with which change, what was expected and what is there. */
export function describeFinding({ kind, version, field, expected, actual }: Finding): string {
  const change = `change ${version}`;
  switch (kind) {
    case 'record-differs':
      return field === 'version'
        ? `the record counts ${counted(Number(actual), 'change')}; its history has ${expected}`
        : `the record's ${field} is ${quoted(actual)}; its last change left ${quoted(expected)}`;
    case 'applied-twice':
      return field === 'version'
        ? `${change} is there ${actual} times; expected once`
        : `${change} has the write id ${quoted(actual)}, which change ${nameOfFirst(expected)} has already`;
    case 'history-gap':
      return describeGap(version, Number(expected), Number(actual));
    case 'broken-chain':
      return `${change} began from ${field} ${quoted(actual)}; the change before it left ${quoted(expected)}`;
    case 'handled-at-backwards':
      return `${change} left handled_at ${quoted(actual)}; it was ${quoted(expected)} before`;
    case 'unknown-status':
      return `${version === 0 ? "the record's status is" : `${change} left status`} ${quoted(actual)}; known are ${expected}`;
    case 'value-lost':
      return `${change} left ${field} empty; it was ${quoted(expected)} before`;
  }
}

function describeGap(version: number, expected: number, actual: number): string {
  if (version < 1) {
    return `a change counts as ${version}; they count from 1`;
  }
  const missing = expected === version ? `change ${version} is` : `changes ${version} to ${expected} are`;
  return `${missing} missing; expected ${counted(expected, 'change')} by then, and there ${actual === 1 ? 'is' : 'are'} ${actual}`;
}

/** `3 of violation 42`, of `42/3`. */
function nameOfFirst(place: string | null): string {
  const [violation, version] = (place ?? '').split('/');
  return `${version} of violation ${violation}`;
}

const quoted = (value: string | null) =>
  value === null ? 'empty' : JSON.stringify(cut(printable(value), LONGEST_VALUE));
