import { formatDuration } from '../../contract/wording/format.ts';
import type { Missing, ReplicaReading, SourceReading } from '../../rollout/reading.ts';
import type { Series } from './prometheus-answer.ts';
import { createReplicaDraft, SERIES_LABELS, START_NAME, saysSomething, toNumber } from './series.ts';

type Given = {
  readonly rollout: string;
  /** The rollout's series, and when the processes began; with their samples of the last while, oldest first. */
  readonly ours: readonly Series[];
  readonly starts: readonly Series[];
  /** `up` of the targets that Prometheus scrapes now. Empty where it knows none. */
  readonly up: readonly Series[];
  readonly maxAgeMs: number;
  readonly nowMs: number;
};

type Found = { readonly target: string; readonly reading: ReplicaReading };

/** Sorts the series by the replica they are of, and says of each what it said, or why it is missing. */
export function readReplicas({ rollout, ours, starts, up, maxAgeMs, nowMs }: Given): SourceReading {
  const startOf = new Map(starts.map((series) => [targetOf(series), series]));
  const upOf = new Map(up.map((series) => [jobAndInstance(series), series.values[0]?.[1]]));
  const found: Found[] = [];
  const missing: Missing[] = [];
  let ended = 0;
  for (const [target, series] of Map.groupBy(ours, targetOf)) {
    const [first] = series as [Series];
    const replica = first.metric.instance ?? target;
    const isUp = upOf.get(jobAndInstance(first));
    if (isUp === undefined && up.length > 0) {
      // Prometheus has marked its series stale: what was removed from the targets is no replica any more.
      ended += 1;
      continue;
    }
    const read: ReplicaReading | Omit<Missing, 'replica'> =
      isUp !== undefined && Number(isUp) === 0
        ? { why: 'unreachable', detail: 'Prometheus cannot scrape it' }
        : readReplica(replica, series, startOf.get(target), { rollout, maxAgeMs, nowMs });
    if ('why' in read) {
      missing.push({ replica, ...read });
    } else {
      found.push({ target, reading: read });
    }
  }
  const replicas = distinct(found);
  if (replicas.length > 0) {
    const reported = new Set(found.map(({ reading }) => reading.replica));
    return { kind: 'read', replicas, missing: missing.filter(({ replica }) => !reported.has(replica)) };
  }
  const [first] = missing;
  return first !== undefined
    ? { kind: 'failed', why: first.why, detail: `${first.replica}: ${first.detail}` }
    : ended > 0
      ? { kind: 'failed', why: 'stale', detail: `all series of rollout ${rollout} have ended` }
      : { kind: 'failed', why: 'empty', detail: `Prometheus has no series of rollout ${rollout}` };
}

/** All of one scrape: counts of one and the process start of another would look like a restart. */
function readReplica(
  replica: string,
  series: readonly Series[],
  start: Series | undefined,
  { rollout, maxAgeMs, nowMs }: Pick<Given, 'rollout' | 'maxAgeMs' | 'nowMs'>,
): ReplicaReading | Omit<Missing, 'replica'> {
  const newest = latest(series.map(({ values }) => values.at(-1)?.[0] ?? 0));
  const known = start && new Set(start.values.map(([at]) => at));
  const scrapes = new Set(series.flatMap(({ values }) => values.map(([at]) => at)));
  const atSeconds = latest(Array.from(scrapes).filter((at) => known === undefined || known.has(at)));
  const ageMs = nowMs - Math.max(atSeconds, 0) * 1_000;
  if (ageMs > maxAgeMs) {
    const detail =
      nowMs - newest * 1_000 > maxAgeMs
        ? `last scraped ${formatDuration(nowMs - newest * 1_000, 'en')} ago`
        : `no scrape with both its counts and its ${START_NAME} is younger than ${formatDuration(maxAgeMs, 'en')}`;
    return { why: 'stale', detail };
  }
  const draft = createReplicaDraft(rollout);
  for (const { metric, values } of start === undefined ? series : [...series, start]) {
    const sample = values.findLast(([at]) => at === atSeconds);
    if (sample !== undefined) {
      draft.add(metric.__name__ ?? '', metric, toNumber(sample[1]));
    }
  }
  const reading = draft.finish(replica, Math.round(atSeconds * 1_000));
  return saysSomething(reading)
    ? reading
    : { why: 'malformed', detail: 'its samples are not numbers one can count with' };
}

/**
 * A process that two jobs scrape is counted once, as last scraped; it began at one time. Two processes of one `instance` (of
 * two clusters, say) are two replicas, named by all their labels.
 */
function distinct(found: readonly Found[]): ReplicaReading[] {
  return Array.from(Map.groupBy(found, ({ reading }) => reading.replica).values()).flatMap((namesakes) => {
    const processes = Map.groupBy(namesakes, ({ reading }) => reading.startedAtMs);
    const newest = Array.from(processes.values(), (process) =>
      process.reduce((a, b) => (b.reading.atMs > a.reading.atMs ? b : a)),
    );
    return newest.map(({ target, reading }) => (newest.length === 1 ? reading : { ...reading, replica: target }));
  });
}

/** Not Math.max of a spread, which takes no more arguments than the stack has room for. */
const latest = (times: readonly number[]) => times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** The labels that all series of one replica share, as a text. */
function targetOf({ metric }: Series): string {
  const labels = Object.entries(metric).filter(([name]) => !SERIES_LABELS.has(name));
  return labels
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(',');
}

const jobAndInstance = ({ metric }: Series): string => JSON.stringify([metric.job, metric.instance]);
