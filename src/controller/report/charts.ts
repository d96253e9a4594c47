import { formatRate, formatSeconds, formatShare } from '../../contract/wording/format.ts';
import type { MeasurementAnswer } from '../../rollout/evidence-schema.ts';
import type { Block, Chart } from './blocks.ts';
import type { ReportFacts } from './facts.ts';
import { MEAN_LIMIT_SECONDS, P95_LIMIT_SECONDS } from './tables.ts';
import type { ReportTexts } from './texts-en.ts';

type Drawn = {
  readonly title: string;
  readonly value: (path: MeasurementAnswer['domain']) => number | null;
  readonly format: (value: number) => string;
  readonly limit?: number;
};

/** Small charts of the whole rollout; none where nothing was measured. */
export function charts({ points }: ReportFacts, texts: ReportTexts): Block[] {
  if (points.length < 2) {
    return [];
  }
  const drawn: readonly Drawn[] = [
    { title: 'P95', value: (path) => path.p95Seconds, format: formatSeconds, limit: P95_LIMIT_SECONDS },
    { title: texts.mean, value: (path) => path.meanSeconds, format: formatSeconds, limit: MEAN_LIMIT_SECONDS },
    { title: texts.errors, value: (path) => path.errorShare, format: formatShare },
    { title: texts.traffic, value: (path) => path.requestsPerSecond, format: formatRate },
  ];
  return [{ kind: 'charts', title: texts.charts, charts: drawn.map((one) => chartOf(one, points, texts)) }];
}

function chartOf(
  { title, value, format, limit }: Drawn,
  points: readonly MeasurementAnswer[],
  texts: ReportTexts,
): Chart {
  const lines = (['domain', 'legacy'] as const).map((path) => ({
    name: texts[path],
    values: points.map((point) => value(point[path])),
  }));
  const highest = Math.max(0, ...lines.flatMap(({ values }) => values).filter((each) => each !== null));
  return {
    title,
    times: points.map(({ until }) => Date.parse(until)),
    lines,
    limit,
    top: texts.highest(format(highest)),
    max: Math.max(highest * 1.1, (limit ?? 0) * 1.1, 1e-6),
  };
}
