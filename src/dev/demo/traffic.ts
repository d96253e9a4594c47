import { Agent, request } from 'node:http';
import type { Path } from '../../routing/path.ts';

/** One answer that a client got. Times in milliseconds since 1970. */
export type Answer = {
  readonly requestId: string;
  readonly replica: number;
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** Undefined where no whole answer came. */
  readonly status: number | undefined;
  readonly path: Path | undefined;
  readonly decision: string | undefined;
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

/** Clients that send at a steady rate, whatever the service does, to each replica in turn. */
export function startTraffic({ baseUrls, perSecond }: TrafficOptions): Traffic {
  const agent = new Agent({ keepAlive: true });
  const answers: Answer[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let sent = 0;

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
    for (; sent < due; sent += 1) {
      const answered = send(sent).then((answer) => {
        answers.push(answer);
        underWay.delete(answered);
      });
      underWay.add(answered);
    }
  }, 2);

  function send(turn: number): Promise<Answer> {
    const replica = turn % baseUrls.length;
    // Primes to both numbers: every replica meets every violation, in no order that a bucket could follow.
    const id = 1 + ((turn * 387) % VIOLATIONS);
    const status = STATUSES[(turn * 7 + Math.floor(turn / VIOLATIONS)) % STATUSES.length];
    const url = `${baseUrls[replica]}/api/v1/records/violations/${id}/status?status=${status}&handled_by=demo`;
    const requestId = `demo-${startedAt.toString(36)}-${turn}`;
    const sentAtMs = Date.now();
    return new Promise((resolve) => {
      const answer = (told: Partial<Pick<Answer, 'status' | 'path' | 'decision'>>) =>
        resolve({
          requestId,
          replica,
          sentAtMs,
          answeredAtMs: Date.now(),
          status: undefined,
          path: undefined,
          decision: undefined,
          ...told,
        });
      const asked = request(url, { method: 'PUT', agent, headers: { 'X-Request-Id': requestId } }, (response) => {
        response.resume();
        response.on('error', () => answer({}));
        response.on('end', () =>
          answer({
            status: response.statusCode,
            path: response.headers['rollout-path'] as Path | undefined,
            decision: response.headers['rollout-decision'] as string | undefined,
          }),
        );
      });
      asked.setTimeout(ANSWER_WITHIN_MS, () => asked.destroy(new Error('no answer in time')));
      asked.on('error', () => answer({}));
      asked.end();
    });
  }

  return {
    answers,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

/** Whether the domain path was tried: it answered, or failed so that legacy had to. */
export const triedDomain = ({ path, decision }: Answer): boolean => path === 'domain' || decision === 'fallback';
