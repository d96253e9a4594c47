import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

type Asked = {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

export type Answered = { readonly status: number; readonly text: string };

/**
 * One request on a connection of its own: behind a Service, the next attempt may then reach another controller.
 * @throws what node:http throws, or the reason of `signal`.
 */
export function send({ url, method, headers = {}, body, signal }: Asked): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
    url,
    { method, headers, agent: false, signal },
    (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > LARGEST_ANSWER_BYTES) {
          request.destroy(new Error(`the answer has more than ${LARGEST_ANSWER_BYTES} bytes`));
        }
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
    },
  );
  request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
  request.end(body);
  return promise;
}
