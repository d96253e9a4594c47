import { type Agent, get as httpGet, type RequestOptions } from 'node:http';
import { get as httpsGet } from 'node:https';

/** Why nothing usable came. */
type Failure = 'unreachable' | 'timeout' | 'malformed';

export type Failed = { readonly kind: 'failed'; readonly why: Failure; readonly detail: string };
export type Got = { readonly kind: 'got'; readonly status: number; readonly body: string } | Failed;

type Options = {
  /** Of `node:https` where the URL is one of https. */
  readonly agent: Agent;
  readonly timeoutMs: number;
  readonly mostBytes: number;
  readonly signal: AbortSignal;
};

/** One GET, bounded in time and size. It never throws. */
export async function get(url: URL, options: Options): Promise<Got> {
  const startedAt = performance.now();
  const first = await attempt(url, options);
  // A server may close a kept connection just as it is used again; that says nothing of the server.
  return first === 'connection-was-closed'
    ? failedIfClosed(await attempt(url, { ...options, timeoutMs: options.timeoutMs - (performance.now() - startedAt) }))
    : first;
}

const failedIfClosed = (got: Got | 'connection-was-closed'): Got =>
  got === 'connection-was-closed' ? { kind: 'failed', why: 'unreachable', detail: 'ECONNRESET' } : got;

function attempt(url: URL, { agent, timeoutMs, mostBytes, signal }: Options): Promise<Got | 'connection-was-closed'> {
  return new Promise((resolve) => {
    const end = (got: Got | 'connection-was-closed') => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(got);
    };
    const fail = (why: Failure, detail: string) => {
      end({ kind: 'failed', why, detail });
      request?.destroy();
    };
    const abort = () => fail('timeout', 'the reading was ended');
    const timer = setTimeout(() => fail('timeout', `no answer within ${Math.round(timeoutMs)} ms`), timeoutMs);
    let request: ReturnType<typeof httpGet> | undefined;
    if (signal.aborted) {
      return abort();
    }
    signal.addEventListener('abort', abort);
    const send: (url: URL, options: RequestOptions) => ReturnType<typeof httpGet> =
      url.protocol === 'https:' ? httpsGet : httpGet;
    try {
      request = send(url, { agent });
    } catch (error) {
      return fail('unreachable', (error as Error).message);
    }
    let answered = false;
    const broken = (error: NodeJS.ErrnoException) =>
      request?.reusedSocket && !answered && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
        ? end('connection-was-closed')
        : fail('unreachable', error.code ?? error.message);
    request.on('error', broken);
    request.on('response', (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostBytes) {
          fail('malformed', `the answer has more than ${mostBytes} bytes`);
        } else {
          chunks.push(chunk);
        }
      });
      response.on('error', broken);
      response.on('end', () =>
        end({ kind: 'got', status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
  });
}
