import { once } from 'node:events';
import { type Agent, request } from 'node:http';

export type Answer = {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects.
  readonly json: any;
};

export type RequestOptions = {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
};

type Sent = RequestOptions & { readonly method: string; readonly port: number; readonly path: string };

/** To a server on loopback. */
export async function send({ body, ...options }: Sent): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', ...options });
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
