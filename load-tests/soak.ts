import exec from 'k6/execution';
import { readLoad } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { createPartCounter } from './lib/part-metrics.ts';
import { describeParts, driftOf, partMetric, readParts } from './lib/parts.ts';
import { updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdate } from './lib/request.ts';
import { steady } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { FAST, TREND_STATS, thresholds } from './lib/thresholds.ts';

// The steady load for long, to see whether the last part is as fast as the first. The last has to keep the limits alone,
// which a mean over hours would hide.

const PARTS = ['first fifth', 'second fifth', 'third fifth', 'fourth fifth', 'last fifth'];
const LAST = PARTS.length - 1;

const targets = readBaseUrls(__ENV);
const load = readLoad(__ENV.RATE || '20', __ENV.DURATION || '15m');
const countInParts = createPartCounter(PARTS);

export const options = {
  scenarios: { soak: steady('update', load) },
  thresholds: { ...thresholds({ overload: 'fails' }), [partMetric(LAST)]: FAST },
  summaryTrendStats: TREND_STATS,
};

export function update() {
  countInParts(() => sendUpdate(updateOfTurn(exec.scenario.iterationInTest, targets)));
}

export function handleSummary(data: K6Data) {
  const parts = readParts(data, PARTS);
  const drift = driftOf(parts);
  const line = drift === null ? 'drift: too few samples' : `drift: the last P95 is ${drift.toFixed(2)} times the first`;
  return report({ script: 'soak', data, findings: { parts, drift }, lines: [...describeParts(parts), line] });
}
