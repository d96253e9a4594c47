import exec from 'k6/execution';
import { readLoad } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { createPartCounter } from './lib/part-metrics.ts';
import { describeParts, readParts } from './lib/parts.ts';
import { updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdate } from './lib/request.ts';
import { SPIKE_FACTOR, spike } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { TREND_STATS, thresholds } from './lib/thresholds.ts';

// Calm, at once ten times that, calm again. A replica may ask clients to come again (503 with Retry-After); no other
// failure is allowed, and what it takes it answers in time.

const PARTS = ['calm', 'spike', 'calm again'];

const targets = readBaseUrls(__ENV);
const load = readLoad(__ENV.RATE || '20', __ENV.DURATION || '30s', SPIKE_FACTOR);
const countInParts = createPartCounter(PARTS);

export const options = {
  scenarios: { spike: spike('update', load) },
  thresholds: thresholds({ overload: 'may happen' }),
  summaryTrendStats: TREND_STATS,
};

export function update() {
  countInParts(() => sendUpdate(updateOfTurn(exec.scenario.iterationInTest, targets)));
}

export function handleSummary(data: K6Data) {
  const parts = readParts(data, PARTS);
  return report({ script: 'spike', data, findings: { parts }, lines: describeParts(parts) });
}
