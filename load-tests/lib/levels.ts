import { type K6Data, valueIn } from './k6-data.ts';
import { LIMITS } from './thresholds.ts';

/** What became of so many requests under way at once, for some seconds. */
export type Level = {
  readonly concurrent: number;
  readonly requests: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly meanMs: number;
  readonly p95Ms: number;
};

/** Why the service does not hold this level; undefined where it does. */
export function whyBent({ requests, failed, p95Ms }: Level): string | undefined {
  if (failed > 0) {
    return `${failed} of ${requests} failed`;
  }
  return p95Ms < LIMITS.p95Ms ? undefined : `P95 ${p95Ms.toFixed(1)} ms`;
}

type Held = {
  readonly concurrent: number;
  /** Of updates that were made. */
  readonly durationsMs: readonly number[];
  readonly failed: number;
  readonly seconds: number;
};

export function levelOf({ concurrent, durationsMs, failed, seconds }: Held): Level {
  const requests = durationsMs.length + failed;
  return {
    concurrent,
    requests,
    failed,
    perSecond: requests / seconds,
    meanMs: durationsMs.reduce((sum, each) => sum + each, 0) / Math.max(1, durationsMs.length),
    p95Ms: nearestRank(durationsMs, 0.95),
  };
}

/** The smallest value that the share of all values does not exceed; 0 of none. */
function nearestRank(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
}

const MEASURES = ['requests', 'failed', 'perSecond', 'meanMs', 'p95Ms'] as const satisfies readonly (keyof Level)[];

/** A level's measures as gauges, by name: how it comes from the virtual user to the summary. */
export const gaugesOf = (concurrent: number): string[] => MEASURES.map((measure) => gaugeOf(concurrent, measure));

const gaugeOf = (concurrent: number, measure: string) => `at_${concurrent}_${measure}`;

export const gaugeValues = (level: Level): [gauge: string, value: number][] =>
  MEASURES.map((measure) => [gaugeOf(level.concurrent, measure), level[measure]]);

export type Growth = {
  /** Those that were tried. */
  readonly levels: readonly Level[];
  /** Null where the service held every level. */
  readonly bend: { readonly concurrent: number; readonly why: string } | null;
};

export function readGrowth(data: K6Data, concurrents: readonly number[]): Growth {
  const levels = concurrents
    .map((concurrent): Level => {
      const measure = (name: string) => valueIn(data, gaugeOf(concurrent, name), 'value');
      const values = Object.fromEntries(MEASURES.map((name) => [name, measure(name)]));
      return { concurrent, ...(values as Record<(typeof MEASURES)[number], number>) };
    })
    .filter(({ requests }) => requests > 0);
  const bent = levels.find((level) => whyBent(level) !== undefined);
  return { levels, bend: bent === undefined ? null : { concurrent: bent.concurrent, why: whyBent(bent) as string } };
}

export function describeGrowth({ levels, bend }: Growth): string[] {
  return [
    ...levels.map(
      ({ concurrent, requests, perSecond, meanMs, p95Ms, failed }) =>
        `${concurrent} at once: ${requests} requests, ${perSecond.toFixed(0)} a second, mean ${meanMs.toFixed(1)} ms, ` +
        `P95 ${p95Ms.toFixed(1)} ms, failed ${failed}`,
    ),
    bend === null
      ? `holds ${levels.at(-1)?.concurrent ?? 0} at once, the most that was tried`
      : `bends at ${bend.concurrent} at once: ${bend.why}`,
  ];
}
