import { DECISION_HEADERS, type DecisionHeader, PATHS, type Path } from './answer.ts';
import { countOf, describeLatency, type K6Data, type Latency, latencyOf, valueIn } from './k6-data.ts';
import { METRICS } from './names.ts';

/** What a run shows whoever started it; requests are the updates, whatever else a script asks. */
export type LoadSummary = {
  readonly script: string;
  readonly requests: number;
  readonly perSecond: number;
  /** Iterations that were due and had no virtual user left: the service is slower than the load. */
  readonly dropped: number;
  /** Requests that made no update. */
  readonly failed: number;
  /** Those of them that were asked to come again. */
  readonly overloaded: number;
  /** Of updates that were made. */
  readonly latency: Latency;
  readonly paths: Readonly<Record<Path, PathSummary>>;
  readonly decisions: Readonly<Record<DecisionHeader, number>>;
  /** Sentences that were not true each time. */
  readonly failedChecks: readonly string[];
  /** Such as `domain_duration p(95)<200`; empty where the run kept them all. */
  readonly failedThresholds: readonly string[];
};

type PathSummary = { readonly requests: number; readonly failed: number; readonly latency: Latency };

export function summarise(script: string, data: K6Data): LoadSummary {
  const path = (name: Path): PathSummary => {
    const latency = latencyOf(data, METRICS.durationOf(name));
    return { requests: latency.requests, failed: countOf(data, METRICS.errorsOf(name)), latency };
  };
  const paths = { domain: path('domain'), legacy: path('legacy') };
  const overloaded = countOf(data, METRICS.overloaded);
  const unrouted = countOf(data, METRICS.unroutedErrors);
  const failedThresholds = Object.entries(data.metrics).flatMap(([metric, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([threshold]) => `${metric} ${threshold}`),
  );
  return {
    script,
    requests: countOf(data, METRICS.updates),
    perSecond: valueIn(data, METRICS.updates, 'rate'),
    dropped: countOf(data, 'dropped_iterations'),
    failed: paths.domain.failed + paths.legacy.failed + unrouted + overloaded,
    overloaded,
    latency: latencyOf(data, METRICS.duration),
    paths,
    decisions: Object.fromEntries(
      DECISION_HEADERS.map((decision) => [decision, countOf(data, METRICS.decisionsOf(decision))]),
    ) as LoadSummary['decisions'],
    failedChecks: (data.root_group?.checks ?? []).filter(({ fails }) => fails > 0).map(({ name }) => name),
    failedThresholds,
  };
}

/** A few lines for people; `more` is what only this script found. */
export function describeSummary(summary: LoadSummary, more: readonly string[] = []): string {
  const { script, requests, perSecond, failed, overloaded, dropped } = summary;
  const again = overloaded === 0 ? '' : ` (${overloaded} asked to try again)`;
  return [
    `${script}: ${requests} requests, ${perSecond.toFixed(1)} a second, ${describeLatency(summary.latency)}`,
    ...PATHS.map((path) => `  ${describePath(path, summary.paths[path])}`),
    ...more.map((line) => `  ${line}`),
    `  failed ${failed}${again}, not sent in time ${dropped}`,
    ...summary.failedChecks.map((check) => `  not always: ${check}`),
    `  ${summary.failedThresholds.length === 0 ? 'all limits kept' : `over: ${summary.failedThresholds.join(', ')}`}`,
    '',
  ].join('\n');
}

function describePath(name: Path, { requests, failed, latency }: PathSummary): string {
  const speed = requests === 0 ? '' : `, ${describeLatency(latency)}`;
  return `${name}: ${requests} updates${failed === 0 ? '' : `, ${failed} failed`}${speed}`;
}
