import type { Path } from './answer.ts';
import { countOf, describeLatency, type K6Data, type Latency, latencyOf } from './k6-data.ts';
import { judgeShare, type Share } from './shares.ts';

/** The metrics of one stage. */
export const stageMetrics = (percent: number) => ({
  records: `stage_${percent}_records`,
  domainRecords: `stage_${percent}_domain_records`,
  /** 1 where domain got more or less than the stage says. */
  offShare: `stage_${percent}_off_share`,
  durationOf: (path: Path) => `stage_${percent}_${path}_duration`,
});

/** Which records domain answered in each stage. */
export function createClimb() {
  const pathsByStage = new Map<number, Map<number, Path>>();
  const everInDomain = new Set<number>();
  let wentBack = 0;
  return {
    /** In the order of the stages: whoever is in at 10 % has to be in at 25 %. */
    note: (percent: number, record: number, path: Path): void => {
      const paths = pathsByStage.get(percent) ?? new Map<number, Path>();
      pathsByStage.set(percent, paths.set(record, path));
      if (path === 'domain') {
        everInDomain.add(record);
      } else if (everInDomain.has(record)) {
        wentBack += 1;
      }
    },
    shareOf: (percent: number): Share => {
      const paths = [...(pathsByStage.get(percent)?.values() ?? [])];
      const domainRecords = paths.filter((path) => path === 'domain').length;
      return judgeShare({ percent, records: paths.length, domainRecords });
    },
    /** Answers by legacy to records that domain had answered before. */
    wentBack: (): number => wentBack,
  };
}

type StageSummary = Share & { readonly latency: Readonly<Record<Path, Latency>> };

export type Climb = {
  /** The controller was seen to be complete. */
  readonly completed: boolean;
  readonly stages: readonly StageSummary[];
  readonly wentBack: number;
};

export const readClimb = (data: K6Data, percents: readonly number[]): Climb => ({
  completed: countOf(data, 'completed') > 0,
  stages: percents.map((percent) => {
    const metrics = stageMetrics(percent);
    const [records, domainRecords] = [countOf(data, metrics.records), countOf(data, metrics.domainRecords)];
    const latency = {
      domain: latencyOf(data, metrics.durationOf('domain')),
      legacy: latencyOf(data, metrics.durationOf('legacy')),
    };
    return { ...judgeShare({ percent, records, domainRecords }), latency };
  }),
  wentBack: countOf(data, 'went_back'),
});

export function describeClimb({ completed, stages, wentBack }: Climb): string[] {
  return [
    ...stages.flatMap(({ latency, ...share }) => [
      describeShare(share),
      ...(['domain', 'legacy'] as const)
        .filter((path) => latency[path].requests > 0)
        .map((path) => `  ${path}: ${latency[path].requests} updates, ${describeLatency(latency[path])}`),
    ]),
    `went back to legacy while climbing: ${wentBack}`,
    completed ? 'the climb is complete' : 'the climb is not complete',
  ];
}

function describeShare({ percent, records, domainPercent, lowestPercent, highestPercent, isWithin }: Share): string {
  if (records === 0) {
    return `${percent} %: not seen`;
  }
  const bounds = `${lowestPercent.toFixed(1)} to ${highestPercent.toFixed(1)} % may be chance`;
  const verdict = isWithin ? '' : ', which it is not';
  return `${percent} %: domain got ${domainPercent.toFixed(1)} % of ${records} records; ${bounds}${verdict}`;
}
