import { unescape as decoded } from 'node:querystring';
import { Agent } from 'undici';
import { systemClock } from '../time.ts';
import { type Failed, isHungUp, TooLarge, whatFailed } from './failure.ts';

export type { Failed };

export type Got = {
  readonly kind: 'got';
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
};

export type Asked = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON text to send. */
  readonly json?: string | undefined;
  /** Where less is left than the client's own bound. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
};

export type Bounds = {
  /** From the request to the last byte of its answer. */
  readonly timeoutMs: number;
  /** Of the answer's body. */
  readonly mostBytes: number;
};

export type HttpClient = AsyncDisposable & {
  /** Follows no redirect, and never throws. */
  readonly request: (url: URL, asked?: Asked) => Promise<Got | Failed>;
  /** Ends what is under way, and closes every connection. */
  readonly close: () => Promise<void>;
};

/** Keeps its connections for the next request to the same server. Whoever opens it closes it. */
export function openHttp({ timeoutMs, mostBytes }: Bounds): HttpClient {
  const { agent, close } = openAgent(timeoutMs);
  return {
    request: async (url, asked = {}) => {
      const endsAtMs = systemClock.monotonic() + (asked.timeoutMs ?? timeoutMs);
      const ask = () => {
        const leftMs = Math.max(0, Math.round(endsAtMs - systemClock.monotonic()));
        return attempt(agent, url, { ...asked, mostBytes, timeoutMs: leftMs });
      };
      const first = await ask();
      // A server may close a kept connection just as it is used again; that says nothing of the server.
      return first.kind === 'failed' && isHungUp(first) && (asked.method ?? 'GET') === 'GET' ? ask() : first;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** On a connection of its own: behind a load balancer, the next request may then reach another server. It never throws. */
export async function requestOnce(url: URL, asked: Asked & Bounds): Promise<Got | Failed> {
  const { agent, close } = openAgent(asked.timeoutMs);
  try {
    return await attempt(agent, url, { ...asked, reset: true });
  } finally {
    await close();
  }
}

function openAgent(timeoutMs: number) {
  const closing = new AbortController();
  const agent = new Agent({
    // One timer for the whole of a request takes their place.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: { timeout: timeoutMs, signal: closing.signal },
  });
  const close = () => {
    closing.abort();
    return agent.destroy();
  };
  return { agent, close };
}

type Attempt = Asked & Bounds & { readonly reset?: boolean };

async function attempt(agent: Agent, url: URL, asked: Attempt): Promise<Got | Failed> {
  const { timeoutMs, signal } = asked;
  let progress: Failed['progress'] = 'not sent';
  const onProgress = (reached: Failed['progress']) => {
    progress = reached;
  };
  try {
    return await systemClock.within(timeoutMs, (ended) => exchange(agent, url, asked, ended, onProgress), signal);
  } catch (error) {
    const failure = signal?.aborted
      ? { why: 'timeout' as const, detail: 'the request was ended' }
      : whatFailed(error as Error);
    return { kind: 'failed', ...failure, progress };
  }
}

/** @param onProgress hears how far it got. */
function exchange(
  agent: Agent,
  url: URL,
  { method = 'GET', headers, json, mostBytes, reset = false }: Attempt,
  ended: AbortSignal,
  onProgress: (progress: Failed['progress']) => void,
): Promise<Got> {
  const sent = {
    ...credentialsOf(url),
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  };
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let head = { status: 0, headers: {} };
  agent.dispatch(
    { origin: url.origin, path: `${url.pathname}${url.search}`, method, headers: sent, body: json ?? null, reset },
    {
      onRequestStart: (request) => {
        onProgress('sent');
        const end = () => request.abort(ended.reason);
        ended.addEventListener('abort', end);
        if (ended.aborted) {
          end();
        }
      },
      onResponseStart: (_, status, headers) => {
        onProgress('answered');
        head = { status, headers };
      },
      onResponseData: (request, chunk) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > mostBytes) {
          request.abort(new TooLarge(`the answer has more than ${mostBytes} bytes`));
        }
      },
      onResponseEnd: () => resolve({ kind: 'got', ...head, body: Buffer.concat(chunks).toString('utf8') }),
      onResponseError: (_, error) => reject(error),
    },
  );
  return promise;
}

/** Those of a URL such as `http://user:password@host`. */
function credentialsOf({ username, password }: URL): { readonly authorization?: string } {
  const pair = `${decoded(username)}:${decoded(password)}`;
  return pair === ':' ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
