import uPlot from 'uplot';
import type { EventAnswer, StatusAnswer } from '../../../contract/schemas.ts';
import {
  formatMinute,
  formatPercent,
  formatRate,
  formatSeconds,
  formatShare,
} from '../../../contract/wording/format.ts';
import { entersStage, leavesStage, newsOf } from '../../../rollout/event.ts';
import type { MeasurementAnswer, VerdictAnswer } from '../../../rollout/evidence-schema.ts';

type PathMeasured = MeasurementAnswer['domain'];
type Chart = {
  readonly id: string;
  readonly measure: string;
  /** Undefined where the path has none of it. */
  readonly value: (point: MeasurementAnswer, path: 'domain' | 'legacy') => number | null | undefined;
  readonly format: (value: number) => string;
};

const ofPath = (read: (path: PathMeasured) => number | null) => (point: MeasurementAnswer, path: 'domain' | 'legacy') =>
  read(point[path]);
const seconds = ({ from, until }: MeasurementAnswer) => (Date.parse(until) - Date.parse(from)) / 1_000;

export const CHARTS: readonly Chart[] = [
  { id: 'p95', measure: 'latency-p95', value: ofPath((path) => path.p95Seconds), format: formatSeconds },
  { id: 'mean', measure: 'latency-mean', value: ofPath((path) => path.meanSeconds), format: formatSeconds },
  { id: 'errorRate', measure: 'error-rate', value: ofPath((path) => path.errorShare), format: formatShare },
  { id: 'traffic', measure: '', value: ofPath((path) => path.requestsPerSecond), format: formatRate },
  {
    id: 'fallbacks',
    measure: '',
    value: (point, path) => (path === 'domain' ? point.fallbacks / seconds(point) : undefined),
    format: formatRate,
  },
];

/** Two measurements further apart than this have a time between them that nobody measured. */
const GAP_MS = 1_500;
const HEIGHT = 150;

export type ChartData = {
  readonly points: readonly MeasurementAnswer[];
  readonly events: readonly EventAnswer[];
  readonly status: StatusAnswer | undefined;
  readonly rangeMinutes: number;
};

/** The plan's limit on a measure of the domain path; undefined where there is none, or only one compared to legacy. */
export function limitOf(
  status: StatusAnswer | undefined,
  measure: string,
): Pick<VerdictAnswer, 'limit' | 'limitText'> | undefined {
  return status?.verdicts.find((verdict) => verdict.measure === measure && !verdict.limitText.endsWith('x'));
}

/** Draws all charts into the elements `chart-<id>`, and anew what has changed. */
export function createCharts() {
  const plots = new Map<string, uPlot>();
  let data: ChartData | undefined;

  function draw(next: ChartData): void {
    data = next;
    for (const chart of CHARTS) {
      const host = document.getElementById(`chart-${chart.id}`);
      if (host === null) {
        continue;
      }
      let plot = plots.get(chart.id);
      if (plot === undefined || !host.contains(plot.root)) {
        plot?.destroy();
        plot = new uPlot(
          options(chart, host.clientWidth, () => data as ChartData),
          [[], [], []],
          host,
        );
        plots.set(chart.id, plot);
      }
      plot.setData(columns(chart, next), false);
      const untilMs = Date.now();
      plot.setScale('x', { min: untilMs / 1_000 - next.rangeMinutes * 60, max: untilMs / 1_000 });
      if (plot.width !== host.clientWidth && host.clientWidth > 0) {
        plot.setSize({ width: host.clientWidth, height: HEIGHT });
      }
    }
  }

  const again = () => data && draw(data);
  addEventListener('resize', again);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const plot of plots.values()) {
      plot.destroy();
    }
    plots.clear();
    again();
  });
  return { draw };
}

/** Time, domain and legacy; with an empty column in each gap, so that no line is drawn over it. */
function columns(chart: Chart, { points }: ChartData): uPlot.AlignedData {
  const [times, domain, legacy]: [number[], (number | null)[], (number | null)[]] = [[], [], []];
  let lastMs = 0;
  for (const point of points) {
    const fromMs = Date.parse(point.from);
    if (lastMs > 0 && fromMs - lastMs > GAP_MS) {
      times.push((lastMs + 1) / 1_000);
      domain.push(null);
      legacy.push(null);
    }
    lastMs = Date.parse(point.until);
    times.push(lastMs / 1_000);
    domain.push(chart.value(point, 'domain') ?? null);
    legacy.push(chart.value(point, 'legacy') ?? null);
  }
  return [times, domain, legacy];
}

/** A canvas understands no `light-dark()`: what the page makes of a colour is asked of an element that has it. */
const color = (name: string) => getComputedStyle(document.getElementById(`color-${name}`) as Element).color;

function options(chart: Chart, width: number, data: () => ChartData): uPlot.Options {
  const axis = { stroke: () => color('muted'), grid: { stroke: () => color('line') }, ticks: { show: false } };
  return {
    width: Math.max(width, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      y: {
        range: (_plot, _min, max) => {
          const limit = limitOf(data().status, chart.measure)?.limit ?? 0;
          return [0, Math.max((max ?? 0) * 1.1, limit * 1.2, 1e-3)];
        },
      },
    },
    axes: [
      { ...axis, size: 28, values: (_plot, splits) => splits.map((at) => formatMinute(at * 1_000)) },
      { ...axis, size: 64, values: (_plot, splits) => splits.map((value) => chart.format(value)) },
    ],
    series: [
      {},
      { stroke: () => color('domain'), width: 2, points: { show: false } },
      { stroke: () => color('legacy'), width: 2, dash: [6, 4], points: { show: false } },
    ],
    hooks: {
      draw: [
        (plot) => drawLimit(plot, limitOf(data().status, chart.measure)?.limit),
        (plot) => mark(plot, data().events),
      ],
    },
  };
}

function drawLimit(plot: uPlot, limit: number | undefined): void {
  if (limit === undefined) {
    return;
  }
  const { ctx, bbox } = plot;
  const y = plot.valToPos(limit, 'y', true);
  ctx.save();
  ctx.strokeStyle = color('bad');
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** A line where each stage begins or ends, with the percent; red where that is bad news. */
function mark(plot: uPlot, events: readonly EventAnswer[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  for (const event of events.filter(({ kind }) => entersStage(kind) || leavesStage(kind))) {
    const x = plot.valToPos(Date.parse(event.at) / 1_000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) {
      continue;
    }
    const stroke = color(newsOf(event) === 'bad' ? 'bad' : 'muted');
    ctx.strokeStyle = stroke;
    ctx.fillStyle = stroke;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(formatPercent(event.to), x + 3 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
  }
  ctx.restore();
}
