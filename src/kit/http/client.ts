import { unescape as decoded } from 'node:querystring';
import { Agent, type Dispatcher } from 'undici';
import { type Failed, isHungUp, whatFailed } from './failure.ts';

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
      const endsAtMs = performance.now() + (asked.timeoutMs ?? timeoutMs);
      const ask = () =>
        attempt(agent, url, { ...asked, mostBytes, timeoutMs: Math.max(0, endsAtMs - performance.now()) });
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

function attempt(agent: Agent, url: URL, asked: Attempt): Promise<Got | Failed> {
  const { method = 'GET', headers, json, timeoutMs, mostBytes, signal, reset = false } = asked;
  return new Promise((resolve) => {
    let request: Dispatcher.DispatchController | undefined;
    let isOver = false;
    let head: Pick<Got, 'status' | 'headers'> | undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (answer: Got | Failed) => {
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(answer);
    };
    const fail = ({ why, detail }: Pick<Failed, 'why' | 'detail'>) => {
      const progress = head === undefined ? (request === undefined ? 'not sent' : 'sent') : 'answered';
      end({ kind: 'failed', why, detail, progress });
      request?.abort(new Error(detail));
    };
    const abort = () => fail({ why: 'timeout', detail: 'the request was ended' });
    const tooLate = () => fail({ why: 'timeout', detail: `no answer within ${Math.round(timeoutMs)} ms` });
    const timer = setTimeout(tooLate, timeoutMs);
    if (signal?.aborted) {
      return abort();
    }
    signal?.addEventListener('abort', abort);
    const { origin, pathname, search } = url;
    const sent = {
      ...credentialsOf(url),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    agent.dispatch(
      { origin, path: `${pathname}${search}`, method, headers: sent, body: json ?? null, reset },
      {
        onRequestStart: (started) => {
          request = started;
          if (isOver) {
            started.abort(new Error('nobody waits for it'));
          }
        },
        onResponseStart: (_, status, headers) => {
          head = { status, headers };
        },
        onResponseData: (_, chunk) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes > mostBytes) {
            fail({ why: 'malformed', detail: `the answer has more than ${mostBytes} bytes` });
          }
        },
        onResponseEnd: () =>
          end({ kind: 'got', status: 0, headers: {}, ...head, body: Buffer.concat(chunks).toString('utf8') }),
        onResponseError: (_, error) => fail(whatFailed(error)),
      },
    );
  });
}

/** Those of a URL such as `http://user:password@host`. */
function credentialsOf({ username, password }: URL): { readonly authorization?: string } {
  const pair = `${decoded(username)}:${decoded(password)}`;
  return pair === ':' ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
