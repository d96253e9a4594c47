import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { createApiClient } from '../../../src/contract/client.ts';
import type { EventAnswer, StatusAnswer } from '../../../src/contract/schemas.ts';
import { until } from '../../../src/dev/until.ts';
import type { COMMANDS } from '../../../src/rollout/command.ts';
import { type Answer, type RequestOptions, send } from '../http.ts';

const ANSWER_WITHIN_MS = 5_000;
/** Of a machine of two cores the parts under test need most. */
const LOOK_EVERY_MS = 25;
const MOST_EVENTS = 200;

export const TOKEN = 'a-token-for-tests-only';
const WITH_TOKEN = { Authorization: `Bearer ${TOKEN}` };

export type CommandName = (typeof COMMANDS)[number];
type More = { readonly to?: number };

/** A controller, wherever it runs. */
export type Controller = AsyncDisposable & {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** `host:port`, as Prometheus wants it. */
  readonly address: string;
  readonly get: (path: string, options?: RequestOptions) => Promise<Answer>;
  /** With the token, unless other headers are given. @param body goes as it is where it is a text, else as JSON. */
  readonly post: (path: string, body: unknown, options?: RequestOptions) => Promise<Answer>;
  readonly status: () => Promise<StatusAnswer>;
  /** The newest first. */
  readonly history: () => Promise<readonly EventAnswer[]>;
  /** By ana, for a test. */
  readonly ask: (name: CommandName, more?: More) => Promise<Answer>;
  /** @throws with the controller's answer unless it did what was asked. */
  readonly command: (name: CommandName, more?: More) => Promise<void>;
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
  /** In order, as SIGTERM does. */
  readonly stop: () => Promise<void>;
  /** Starts it anew on its port, after it was stopped. */
  readonly restart: () => Promise<void>;
};

export type ControllerOptions = {
  /** The text of the plan. */
  readonly plan: string;
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
};

type ControllerParts = Pick<Controller, 'name' | 'port' | 'stop' | 'restart'> & {
  readonly log: () => Promise<string>;
};

/** All that needs only its port. */
export function controllerAt({ name, port, log, stop, restart }: ControllerParts): Controller {
  const address = `127.0.0.1:${port}`;
  const get: Controller['get'] = (path, options) => send({ method: 'GET', port, path, ...options });
  const post: Controller['post'] = (path, body, { headers = WITH_TOKEN, ...options } = {}) =>
    send({
      method: 'POST',
      port,
      path,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
      ...options,
    });
  const inTime = () => ({ signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  const request = (command: CommandName, more: More = {}) => ({ command, actor: 'ana', reason: 'a test', ...more });
  const ask: Controller['ask'] = (command, more) => post('/api/commands', request(command, more), inTime());
  // What one that stands by answers is for tests to see.
  const api = createApiClient({ url: new URL(`http://${address}`), token: () => TOKEN, leaderAttempts: 1 });
  const { status } = api;
  const history = async () => (await api.history(MOST_EVENTS)).events;
  const wait = async (what: string, condition: () => Promise<boolean>, timeoutMs?: number) => {
    const look = async () => {
      await sleep(LOOK_EVERY_MS);
      return condition();
    };
    try {
      await until(`${name}: ${what}`, look, timeoutMs);
    } catch (error) {
      const seen = await Promise.all([status(), history()]).catch((why) => String(why));
      const lines = (await log()).replaceAll(/^.*"msg":"request".*\n/gm, '');
      throw new Error([(error as Error).message, inspect(seen, { depth: 5 }), lines].join('\n'));
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
    port,
    url: `http://${address}`,
    address,
    get,
    post,
    status,
    history,
    ask,
    command: async (command, more) => {
      await api.command(request(command, more));
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
    stop,
    restart,
    [Symbol.asyncDispose]: stop,
  };
}
