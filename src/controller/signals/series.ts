import { isPercent } from '../../kit/percent.ts';
import type { PathCounters, ReplicaReading } from '../../rollout/reading.ts';

/** The metrics with a rollout label that a reading is made of. */
export const ROLLOUT_NAMES = [
  'sluice_path_duration_seconds_bucket',
  'sluice_path_duration_seconds_sum',
  'sluice_path_duration_seconds_count',
  'sluice_path_requests_total',
  'sluice_flag_percent',
  'sluice_breaker_open',
  'sluice_consistency_checks_total',
  'sluice_fallbacks_total',
] as const;
export const START_NAME = 'process_start_time_seconds';
const CPU_NAME = 'process_cpu_seconds_total';
const MEMORY_NAME = 'process_resident_memory_bytes';
export const WANTED_NAMES: ReadonlySet<string> = new Set([...ROLLOUT_NAMES, START_NAME, CPU_NAME, MEMORY_NAME]);

/** Labels that distinguish a replica's series; all others distinguish replicas. */
export const SERIES_LABELS: ReadonlySet<string> = new Set([
  '__name__',
  'rollout',
  'path',
  'outcome',
  'le',
  'field',
  'result',
  'reason',
]);

/** No date is later. */
const LATEST_SECONDS = 8.64e12;

export type Labels = Readonly<Record<string, string>>;

type PathDraft = {
  ok?: number;
  rejected?: number;
  error?: number;
  count?: number;
  sumSeconds?: number;
  atMost: Map<number, number>;
};

/** Puts series together to what one replica said. What is missing, or no number, stays undefined. */
export function createReplicaDraft(rollout: string) {
  const paths = { legacy: newPath(), domain: newPath() };
  const mismatches = new Map<string, number>();
  let servedPercent: number | undefined;
  let breakerOpen: boolean | undefined;
  const fallbacksByReason = new Map<string, number>();
  let startedAtMs: number | undefined;
  let cpuSeconds: number | undefined;
  let residentBytes: number | undefined;

  function add(name: string, labels: Labels, value: number): void {
    if (name === START_NAME) {
      startedAtMs = value > 0 && value <= LATEST_SECONDS ? value * 1_000 : undefined;
      return;
    }
    if (name === CPU_NAME || name === MEMORY_NAME) {
      const known = isCount(value) ? value : undefined;
      [cpuSeconds, residentBytes] = name === CPU_NAME ? [known, residentBytes] : [cpuSeconds, known];
      return;
    }
    if (labels.rollout !== rollout) {
      return;
    }
    switch (name) {
      case 'sluice_flag_percent':
        servedPercent = isPercent(value) ? value : undefined;
        return;
      case 'sluice_breaker_open':
        breakerOpen = value === 0 || value === 1 ? value === 1 : undefined;
        return;
      case 'sluice_consistency_checks_total':
        if (labels.result === 'mismatch' && isOfDomain(labels)) {
          mismatches.set(`${labels.path} ${labels.field}`, value);
        }
        return;
      case 'sluice_fallbacks_total':
        fallbacksByReason.set(labels.reason ?? '', value);
        return;
    }
    if (labels.path === 'legacy' || labels.path === 'domain') {
      addToPath(paths[labels.path], name, labels, value);
    }
  }

  return {
    add,
    finish: (replica: string, atMs: number): ReplicaReading => ({
      replica,
      atMs,
      startedAtMs,
      legacy: finishPath(paths.legacy),
      domain: finishPath(paths.domain),
      servedPercent,
      breakerOpen,
      mismatches: sumOf(Array.from(mismatches.values())),
      fallbacks: sumOf(Array.from(fallbacksByReason.values())),
      cpuSeconds,
      residentBytes,
    }),
  };
}

/** What legacy wrote is not held against domain, but for a write that is lost: it may have fallen back. An older service names no path. */
const isOfDomain = ({ path, field }: Labels) => path !== 'legacy' || field === 'history';

const newPath = (): PathDraft => ({ atMost: new Map() });

function addToPath(path: PathDraft, name: string, { outcome, le = '' }: Labels, value: number): void {
  switch (name) {
    case 'sluice_path_requests_total':
      if (outcome === 'ok' || outcome === 'rejected' || outcome === 'error') {
        path[outcome] = value;
      }
      return;
    case 'sluice_path_duration_seconds_count':
      path.count = value;
      return;
    case 'sluice_path_duration_seconds_sum':
      path.sumSeconds = value;
      return;
    case 'sluice_path_duration_seconds_bucket':
      path.atMost.set(toNumber(le), value);
  }
}

/** A path of which anything is missing is not known at all: half of it would look like fewer failures. */
function finishPath({ ok, rejected, error, count, sumSeconds, atMost }: PathDraft): PathCounters | undefined {
  if (!isCount(ok) || !isCount(rejected) || !isCount(error) || !isCount(count) || !isCount(sumSeconds)) {
    return undefined;
  }
  const isWhole = atMost.has(Number.POSITIVE_INFINITY) && !atMost.has(Number.NaN);
  return isWhole && Array.from(atMost.values()).every(isCount)
    ? { ok, rejected, error, duration: { count, sumSeconds, atMost } }
    : undefined;
}

/** The sum as far as all are counts: one that is none makes it unknown. */
function sumOf(counts: readonly number[]): number | undefined {
  return counts.length > 0 && counts.every(isCount) ? counts.reduce((sum, count) => sum + count, 0) : undefined;
}

const isCount = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value >= 0;

/** Whether a replica said anything at all of the rollout. */
export function saysSomething({ legacy, domain, servedPercent, breakerOpen, mismatches }: ReplicaReading): boolean {
  return [legacy, domain, servedPercent, breakerOpen, mismatches].some((each) => each !== undefined);
}

/** As Prometheus writes numbers, on pages and in answers. NaN for what is none. */
export function toNumber(text: string): number {
  const infinite = /^([-+]?)inf(?:inity)?$/i.exec(text);
  if (infinite) {
    return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  return /^[-+]?[\d.]/.test(text) ? Number(text) : Number.NaN;
}
