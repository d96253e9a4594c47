import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CommandAnswer,
  CommandRequest,
  ConsistencyRequest,
  HistoryAnswer,
  StatusAnswer,
  VerificationRequest,
} from '../contract/schemas.ts';
import { failureOf, NO_TOKEN, notAController, unreachable } from './client-errors.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { type Answered, send } from './request.ts';

const TIMEOUT_MS = 5_000;
const LEADER_ATTEMPTS = 10;
const LEADER_WAIT_MS = 300;

type Change = CommandRequest | VerificationRequest | ConsistencyRequest;

type Options = {
  readonly url: URL;
  readonly token: () => string | undefined;
  /** Ends what is under way. */
  readonly signal?: AbortSignal;
};

/** The controller's API. Every failure is a CliError that says what to do. */
export function createClient({ url, token, signal }: Options) {
  async function ask(path: string, authorization?: string, body?: Change): Promise<Answered> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await send({
        url: new URL(path, url),
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
    } catch (error) {
      throw unreachable(url, error, { timeoutMs: TIMEOUT_MS, isChange: body !== undefined });
    }
  }

  /** @param isAnswer what tells a controller's answer from another server's. */
  function read<T>(answered: Answered, isAnswer: (value: Partial<T>) => boolean): T {
    if (answered.status !== 200) {
      throw failureOf(url, answered);
    }
    const value = parseObject(answered.text) as Partial<T> | undefined;
    if (value === undefined || !isAnswer(value)) {
      throw notAController(url, answered);
    }
    return value as T;
  }

  /** Asks again while a controller answers that stands by: a Service sends each connection to any of them. */
  async function change(path: string, body: Change): Promise<CommandAnswer> {
    const secret = token();
    if (secret === undefined) {
      throw new CliError(EXIT.unauthorized, NO_TOKEN);
    }
    for (let attempt = 1; ; attempt += 1) {
      const answered = await ask(path, `Bearer ${secret}`, body);
      const standsBy = answered.status === 503 && parseObject(answered.text)?.type === 'urn:sluice:problem:not-leader';
      if (!standsBy || attempt === LEADER_ATTEMPTS) {
        return read<CommandAnswer>(answered, ({ done, status }) => typeof done === 'string' && status !== undefined);
      }
      await sleep(LEADER_WAIT_MS, undefined, signal && { signal });
    }
  }

  return {
    status: async (): Promise<StatusAnswer> =>
      read<StatusAnswer>(
        await ask('api/status'),
        ({ state, stages, controller }) => state !== undefined && Array.isArray(stages) && controller !== undefined,
      ),

    history: async (limit: number): Promise<HistoryAnswer> =>
      read<HistoryAnswer>(await ask(`api/history?limit=${limit}`), ({ events }) => Array.isArray(events)),

    /** The progress report as text. */
    report: async (language: 'en' | 'zh', format: 'md' | 'html'): Promise<string> => {
      const answered = await ask(`api/report?lang=${language}&format=${format}`);
      if (answered.status !== 200) {
        throw failureOf(url, answered);
      }
      return answered.text;
    },

    command: (command: CommandRequest): Promise<CommandAnswer> => change('api/commands', command),
    verified: (results: VerificationRequest): Promise<CommandAnswer> => change('api/verifications', results),
    consistencyChecked: (found: ConsistencyRequest): Promise<CommandAnswer> => change('api/consistency-checks', found),
  };
}

export type Client = ReturnType<typeof createClient>;

/** The object a JSON text says; undefined when it says none. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
