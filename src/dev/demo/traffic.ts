import { openHttp } from '../../kit/http/client.ts';
import type { Path } from '../../routing/path.ts';

/** One answer that a client got. Times in milliseconds since 1970. */
export type Answer = {
  readonly requestId: string;
  readonly replica: number;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** Undefined where there was no whole answer. */
  readonly status: number | undefined;
  readonly path: Path | undefined;
  readonly decision: string | undefined;
  /** Why there is no whole answer. */
  readonly failure?: string;
};

export type Traffic = {
  readonly answers: readonly Answer[];
  /** Sends no more, and waits for the answers that are missing. */
  readonly stop: () => Promise<void>;
};

type TrafficOptions = {
  readonly baseUrls: readonly string[];
  readonly perSecond: number;
};

const STATUSES = ['confirmed', 'false_positive', 'resolved', 'pending'];
const VIOLATIONS = 1_000;
const ANSWER_WITHIN_MS = 10_000;
const MOST_BYTES = 64 * 1024;
/** Whoever was kept from sending for longer than this does not make up for it all at once: no clients do that. */
const CATCH_UP_MS = 100;

/** Clients that send at a steady rate, whatever the service does, to each replica in turn. */
export function startTraffic({ baseUrls, perSecond }: TrafficOptions): Traffic {
  const http = openHttp({ timeoutMs: ANSWER_WITHIN_MS, mostBytes: MOST_BYTES });
  const answers: Answer[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;
  let dueAt = startedAt;

  const timer = setInterval(() => {
    dueAt = Math.max(dueAt, performance.now() - CATCH_UP_MS);
    for (; dueAt <= performance.now(); dueAt += 1_000 / perSecond) {
      const answered = send(sent).then((answer) => {
        answers.push(answer);
        underWay.delete(answered);
      });
      underWay.add(answered);
      sent += 1;
    }
  }, 2);

  async function send(turn: number): Promise<Answer> {
    const replica = turn % baseUrls.length;
    // Primes to both numbers: every replica meets every violation, in no order that a bucket could follow.
    const id = 1 + ((turn * 387) % VIOLATIONS);
    const status = STATUSES[(turn * 7 + Math.floor(turn / VIOLATIONS)) % STATUSES.length];
    const url = `${baseUrls[replica]}/api/v1/records/violations/${id}/status?status=${status}&handled_by=demo`;
    const requestId = `demo-${startedAt.toString(36)}-${turn}`;
    const sentAtMs = Date.now();
    const got = await http.request(new URL(url), { method: 'PUT', headers: { 'X-Request-Id': requestId } });
    return {
      requestId,
      replica,
      sentAtMs,
      answeredAtMs: Date.now(),
      ...(got.kind === 'got'
        ? {
            status: got.status,
            path: got.headers['rollout-path'] as Path | undefined,
            decision: got.headers['rollout-decision'] as string | undefined,
          }
        : { status: undefined, path: undefined, decision: undefined, failure: got.detail }),
    };
  }

  return {
    answers,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      await http.close();
    },
  };
}

/** Whether the domain path was tried: it answered, or failed so that legacy had to. */
export const triedDomain = ({ path, decision }: Answer): boolean => path === 'domain' || decision === 'fallback';

export const hasFailed = ({ status }: Answer): boolean => status !== 200;
