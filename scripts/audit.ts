import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/*
 * node scripts/audit.ts: what the lock file pins, under which licences it comes, and what is known against it. Fails on a fault of
 * the lock file, on a licence that is not on the list, and on a high or critical advisory for what production runs. Where
 * the registry does not answer the last question, that is said, and is no failure.
 */

const ROOT = join(import.meta.dirname, '..');
const AUDIT_WITHIN_MS = 60_000;
const LARGEST_REPORT_BYTES = 32 * 1024 * 1024;

/** All of them may be distributed together with works under Apache-2.0, and ask for no more than their notices. */
const LICENCES = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
];

type Locked = {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
};
export type Lock = { readonly packages: Readonly<Record<string, Locked>> };

export type Audit =
  | { readonly kind: 'answered'; readonly counts: Readonly<Record<string, number>>; readonly severe: readonly string[] }
  | { readonly kind: 'unanswered'; readonly why: string };

/** What is wrong with the lock file, one sentence for each package. */
export function lockProblems({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { integrity, resolved, license, dev }]) => {
    if (path === '') {
      return [];
    }
    return [
      ...(/^sha512-[\w+/=]{88}$/.test(integrity ?? '') ? [] : [`${path} has no sha512 integrity.`]),
      ...(resolved === undefined ? [] : [`${path} names where it was downloaded from.`]),
      ...(dev || LICENCES.includes(license ?? '') ? [] : [`${path} has the licence ${license ?? 'none'}.`]),
    ];
  });
}

/** What `npm audit --json` printed. Only a whole report counts as an answer. */
export function readAudit(printed: string): Audit {
  let report: unknown;
  try {
    report = JSON.parse(printed);
  } catch {
    return { kind: 'unanswered', why: printed.trim() === '' ? 'npm printed nothing' : 'npm printed no report' };
  }
  const { metadata, vulnerabilities, message } = (report ?? {}) as {
    readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> };
    readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string }>>;
    readonly message?: unknown;
  };
  const counts = metadata?.vulnerabilities;
  if (counts === undefined || vulnerabilities === undefined) {
    const said =
      typeof message === 'string' ? message.replaceAll(/\s*\S*https?:\/\/\S+/g, '').slice(0, 200) : 'no report';
    return { kind: 'unanswered', why: said };
  }
  const severe = Object.entries(vulnerabilities).filter(
    ([, { severity }]) => severity === 'high' || severity === 'critical',
  );
  return { kind: 'answered', counts, severe: severe.map(([name, { severity }]) => `${name} (${severity})`) };
}

function askRegistry(): Promise<Audit> {
  return new Promise((resolve) => {
    const options = {
      cwd: ROOT,
      timeout: AUDIT_WITHIN_MS,
      killSignal: 'SIGKILL',
      maxBuffer: LARGEST_REPORT_BYTES,
    } as const;
    // npm ends with 1 for findings and for failures alike: what it printed says which.
    execFile('npm', ['audit', '--json', '--omit=dev'], options, (error, printed) => {
      const { code, killed } = (error ?? {}) as { code?: unknown; killed?: boolean };
      const why = killed
        ? `no answer within ${AUDIT_WITHIN_MS / 1_000} s`
        : code === 'ENOENT'
          ? 'there is no npm'
          : undefined;
      resolve(why === undefined ? readAudit(printed) : { kind: 'unanswered', why });
    });
  });
}

async function main(): Promise<void> {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const problems = lockProblems(lock);
  problems.forEach((problem) => void print(`package-lock.json: ${problem}`));
  const locked = Object.keys(lock.packages).length - 1;
  print(`lock file and licences: ${locked} packages, ${problems.length} problems`);
  const audit = await askRegistry();
  if (audit.kind === 'unanswered') {
    print(`skipped: the audit of production dependencies, which the registry did not answer (${audit.why})`);
  } else {
    const counts = ['critical', 'high', 'moderate', 'low'].map(
      (severity) => `${audit.counts[severity] ?? 0} ${severity}`,
    );
    print(
      `advisories for production dependencies: ${counts.join(', ')}${audit.severe.map((name) => `\n  ${name}`).join('')}`,
    );
  }
  const isBad = problems.length > 0 || (audit.kind === 'answered' && audit.severe.length > 0);
  process.exitCode = isBad ? 1 : 0;
}

if (import.meta.main) {
  await main();
}
