import pg from 'pg';
import type { EventAnswer } from '../../contract/schemas.ts';
import { formatCount, formatDuration, formatSeconds } from '../../contract/wording/format.ts';
import { entersStage } from '../../rollout/event.ts';
import type { Breach } from './breach.ts';
import { type Answer, hasFailed, triedDomain } from './traffic.ts';

export type Promised = {
  readonly text: string;
  readonly holds: boolean;
  readonly found: string;
  /** Where it does not hold. */
  readonly why?: string;
};

const OFF_WITHIN_MS = 5_000;
const MOST_NAMED = 3;

/** What a breach must have come to. */
export function breachPromises(round: number, breach: Breach, answers: readonly Answer[]): readonly Promised[] {
  const { faultAtMs, confirmedAtMs, clients } = breach;
  const late = answers.filter((answer) => answer.sentAtMs > confirmedAtMs && triedDomain(answer));
  const failed = answers.filter((answer) => answer.sentAtMs >= faultAtMs && hasFailed(answer));
  const tookMs = confirmedAtMs - faultAtMs;
  return [
    promise(`round ${round}: every replica serves 0 % within ${formatDuration(OFF_WITHIN_MS, 'en')} of the fault`, {
      holds: tookMs <= OFF_WITHIN_MS,
      found: formatSeconds(tookMs / 1_000),
      why: () => whyLate(breach),
    }),
    promise(`round ${round}: no request goes down the domain path after that`, {
      holds: late.length === 0,
      found: `${formatCount(late.length)} did`,
      why: () =>
        named(late, ({ requestId, replica, sentAtMs }) => {
          const after = formatSeconds((sentAtMs - confirmedAtMs) / 1_000);
          return `${requestId} by replica ${replica + 1}, sent ${after} after the last one was seen at 0 %`;
        }),
    }),
    promise(`round ${round}: no client sees an error`, {
      holds: clients.failed === 0,
      found: `${formatCount(clients.failed)} of ${formatCount(clients.requests)}`,
      why: () =>
        named(failed, ({ requestId, replica, sentAtMs, status, failure }) => {
          const after = formatSeconds((sentAtMs - faultAtMs) / 1_000);
          return `${requestId} to replica ${replica + 1}, sent ${after} after the fault: ${failure ?? `answered ${status}`}`;
        }),
    }),
  ];
}

function whyLate({ faultAtMs, seenAtMs, writtenAtMs, confirmedAtMs }: Breach): string {
  const steps: readonly [string, number][] = [
    ['to see the breach', seenAtMs - faultAtMs],
    ['to write the flag', writtenAtMs - seenAtMs],
    ['until every replica served it', confirmedAtMs - writtenAtMs],
  ];
  return steps.map(([what, ms]) => `${formatSeconds(Math.max(0, ms) / 1_000)} ${what}`).join(', ');
}

/** The percent went up by the plan's stages, one after the other, and down to 0 each time; nobody else changed it. */
export function climbPromise(history: readonly EventAnswer[], stages: readonly number[]): Promised {
  const events = history.toReversed().filter(({ kind }) => entersStage(kind));
  const round = [...stages, 0];
  const wrong = events.find(({ kind, to }, at) => kind === 'adopted' || to !== round[at % round.length]);
  return promise('nothing but the stages of the plan was served', {
    holds: events.length > 0 && wrong === undefined,
    found: events.map(({ to }) => to).join(' → '),
    why: () => wrong?.text ?? 'the journal records no change',
  });
}

/** @throws while the database is away. */
export async function writesPromise(databaseUrl: string, answers: readonly Answer[]): Promise<Promised> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ request_id: string; writes: string }>(
      'SELECT request_id, count(*) AS writes FROM violation_status_history GROUP BY request_id',
    );
    const writes = new Map(rows.map((row) => [row.request_id, Number(row.writes)]));
    const done = answers.filter((answer) => !hasFailed(answer));
    const wrong = done.filter(({ requestId }) => writes.get(requestId) !== 1);
    return promise('every write that was answered is in the history once', {
      holds: wrong.length === 0,
      found: `${formatCount(done.length - wrong.length)} of ${formatCount(done.length)}`,
      why: () =>
        named(wrong, ({ requestId, replica, path }) => {
          return `${requestId} by replica ${replica + 1}, ${path}: ${formatCount(writes.get(requestId) ?? 0)} times`;
        }),
    });
  } finally {
    await client.end();
  }
}

type Outcome = { readonly holds: boolean; readonly found: string; readonly why: () => string };

const promise = (text: string, { holds, found, why }: Outcome): Promised => ({
  text,
  holds,
  found,
  ...(!holds && { why: why() }),
});

/** The first few of them. */
function named(answers: readonly Answer[], describe: (answer: Answer) => string): string {
  const more = answers.length - MOST_NAMED;
  return [...answers.slice(0, MOST_NAMED).map(describe), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].join(
    '; ',
  );
}
