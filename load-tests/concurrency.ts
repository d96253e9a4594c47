import { Gauge } from 'k6/metrics';
import type { Answer } from './lib/answer.ts';
import { MOST_REQUESTS, readSeconds, readWhole } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { describeGrowth, gaugesOf, gaugeValues, type Level, levelOf, readGrowth, whyBent } from './lib/levels.ts';
import { byName, count } from './lib/metrics.ts';
import { updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdateAsync } from './lib/request.ts';
import { once } from './lib/shapes.ts';
import { readBaseUrls } from './lib/targets.ts';
import { TREND_STATS, thresholds } from './lib/thresholds.ts';

// 10 requests under way all the time have to keep the limits. Then more, until an answer fails or the P95 is over: where it
// bends is reported and is no failure. One virtual user sends everything, so that it can stop growing there.

const LEVELS = [10, 20, 50, 100, 200];
const HIGHEST = 200;
const HELD = 10;
/** For the answers that are under way when a level's time is over. */
const GRACE_SECONDS = 15;

const targets = readBaseUrls(__ENV);
const seconds = readSeconds('DURATION', __ENV.DURATION || '10s');
const most = readWhole('MOST_AT_ONCE', __ENV.MOST_AT_ONCE || `${HIGHEST}`, { lowest: HELD, highest: HIGHEST });
const levels = LEVELS.filter((concurrent) => concurrent <= most);
const gauges = byName(levels.flatMap(gaugesOf), (name) => new Gauge(name));

export const options = {
  scenarios: { concurrency: once('grow', levels.length * (seconds + GRACE_SECONDS)) },
  thresholds: thresholds({ overload: 'fails' }),
  summaryTrendStats: TREND_STATS,
  // As many connections are kept open.
  batch: HIGHEST,
  batchPerHost: HIGHEST,
};

let sent = 0;

export async function grow() {
  for (const concurrent of levels) {
    const level = await hold(concurrent);
    for (const [gauge, value] of gaugeValues(level)) {
      gauges[gauge]?.add(value);
    }
    if (whyBent(level) !== undefined) {
      return;
    }
  }
}

async function hold(concurrent: number): Promise<Level> {
  const startedAt = Date.now();
  const durationsMs: number[] = [];
  let failed = 0;
  const note = (answer: Answer) => {
    if (concurrent === HELD) {
      count(answer);
    }
    if (answer.outcome === 'updated') {
      durationsMs.push(answer.durationMs);
    } else {
      failed += 1;
    }
  };
  const client = async () => {
    while (Date.now() - startedAt < seconds * 1_000 && sent < MOST_REQUESTS) {
      sent += 1;
      note(await sendUpdateAsync(updateOfTurn(sent, targets)));
    }
  };
  await Promise.all(Array.from({ length: concurrent }, client));
  return levelOf({ concurrent, durationsMs, failed, seconds: (Date.now() - startedAt) / 1_000 });
}

export function handleSummary(data: K6Data) {
  const growth = readGrowth(data, levels);
  // Like all that every script reports, of the level that has to hold.
  const perSecond = growth.levels[0]?.perSecond ?? 0;
  return report({ script: 'concurrency', data, findings: { ...growth, perSecond }, lines: describeGrowth(growth) });
}
