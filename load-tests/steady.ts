import exec from 'k6/execution';
import { readLoad } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { count } from './lib/metrics.ts';
import { updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdate } from './lib/request.ts';
import { steady } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { TREND_STATS, thresholds } from './lib/thresholds.ts';

// A constant number of status updates a second over violations 1–1000, spread over all replicas.

const targets = readBaseUrls(__ENV);
const load = readLoad(__ENV.RATE || '20', __ENV.DURATION || '30s');

export const options = {
  scenarios: { steady: steady('update', load) },
  thresholds: thresholds({ overload: 'fails' }),
  summaryTrendStats: TREND_STATS,
};

export function update() {
  count(sendUpdate(updateOfTurn(exec.scenario.iterationInTest, targets)));
}

export const handleSummary = (data: K6Data) => report({ script: 'steady', data });
