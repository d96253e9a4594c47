import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { EventAnswer, HistoryAnswer, StatusAnswer } from '../../../src/contract/schemas.ts';
import { type RunningProcess, startProcess } from '../../../src/dev/tools/process.ts';
import { until } from '../../../src/dev/until.ts';
import type { COMMANDS } from '../../../src/rollout/command.ts';

const CONTROLLER = join(import.meta.dirname, '../../../src/controller.ts');
const ANSWER_WITHIN_MS = 5_000;
/** Of a machine of two cores the parts under test need most. */
const LOOK_EVERY_MS = 25;
const MOST_EVENTS = 200;

export const TOKEN = 'a-token-for-end-to-end-tests';

export type CommandName = (typeof COMMANDS)[number];

export type Controller = AsyncDisposable & {
  readonly name: string;
  readonly url: string;
  /** `host:port`, as Prometheus wants it. */
  readonly address: string;
  /** The process of now: `restart` makes a new one. */
  readonly process: () => RunningProcess;
  readonly status: () => Promise<StatusAnswer>;
  /** The newest first. */
  readonly history: () => Promise<readonly EventAnswer[]>;
  /** @throws with the controller's answer unless it did what was asked. */
  readonly command: (name: CommandName, more?: { readonly to?: number }) => Promise<void>;
  /** Waits for a status of which `condition` is true. It fails with the last status, the history and the log. */
  readonly untilStatus: (
    what: string,
    condition: (status: StatusAnswer) => boolean,
    timeoutMs?: number,
  ) => Promise<StatusAnswer>;
  readonly until: (phase: StatusAnswer['state']['phase'], percent: number, timeoutMs?: number) => Promise<StatusAnswer>;
  /** Waits until it leads and nothing keeps it from raising the percent. */
  readonly untilReady: (timeoutMs?: number) => Promise<StatusAnswer>;
  /** Waits until it has seen every replica serve the percent that it wrote. */
  readonly untilConfirmed: (percent: number, timeoutMs?: number) => Promise<StatusAnswer>;
  /** Waits until the journal has an event of this kind, to this percent. */
  readonly untilJournal: (kind: EventAnswer['kind'], percent: number, timeoutMs?: number) => Promise<EventAnswer>;
  /** SIGKILL: as when its node dies. */
  readonly kill: () => Promise<void>;
  /** Starts it anew on its port, after it was stopped or killed. */
  readonly restart: () => Promise<void>;
};

export type ControllerOptions = {
  readonly name?: string;
  readonly directory: string;
  readonly databaseUrl: string;
  readonly flagsFile: string;
  /** The text of the plan's file. */
  readonly plan: string;
  /** SIGNALS, SCRAPE_TARGETS, PROMETHEUS_URL … */
  readonly env: Readonly<Record<string, string>>;
};

/** The controller as a process of its own on a free port. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { name = 'controller', directory, databaseUrl, flagsFile, plan, env } = options;
  const planFile = join(directory, `${name}.yaml`);
  await writeFile(planFile, plan);
  const settings = {
    DATABASE_URL: databaseUrl,
    FLAGS_FILE: flagsFile,
    PLAN_FILE: planFile,
    SLUICE_TOKEN: TOKEN,
    ...env,
  };
  let starts = 0;
  const start = async (port: string) => {
    starts += 1;
    const started = await startProcess({
      name: starts === 1 ? name : `${name}-start-${starts}`,
      command: process.execPath,
      args: [CONTROLLER],
      env: { ...settings, CONTROLLER_PORT: port },
      directory,
    });
    try {
      const [line] = await started.untilOutput(/^\{.*"msg":"watching".*$/m);
      return { started, port: JSON.parse(line).port as number };
    } catch (error) {
      await started.stop();
      throw error;
    }
  };
  let { started, port } = await start('0');
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}`;

  const status = () => get<StatusAnswer>(`${url}/api/status`);
  const history = async () => (await get<HistoryAnswer>(`${url}/api/history?limit=${MOST_EVENTS}`)).events;
  const wait = async (what: string, condition: () => Promise<boolean>, timeoutMs?: number) => {
    const look = async () => {
      await sleep(LOOK_EVERY_MS);
      return condition();
    };
    try {
      await until(`${name}: ${what}`, look, timeoutMs);
    } catch (error) {
      const seen = await Promise.all([status(), history()]).catch((why) => String(why));
      const log = (await started.output()).replaceAll(/^.*"msg":"request".*\n/gm, '');
      throw new Error([(error as Error).message, inspect(seen, { depth: 5 }), log].join('\n'));
    }
  };
  const untilStatus: Controller['untilStatus'] = async (what, condition, timeoutMs) => {
    let last: StatusAnswer | undefined;
    const look = async () => {
      last = await status();
      return condition(last);
    };
    await wait(what, look, timeoutMs);
    return last as unknown as StatusAnswer;
  };

  return {
    name,
    url,
    address,
    process: () => started,
    status,
    history,
    command: async (command, more = {}) => {
      const answer = await fetch(`${url}/api/commands`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ command, actor: 'ana', reason: 'a test', ...more }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await answer.text();
      if (!answer.ok) {
        throw new Error(`${name} answered ${answer.status} to ${command}: ${text}`);
      }
    },
    untilStatus,
    until: (phase, percent, timeoutMs) =>
      untilStatus(
        `${phase} at ${percent} %`,
        ({ state }) => state.phase === phase && state.percent === percent,
        timeoutMs,
      ),
    untilReady: (timeoutMs) =>
      untilStatus(
        'leads and may raise',
        ({ controller }) => controller.leading && controller.noRaise === null,
        timeoutMs,
      ),
    untilConfirmed: (percent, timeoutMs) =>
      untilStatus(
        `every replica serves ${percent} %`,
        ({ change }) => change !== null && change.percent === percent && change.confirmedAt !== null,
        timeoutMs,
      ),
    untilJournal: async (kind, percent, timeoutMs) => {
      let found: EventAnswer | undefined;
      const look = async () => {
        found = (await history()).find((event) => event.kind === kind && event.to === percent && event.id !== null);
        return found !== undefined;
      };
      await wait(`the journal has ${kind} to ${percent} %`, look, timeoutMs);
      return found as unknown as EventAnswer;
    },
    kill: async () => {
      await started.kill();
    },
    restart: async () => {
      ({ started } = await start(String(port)));
    },
    [Symbol.asyncDispose]: async () => {
      await started.stop();
    },
  };
}

async function get<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${url} answered ${answer.status}: ${text}`);
  }
  return JSON.parse(text);
}
