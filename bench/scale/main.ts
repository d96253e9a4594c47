import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPlan } from '../../src/controller/settings.ts';
import { createPrometheusSource } from '../../src/controller/signals/prometheus.ts';
import { createScrapeSource } from '../../src/controller/signals/scrape.ts';
import { findFlagd } from '../../src/dev/embedded/flagd.ts';
import { findTools } from '../../src/dev/tools/find.ts';
import { runMain, stopSignal } from '../../src/kit/run-main.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import { table } from '../table.ts';
import { type ControllerRun, measureController } from './controllers.ts';
import { measureFlags } from './flags.ts';
import { measureJournal } from './journal.ts';
import { type Looks, measureLooks, spread } from './looks.ts';
import { readMetricsPage, usageBetween } from './metrics-page.ts';
import { HELP, type Part, readOptions, type ScaleOptions } from './options.ts';
import { SCRAPE_EVERY_SECONDS, startScraper } from './prometheus.ts';
import { startSystem } from './system.ts';

/** Processor time of one look at so many replicas. */
const TARGET = { replicas: 100, ms: 200 };
/** What the controller's loop gives each source. */
const WITHIN_MS = { scrape: 1_000, prometheus: 2_500 };
const MAX_AGE_MS = 15_000;
/** Two scrapes of everything, so that there is something to read. */
const PROMETHEUS_SETTLE_MS = 2.5 * SCRAPE_EVERY_SECONDS * 1_000;
const PROMETHEUS_WATCH_MS = 30_000;
const SLOWER_TICKS_MS = [1_000, 2_000];

const fixed = (value: number) => value.toFixed(value < 10 ? 1 : 0);

const MEASURE: Readonly<Record<Part, (options: ScaleOptions, signal: AbortSignal) => Promise<string>>> = {
  looks: async ({ replicas }, signal) => {
    const plan = await readPlan(join(import.meta.dirname, '../../rollout.yaml'));
    const tools = await findTools();
    await using system = await startSystem(Math.max(...replicas), signal);
    const rows: string[][] = [];
    const row = (source: string, count: number, { cpuMs, wallMs, short }: Looks, mib: string) =>
      rows.push([
        source,
        String(count),
        ...[cpuMs.p50, cpuMs.p95, wallMs.p50, wallMs.p95].map(fixed),
        mib,
        `${short} of 40`,
      ]);
    for (const count of replicas) {
      const targets = system.replicas.slice(0, count);
      const scrape = createScrapeSource({ rollout: plan.rollout, targets, timeoutMs: 800, clock });
      const looks = await measureLooks(scrape, plan, count, WITHIN_MS.scrape);
      await scrape.close();
      row('scrape', count, looks, fixed((count * (await system.pages()).bytes) / 2 ** 20));
      if (count === TARGET.replicas && looks.cpuMs.p95 > TARGET.ms) {
        process.exitCode = 1;
      }
      const program = tools.path('prometheus');
      if (program === undefined) {
        continue;
      }
      await using prometheus = await startScraper(program, system.parts.directory, targets);
      await sleep(PROMETHEUS_SETTLE_MS, undefined, { signal });
      const { url } = prometheus;
      const source = createPrometheusSource({
        rollout: plan.rollout,
        url,
        timeoutMs: WITHIN_MS.prometheus,
        maxAgeMs: MAX_AGE_MS,
        clock,
      });
      row('prometheus', count, await measureLooks(source, plan, count, WITHIN_MS.prometheus), '–');
      await source.close();
    }
    const head = ['source', 'replicas', 'CPU ms, P50', 'P95', 'ms, P50', 'P95', 'MiB', 'looks without all'];
    return table(head, rows);
  },

  controller: async ({ replicas }, signal) => {
    const tools = await findTools();
    await using system = await startSystem(Math.max(...replicas), signal);
    const rows: string[][] = [];
    const row = (signals: string, count: number, tickMs: number, run: ControllerRun) => {
      const confirmed = run.confirmedMs.filter((ms) => ms !== undefined);
      const { p50, p95 } = spread(confirmed);
      rows.push([
        signals,
        String(count),
        String(tickMs),
        signals === 'scrape' ? run.looksPerSecond.toFixed(2) : '–',
        fixed(run.usage.cpuPercent),
        fixed(run.usage.residentMib),
        String(run.series),
        run.problem ?? (confirmed.length === 0 ? 'never' : `${fixed(p50)} / ${fixed(p95)}`),
        `${run.confirmedMs.length - confirmed.length} of ${run.confirmedMs.length}`,
      ]);
    };
    const largest = Math.max(...replicas);
    for (const count of replicas) {
      for (const tickMs of count === largest ? [500, ...SLOWER_TICKS_MS] : [500]) {
        row('scrape', count, tickMs, await measureController(system, count, { TICK_MS: String(tickMs) }, signal));
      }
      const program = tools.path('prometheus');
      if (program !== undefined) {
        await using prometheus = await startScraper(program, system.parts.directory, system.replicas.slice(0, count));
        await sleep(PROMETHEUS_SETTLE_MS, undefined, { signal });
        const env = { SIGNALS: 'prometheus', PROMETHEUS_URL: prometheus.url, SCRAPE_TARGETS: '' };
        row('prometheus', count, 500, await measureController(system, count, env, signal));
      }
    }
    const head = [
      'SIGNALS',
      'replicas',
      'TICK_MS',
      'looks/s',
      'CPU %',
      'MiB',
      'series of its own',
      'confirmed ms, P50 / P95',
      'not confirmed in 30 s',
    ];
    return table(head, rows);
  },

  flags: async ({ replicas }, signal) => {
    const flagd = await findFlagd(process.env);
    if (flagd === undefined) {
      console.error('flagd is left out: FLAGD_BIN is not set, and PATH has none');
    }
    const rows: string[][] = [];
    for (const [name, program] of flagd === undefined
      ? [['built in', undefined] as const]
      : [['flagd', flagd] as const, ['built in', undefined] as const]) {
      for (const count of replicas) {
        const run = await measureFlags(program, count, signal);
        rows.push([
          name,
          String(count),
          ...[run.p50Ms, run.p99Ms, run.lastMs, run.cpuMsPerEdit, run.quietCpuPercent].map(fixed),
          run.residentMib === undefined ? '–' : fixed(run.residentMib),
          fixed(run.backMs),
        ]);
      }
    }
    const head = [
      'server',
      'streams',
      'edit to stream ms, P50',
      'P99',
      'last',
      'CPU ms an edit',
      'CPU % in quiet',
      'MiB',
      'all back after restart, ms',
    ];
    return table(head, rows);
  },

  series: async ({ replicas }, signal) => {
    const program = (await findTools()).path('prometheus');
    if (program === undefined) {
      return 'left out: there is no Prometheus here';
    }
    await using system = await startSystem(Math.max(...replicas), signal);
    const page = await readMetricsPage(`http://${system.parts.adminAddresses[0]}/metrics`);
    const rows: string[][] = [];
    for (const count of replicas) {
      const targets = system.replicas.slice(0, count);
      await using prometheus = await startScraper(program, system.parts.directory, targets);
      await sleep(PROMETHEUS_SETTLE_MS, undefined, { signal });
      const before = await readMetricsPage(`${prometheus.url}/metrics`);
      const beganAt = performance.now();
      await sleep(PROMETHEUS_WATCH_MS, undefined, { signal });
      const after = await readMetricsPage(`${prometheus.url}/metrics`);
      const usage = usageBetween(before, after, performance.now() - beganAt);
      const series = after.values.get('prometheus_tsdb_head_series') ?? Number.NaN;
      rows.push([
        String(count),
        String(page.series),
        String(series),
        fixed(series / count),
        fixed(usage.residentMib),
        fixed((usage.residentMib * 1_024) / series),
        fixed(usage.cpuPercent),
      ]);
    }
    return table(
      [
        'replicas',
        'lines of a page',
        'head series',
        'a replica',
        'MiB',
        'KiB a series',
        `CPU % at ${SCRAPE_EVERY_SECONDS} s`,
      ],
      rows,
    );
  },

  journal: async (_options, signal) => {
    const { climb, rollback, quiet, historyBytesPerChange, connections } = await measureJournal(signal);
    const rows = [
      ['a climb of five stages', `${climb.rows} rows, ${climb.bytes} bytes`],
      ['a rollback', `${rollback.rows} rows, ${rollback.bytes} bytes`],
      ['30 quiet seconds', `${quiet.events} rows`],
      [
        'updates of the one row of state',
        `${fixed(quiet.stateUpdatesPerMinute)} a minute, ${quiet.stateBytes} bytes each`,
      ],
      ['write-ahead log in quiet', `${fixed(quiet.walBytesPerMinute / 1_024)} KiB a minute`],
      ['an applied change in its history, with indexes', `${fixed(historyBytesPerChange)} bytes`],
      ...connections.map(({ of, open }) => [`connections of ${of || 'the leadership'}`, String(open)]),
    ];
    return table(['what', 'how much'], rows, 2);
  },
};

/** `npm run bench:scale`: what grows with the number of replicas. See `--help`. */
async function main(options: ScaleOptions, signal: AbortSignal): Promise<void> {
  for (const part of options.parts) {
    console.error(`measuring ${part} …`);
    console.log(`### ${part}\n\n${await MEASURE[part](options, signal)}\n`);
  }
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
  } else {
    await main(options, stopSignal('SIGHUP'));
  }
}, 'The measurement failed');
