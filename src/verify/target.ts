import { type Asked, requestOnce } from '../kit/http/client.ts';

/** One HTTP answer of the service, with its body as the text that was received. */
export type Answer = {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
};

/** Target is the live service. Its calls throw when there is no answer in time. */
export type Target = {
  /** @param query what follows the question mark. */
  readonly update: (id: string, query: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
  readonly read: (id: string) => Promise<Answer>;
  /** Makes the domain path of this replica fail, or ends that. @returns false where faults are not allowed. */
  readonly breakDomain: ((isBroken: boolean) => Promise<boolean>) | undefined;
};

const ANSWER_WITHIN_MS = 5_000;
const MOST_BYTES = 1024 * 1024;
/**
 * @param admin the replica's admin port, for the check of the fallback; undefined leaves it out.
 * @param stop ends every request but the one that ends a fault: that one must arrive.
 */
export function createHttpTarget(base: URL, admin: URL | undefined, stop: AbortSignal): Target {
  const ask = async (url: URL, asked: Asked): Promise<Answer> => {
    const got = await requestOnce(url, { timeoutMs: ANSWER_WITHIN_MS, mostBytes: MOST_BYTES, signal: stop, ...asked });
    if (got.kind === 'failed') {
      throw new Error(got.detail);
    }
    const { status, headers, body: text } = got;
    return { status, header: (name) => headers[name]?.toString() ?? null, text };
  };
  const record = (id: string) => `api/v1/records/violations/${id}`;
  return {
    update: (id, query, headers = {}) =>
      ask(new URL(`${record(id)}/status?${query}`, base), { method: 'PUT', headers }),
    read: (id) => ask(new URL(record(id), base), {}),
    breakDomain:
      admin &&
      (async (isBroken) => {
        const { status } = await ask(
          new URL('faults', admin),
          isBroken
            ? { method: 'PUT', json: JSON.stringify({ domain: { errorPercent: 100 } }) }
            : { method: 'DELETE', signal: undefined },
        );
        return status < 300;
      }),
  };
}
