import { mkdtemp, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryAnswer, StatusAnswer } from '../../src/contract/schemas.ts';
import { type Breach, breakDomain } from '../../src/dev/demo/breach.ts';
import { type DemoParts, type RunningController, startParts } from '../../src/dev/demo/parts.ts';
import { startTraffic } from '../../src/dev/demo/traffic.ts';
import { startRollout, untilMayStart, untilStatus } from '../../src/dev/demo/wait.ts';
import { startAlertmanager } from '../../src/dev/tools/alertmanager.ts';
import { findTools, type Tool } from '../../src/dev/tools/find.ts';
import { startPrometheus } from '../../src/dev/tools/prometheus.ts';
import { until } from '../../src/dev/until.ts';
import { requestOnce } from '../../src/kit/http/client.ts';
import { beginBeside } from './beside.ts';
import { startHangingDatabase } from './hanging-database.ts';
import { writePast } from './past.ts';
import type { Series, Signal } from './series.ts';
import type { Answered } from './strangers.ts';

const REPLICAS = 2;
const WITHIN_MS = 60_000;
const ANSWER_WITHIN_MS = 10_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** Healthy time before each fault; spread over a second, so that faults meet every moment between two looks. */
const HEALTHY_MS = 2_000;
const SPREAD_MS = 1_000;
/** What a Prometheus that has just begun needs for the rules' increases. */
const ALERTS_HEALTHY_MS = 10_000;
/** A port that nobody listens on. */
const NOBODY = 'http://127.0.0.1:9';

const NEEDS: Readonly<Record<Signal, readonly Tool[]>> = {
  scrape: [],
  'scrape, Prometheus down': [],
  Prometheus: ['prometheus'],
  Alertmanager: ['prometheus', 'alertmanager'],
};

/** Why a series cannot be measured here; empty where it can. */
export async function missingTools({ signal }: Series): Promise<string> {
  return NEEDS[signal].length === 0 ? '' : (await findTools()).whyWithout(...NEEDS[signal]).join('; ');
}

type Measuring = {
  readonly series: Series;
  /** The folder of service and controller; undefined for those of this tree. */
  readonly programs: string | undefined;
  readonly breaches: number;
  readonly onBreach: (breach: Breach) => void;
  readonly onAnswered: (answered: Answered) => void;
};

/** One system of its own, broken `breaches` times. */
export async function measureSeries(
  { series, programs, breaches, onBreach, onAnswered }: Measuring,
  signal: AbortSignal,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const parts = await startParts({
    replicas: REPLICAS,
    signal,
    onProgress: () => {},
    ...(programs !== undefined && { programs }),
  });
  stack.defer(parts.stop);
  await writePast(parts.databaseUrl, 'violation-status');
  const database = stack.use(await startHangingDatabase(parts.databaseUrl));
  const signals = await startSignals(series, parts, stack);
  const controller = patient(await parts.startController(planOf(series), { DATABASE_URL: database.url, ...signals }));
  stack.defer(controller.stop);
  const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: series.perSecond });
  stack.defer(traffic.stop);

  for (let at = 0; at < breaches; at += 1) {
    await using alerts = await startAlerts(series, parts, controller);
    await begin(series, parts, controller, signal);
    const spreadMs = (SPREAD_MS * at) / breaches;
    await using _ = await beginBeside(series.beside, controller, database, onAnswered, signal);
    await sleep((alerts === undefined ? HEALTHY_MS : ALERTS_HEALTHY_MS) + spreadMs, undefined, { signal });
    onBreach(await breakDomain(parts, controller, traffic, series.faults, { timeoutMs: WITHIN_MS, signal }));
  }
}

/** A busy controller may refuse a reader, which then asks again; and an older one answers with less than this tree's client wants. */
function patient(controller: RunningController): RunningController {
  const read = async <T>(path: string): Promise<T> => {
    const got = await requestOnce(new URL(path, controller.url), {
      timeoutMs: ANSWER_WITHIN_MS,
      mostBytes: MOST_BYTES,
    });
    if (got.kind === 'failed' || got.status !== 200) {
      throw new Error(got.kind === 'failed' ? got.detail : `it answered ${got.status}`);
    }
    return JSON.parse(got.body) as T;
  };
  return {
    ...controller,
    status: () => read<StatusAnswer>('/api/status'),
    history: async () => {
      let answer: HistoryAnswer | undefined;
      const ask = async () => {
        answer = await read<HistoryAnswer>('/api/history?limit=1000').catch(() => undefined);
        return answer !== undefined;
      };
      await until('the history is answered', ask, WITHIN_MS);
      return answer?.events ?? [];
    },
  };
}

const planOf = ({ percent }: Series) => `rollout: violation-status
flag: violation-status-domain-percent
stages:
  - { percent: ${percent}, observe: 1h }
guards:
  - { name: p95,    measure: latency-p95, limit: 200ms, window: 1m, onBreach: off }
  - { name: errors, measure: error-rate,  limit: 1%,    window: 1m, onBreach: off }
confidence: 99.9%
minSamples: 200
`;

async function startSignals(
  { signal }: Series,
  parts: DemoParts,
  stack: AsyncDisposableStack,
): Promise<Record<string, string>> {
  switch (signal) {
    case 'scrape':
      return { SIGNALS: 'scrape' };
    case 'scrape, Prometheus down':
      return { SIGNALS: 'scrape,prometheus', PROMETHEUS_URL: NOBODY };
    case 'Alertmanager':
      return { SIGNALS: 'alerts' };
    case 'Prometheus': {
      const { directory, adminAddresses: services } = parts;
      const program = (await findTools()).require('prometheus');
      const prometheus = stack.use(await startPrometheus({ program, directory, services }));
      await prometheus.untilScraped();
      return { SIGNALS: 'prometheus', PROMETHEUS_URL: prometheus.url };
    }
  }
}

/** New for each breach: an alert of the last one would go on firing for the minute that its rules look back. */
async function startAlerts(
  { signal }: Series,
  parts: DemoParts,
  { url, token }: RunningController,
): Promise<AsyncDisposable | undefined> {
  if (signal !== 'Alertmanager') {
    return undefined;
  }
  const tools = await findTools();
  const directory = await mkdtemp(join(parts.directory, 'alerts-'));
  await using stack = new AsyncDisposableStack();
  const alertmanager = stack.use(
    await startAlertmanager({
      program: tools.require('alertmanager'),
      directory,
      webhookUrl: `${url}/api/alerts`,
      token,
    }),
  );
  stack.use(
    await startPrometheus({
      program: tools.require('prometheus'),
      directory,
      services: parts.adminAddresses,
      alertmanager: alertmanager.address,
    }),
  );
  return stack.move();
}

/** The stage is served everywhere, and the breakers that the last fault opened have closed again. */
async function begin(
  { signal: by, percent }: Series,
  parts: DemoParts,
  controller: RunningController,
  signal: AbortSignal,
): Promise<void> {
  const wait = { timeoutMs: WITHIN_MS, signal };
  if (by === 'Alertmanager' || by === 'scrape, Prometheus down') {
    // The controller begins nothing that one of its signals does not see; a person may.
    await untilMayStart(controller, wait);
    await editByHand(parts, percent);
  } else {
    await startRollout(controller, wait);
  }
  await untilStatus(
    controller,
    `every replica serves ${percent} %, its breaker closed`,
    ({ state, served }) =>
      state.percent === percent &&
      served.length === REPLICAS &&
      served.every((replica) => replica.percent === percent && replica.breakerOpen === false),
    wait,
  );
}

async function editByHand({ flagsFile }: DemoParts, percent: number): Promise<void> {
  const text = await readFile(flagsFile, 'utf8');
  await writeFile(`${flagsFile}.new`, text.replace('"defaultVariant": "off"', `"defaultVariant": "p${percent}"`));
  await rename(`${flagsFile}.new`, flagsFile);
}
