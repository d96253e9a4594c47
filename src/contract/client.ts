import type { Static, TObject } from 'typebox';
import { type Got, requestOnce } from '../kit/http/client.ts';
import { systemClock } from '../kit/time.ts';
import { type ApiFailure, apiError } from './client-failure.ts';
import { NOT_LEADER, PROBLEM_TYPES } from './problems.ts';
import {
  CommandAnswer,
  type CommandRequest,
  type ConsistencyRequest,
  HistoryAnswer,
  StatusAnswer,
  type VerificationRequest,
} from './schemas.ts';

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 32 * 1024 * 1024;
const LEADER_ATTEMPTS = 10;
const LEADER_WAIT_MS = 300;
const HIDDEN = '•••';

type ChangeRequest = CommandRequest | VerificationRequest | ConsistencyRequest;

type ClientSettings = {
  /** The controller's address; its path, if it has one, ends with a slash. */
  readonly url: URL;
  /** Asked for with each change; undefined where there is none. */
  readonly token: () => string | undefined;
  readonly timeoutMs?: number;
  /** How often a change is sent while a controller answers that stands by. */
  readonly leaderAttempts?: number;
  /** Ends what is under way. */
  readonly signal?: AbortSignal | undefined;
  /** Puts a failure into the words of whoever asks. */
  readonly errorOf?: (failure: ApiFailure) => Error;
};

export type ApiClient = ReturnType<typeof createApiClient>;

/**
 * The controller's API. Each call has a connection of its own: a Service sends each to any of the controllers, and one that stands
 * by is asked no second time.
 * @throws what `errorOf` makes of a failure.
 */
export function createApiClient({
  url,
  token,
  timeoutMs = TIMEOUT_MS,
  leaderAttempts = LEADER_ATTEMPTS,
  signal = new AbortController().signal,
  errorOf = apiError,
}: ClientSettings) {
  async function ask(path: string, change?: { readonly body: ChangeRequest; readonly secret: string }): Promise<Got> {
    const got = await requestOnce(new URL(path, url), {
      ...(change && {
        method: 'POST',
        headers: { authorization: `Bearer ${change.secret}` },
        json: JSON.stringify(change.body),
      }),
      timeoutMs,
      mostBytes: MOST_BYTES,
      signal,
    });
    if (got.kind === 'failed') {
      throw errorOf({ kind: 'unreachable', url, failed: got, timeoutMs, isChange: change !== undefined });
    }
    // Whatever answers may repeat what it got.
    return change === undefined ? got : { ...got, body: got.body.replaceAll(change.secret, HIDDEN) };
  }

  /** @returns the body of an answer of this type. */
  function bodyOf({ status, headers, body }: Got, type: string): string {
    const received = String(headers['content-type'] ?? 'no type');
    if (status !== 200) {
      throw errorOf({ kind: 'refused', url, status, ...problemIn(body), body });
    }
    if (!received.startsWith(type)) {
      throw errorOf({ kind: 'foreign', url, wrong: `it answered with ${received}, not with ${type}`, body });
    }
    return body;
  }

  function read<T extends TObject>(got: Got, schema: T): Static<T> {
    const body = bodyOf(got, 'application/json');
    const value = parseObject(body);
    const missing = Object.keys(schema.properties).filter((key) => value?.[key] === undefined);
    if (value === undefined || missing.length > 0) {
      const wrong = value === undefined ? 'its answer is not a JSON object' : `its answer lacks ${missing.join(', ')}`;
      throw errorOf({ kind: 'foreign', url, wrong, body });
    }
    return value as Static<T>;
  }

  async function change(path: string, body: ChangeRequest): Promise<CommandAnswer> {
    const secret = token();
    if (secret === undefined) {
      throw errorOf({ kind: 'no-token', url });
    }
    for (let attempt = 1; ; attempt += 1) {
      const got = await ask(path, { body, secret });
      const standsBy = got.status === 503 && problemIn(got.body).type === PROBLEM_TYPES + NOT_LEADER;
      if (!standsBy || attempt >= leaderAttempts) {
        return read(got, CommandAnswer);
      }
      await systemClock.sleep(LEADER_WAIT_MS, signal);
    }
  }

  return {
    status: async () => read(await ask('api/status'), StatusAnswer),
    /** The newest first. */
    history: async (limit: number) => read(await ask(`api/history?limit=${limit}`), HistoryAnswer),
    /** The progress report as text. */
    report: async (language: 'en' | 'zh', format: 'md' | 'html') => {
      const got = await ask(`api/report?lang=${language}&format=${format}`);
      return bodyOf(got, format === 'md' ? 'text/markdown' : 'text/html');
    },
    command: (command: CommandRequest) => change('api/commands', command),
    verified: (results: VerificationRequest) => change('api/verifications', results),
    consistencyChecked: (found: ConsistencyRequest) => change('api/consistency-checks', found),
  };
}

/** What a failed answer says of itself (RFC 9457). */
function problemIn(body: string): { readonly type: string | undefined; readonly detail: string | undefined } {
  const { type, title, detail = title } = parseObject(body) ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { type: text(type), detail: text(detail) };
}

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
