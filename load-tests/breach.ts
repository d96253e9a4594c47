import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import { endFaults, type Fault, servedPercents, setDomainFault } from './lib/admin.ts';
import { triedDomain } from './lib/answer.ts';
import { readChoice, readLoad, readSeconds } from './lib/bounds.ts';
import type { K6Data } from './lib/k6-data.ts';
import { count } from './lib/metrics.ts';
import { updateOfTurn } from './lib/records.ts';
import { report } from './lib/report.ts';
import { sendUpdate } from './lib/request.ts';
import { once, steady } from './lib/shapes.ts';
import { readBaseUrls, readUrls } from './lib/targets.ts';
import { SOME, TREND_STATS, thresholds } from './lib/thresholds.ts';
import { BREACH, describeWithdrawal, readWithdrawal } from './lib/withdrawal.ts';

// A steady load; after a while the domain path is made slow, or failing, on every replica. Domain has to be left in time,
// every replica has to serve 0 %, and no client may notice. At the end the faults are taken away, whatever the outcome.

const FAULTS: Record<'latency' | 'errors', Fault> = { latency: { delayMs: 400 }, errors: { errorPercent: 100 } };
/** Goes on after WITHIN, to see that domain gets nothing any more. */
const AFTERWARDS_SECONDS = 3;
const LOOK_EVERY_SECONDS = 0.05;

const targets = readBaseUrls(__ENV);
const adminUrls = readUrls({
  name: 'ADMIN_URLS',
  list: __ENV.ADMIN_URLS || 'http://127.0.0.1:8081',
  allowRemote: __ENV.ALLOW_REMOTE,
});
const fault = readChoice('FAULT', __ENV.FAULT || 'errors', ['latency', 'errors']);
const calmSeconds = readSeconds('CALM', __ENV.CALM || '10s');
const withinSeconds = readSeconds('WITHIN', __ENV.WITHIN || '10s');
const seconds = calmSeconds + withinSeconds + AFTERWARDS_SECONDS;
const load = readLoad(__ENV.RATE || '50', `${seconds}s`);

const domainBefore = new Counter(BREACH.before);
const domainAfter = new Trend(BREACH.after, true);
const durationWithFault = new Trend(BREACH.duration, true);
const servedOff = new Trend(BREACH.servedOff, true);

export const options = {
  scenarios: { load: steady('update', load), fault: once('breakDomain', seconds) },
  thresholds: {
    ...thresholds({ overload: 'fails' }),
    [BREACH.before]: SOME,
    [BREACH.after]: [`max<=${withinSeconds * 1_000}`],
    [BREACH.servedOff]: ['max>0'],
  },
  summaryTrendStats: TREND_STATS,
  setupTimeout: '30s',
};

type Plan = { readonly faultAtMs: number };

/** Throws with the reason where nothing could be seen: k6 then sends nothing. */
export function setup(): Plan {
  endFaults(adminUrls);
  const idle = servedPercents(adminUrls).findIndex((percent) => percent === undefined || percent === 0);
  if (idle !== -1) {
    throw new Error(`${adminUrls[idle]} serves 0 %, so there is no domain path to break; start the rollout first.`);
  }
  // The moment is agreed on before, because virtual users share nothing.
  return { faultAtMs: Date.now() + calmSeconds * 1_000 };
}

export function update({ faultAtMs }: Plan) {
  const sentAtMs = Date.now();
  const answer = sendUpdate(updateOfTurn(exec.scenario.iterationInTest, targets));
  const isAfter = sentAtMs >= faultAtMs;
  if (!triedDomain(answer)) {
    count(answer);
  } else if (isAfter) {
    domainAfter.add(sentAtMs - faultAtMs);
    count(answer, durationWithFault);
  } else {
    domainBefore.add(1);
    count(answer);
  }
}

export function breakDomain({ faultAtMs }: Plan) {
  sleep(Math.max(0, faultAtMs - Date.now()) / 1_000);
  setDomainFault(adminUrls, FAULTS[fault]);
  while (Date.now() < faultAtMs + withinSeconds * 1_000) {
    if (servedPercents(adminUrls).every((percent) => percent === 0)) {
      servedOff.add(Date.now() - faultAtMs);
      return;
    }
    sleep(LOOK_EVERY_SECONDS);
  }
}

export function teardown() {
  endFaults(adminUrls);
}

export function handleSummary(data: K6Data) {
  const found = readWithdrawal(data, fault);
  return report({ script: 'breach', data, findings: found, lines: describeWithdrawal(found, data) });
}
