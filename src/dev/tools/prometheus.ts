import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../embedded/flagd.ts';
import { until } from '../until.ts';
import { bodyOf } from './http.ts';
import { type RunningProcess, startProcess } from './process.ts';

const RULES = join(import.meta.dirname, '../../../monitoring/rules');

type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number };
type FiringAlert = { readonly labels: Readonly<Record<string, string>>; readonly activeAt: string };

export type Prometheus = AsyncDisposable & {
  readonly url: string;
  readonly process: RunningProcess;
  /** An instant query; an empty answer is an empty list. */
  readonly query: (expression: string) => Promise<Sample[]>;
  /** A query over the last two minutes, as a dashboard makes it: each series' values, NaN left out. */
  readonly queryRange: (expression: string, stepSeconds: number) => Promise<number[][]>;
  readonly firing: () => Promise<FiringAlert[]>;
  /** Waits until every target's last scrape went well. */
  readonly untilScraped: (timeoutMs?: number) => Promise<void>;
  readonly untilFiring: (alert: string, timeoutMs?: number) => Promise<FiringAlert>;
};

export type PrometheusOptions = {
  readonly program: string;
  readonly directory: string;
  /** `host:port` of the services' admin ports. */
  readonly services: readonly string[];
  readonly controllers?: readonly string[];
  /** `host:port`. */
  readonly alertmanager?: string;
  /** Of its files in the directory. */
  readonly name?: string;
  /** How often it scrapes and evaluates. */
  readonly everySeconds?: number;
  /** Files of rules; the project's own where none are given. */
  readonly rules?: readonly string[];
};

/** The real Prometheus. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { program, directory, services, controllers = [], name = 'prometheus' } = options;
  const config = join(directory, `${name}.json`);
  // JSON is YAML too.
  await writeFile(config, JSON.stringify(configuration(options, options.rules ?? (await ownRules())), null, 2));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const process = await startProcess({
    name,
    command: program,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, name)}`,
      '--storage.tsdb.retention.time=1h',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    directory,
  });
  try {
    await process.untilOk(`${url}/-/ready`);
  } catch (error) {
    await process.stop();
    throw error;
  }

  const query = async (expression: string): Promise<Sample[]> => {
    const { result } = await get<{ result: { metric: Record<string, string>; value: [number, string] }[] }>(
      `${url}/api/v1/query?query=${encodeURIComponent(expression)}`,
    );
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  };
  const firing = async (): Promise<FiringAlert[]> => {
    const { alerts } = await get<{ alerts: (FiringAlert & { readonly state: string })[] }>(`${url}/api/v1/alerts`);
    return alerts.filter(({ state }) => state === 'firing');
  };
  const targets = services.length + controllers.length;
  return {
    url,
    process,
    query,
    queryRange: async (expression, stepSeconds) => {
      const end = Date.now() / 1_000;
      const times = { start: `${end - 120}`, end: `${end}`, step: `${stepSeconds}` };
      const range = new URLSearchParams({ query: expression, ...times });
      const { result } = await get<{ result: { values: [number, string][] }[] }>(`${url}/api/v1/query_range?${range}`);
      return result
        .map(({ values }) => values.flatMap(([, value]) => (value === 'NaN' ? [] : [Number(value)])))
        .filter((values) => values.length > 0);
    },
    firing,
    untilScraped: (timeoutMs) =>
      until('Prometheus scrapes every target', async () => (await query('up == 1')).length === targets, timeoutMs),
    untilFiring: async (name, timeoutMs) => {
      let alert: FiringAlert | undefined;
      const look = async () => {
        alert = (await firing()).find(({ labels }) => labels.alertname === name);
        return alert !== undefined;
      };
      await until(`${name} fires`, look, timeoutMs);
      return alert as unknown as FiringAlert;
    },
    [Symbol.asyncDispose]: async () => {
      await process.stop();
    },
  };
}

async function ownRules(): Promise<string[]> {
  return (await readdir(RULES)).filter((name) => name.endsWith('.yaml')).map((name) => join(RULES, name));
}

function configuration(
  { services, controllers = [], alertmanager, everySeconds = 1 }: PrometheusOptions,
  rules: readonly string[],
): object {
  const job = (name: string, targets: readonly string[]) => ({ job_name: name, static_configs: [{ targets }] });
  const every = `${everySeconds}s`;
  return {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: rules,
    scrape_configs: [job('sluice-service', services), job('sluice-controller', controllers)],
    ...(alertmanager && { alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] } }),
  };
}

const get = async <T>(url: string): Promise<T> =>
  (JSON.parse(await bodyOf(url, { timeoutMs: 5_000 })) as { data: T }).data;
