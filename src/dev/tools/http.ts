import { type Asked, requestOnce } from '../../kit/http/client.ts';

const BOUNDS = { timeoutMs: 10_000, mostBytes: 32 * 1024 * 1024 };

/**
 * Asks what runs on this machine.
 * @returns the body of an answer with 200.
 * @throws where another one was sent, or none, with what it was.
 */
export async function bodyOf(url: string, asked: Asked = {}): Promise<string> {
  const got = await requestOnce(new URL(url), { ...BOUNDS, ...asked });
  if (got.kind === 'got' && got.status === 200) {
    return got.body;
  }
  const outcome = got.kind === 'got' ? `was answered ${got.status}: ${got.body}` : `had no answer: ${got.detail}`;
  throw new Error(`${asked.method ?? 'GET'} ${url} ${outcome}`);
}
