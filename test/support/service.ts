import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createService } from '../../src/service/create-service.ts';
import { readServiceSettings } from '../../src/service/settings.ts';

export type Answer = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  readonly json: any;
};

export type TestService = AsyncDisposable & {
  readonly port: number;
  readonly adminPort: number;
  readonly put: (path: string, options?: RequestOptions) => Promise<Answer>;
  readonly get: (path: string, options?: RequestOptions) => Promise<Answer>;
  readonly update: (id: string | number, query: string, options?: RequestOptions) => Promise<Answer>;
  readonly read: (id: string | number) => Promise<Answer>;
  readonly setFaults: (faults: object) => Promise<Answer>;
  readonly admin: (path: string) => Promise<Answer>;
  /** The value of one series, such as `sluice_fallbacks_total{rollout="violation-status",reason="error"}`. */
  readonly metric: (name: string, labels?: Record<string, string>) => Promise<number>;
  readonly logLines: () => readonly string[];
  readonly stop: () => Promise<void>;
};

type RequestOptions = {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
};

/** The real service in this process, on free ports; ROLLOUT_PERCENT is the percent unless the test says otherwise. */
export async function startTestService(env: Record<string, string>): Promise<TestService> {
  const settings = readServiceSettings({
    PORT: '0',
    ADMIN_PORT: '0',
    FLAG_PROVIDER: 'env',
    FORCE_DOMAIN: 'allow',
    FAULT_INJECTION: 'allow',
    ...env,
  });
  const lines: string[] = [];
  const log = pino(
    { level: settings.LOG_LEVEL },
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    }),
  );
  const service = createService(settings, log);
  const { port, adminPort } = await service.start();
  const agent = new Agent({ keepAlive: true });
  const call =
    (method: string, target: number) =>
    (path: string, options: RequestOptions = {}) =>
      send({ method, port: target, path, agent, ...options });
  const put = call('PUT', port);
  const get = call('GET', port);
  const admin = call('GET', adminPort);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    agent.destroy();
    stopped ??= service.stop();
    return stopped;
  };
  return {
    port,
    adminPort,
    put,
    get,
    admin,
    update: (id, query, options) => put(`/api/v1/records/violations/${id}/status?${query}`, options),
    read: (id) => get(`/api/v1/records/violations/${id}`),
    setFaults: (faults) =>
      call('PUT', adminPort)('/faults', {
        body: JSON.stringify(faults),
        headers: { 'Content-Type': 'application/json' },
      }),
    metric: async (name, labels = {}) => seriesValue((await admin('/metrics')).text, name, labels),
    logLines: () => lines,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Sent = RequestOptions & { readonly method: string; readonly port: number; readonly path: string };

export async function send({ method, port, path, headers = {}, body, agent }: Sent): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, method, path, headers, ...(agent && { agent }) });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
  }
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

function seriesValue(metrics: string, name: string, labels: Record<string, string>): number {
  const line = metrics
    .split('\n')
    .find(
      (candidate) =>
        candidate.startsWith(`${name}{`) &&
        Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`)),
    );
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
}
