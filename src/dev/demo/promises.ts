import pg from 'pg';
import type { EventAnswer } from '../../contract/schemas.ts';
import { formatCount, formatDuration } from '../../contract/wording/format.ts';
import { entersStage } from '../../rollout/event.ts';
import type { Breach } from './breach.ts';
import { type Answer, triedDomain } from './traffic.ts';

export type Promised = { readonly text: string; readonly holds: boolean; readonly found: string };

const OFF_WITHIN_MS = 5_000;

/** What a breach must have come to. */
export function breachPromises(round: number, breach: Breach, answers: readonly Answer[]): readonly Promised[] {
  const { faultAtMs, confirmedAtMs, clients } = breach;
  const late = answers.filter((answer) => answer.sentAtMs > confirmedAtMs && triedDomain(answer)).length;
  const tookMs = confirmedAtMs - faultAtMs;
  return [
    {
      text: `round ${round}: every replica serves 0 % within ${formatDuration(OFF_WITHIN_MS, 'en')} of the fault`,
      holds: tookMs <= OFF_WITHIN_MS,
      found: formatDuration(tookMs, 'en'),
    },
    {
      text: `round ${round}: no request goes down the domain path after that`,
      holds: late === 0,
      found: `${formatCount(late)} did`,
    },
    {
      text: `round ${round}: no client sees an error`,
      holds: clients.failed === 0,
      found: `${formatCount(clients.failed)} of ${formatCount(clients.requests)}`,
    },
  ];
}

/** The percent went up by the plan's stages, one after the other, and down to 0 each time. */
export function climbPromise(history: readonly EventAnswer[], stages: readonly number[]): Promised {
  const percents = history
    .toReversed()
    .filter(({ kind }) => entersStage(kind))
    .map(({ to }) => to);
  const round = [...stages, 0];
  return {
    text: 'nothing but the stages of the plan was served',
    holds: percents.length > 0 && percents.every((percent, at) => percent === round[at % round.length]),
    found: percents.join(' → '),
  };
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
    const done = answers.filter(({ status }) => status === 200);
    const once = done.filter(({ requestId }) => writes.get(requestId) === 1).length;
    return {
      text: 'every write that was answered is in the history once',
      holds: once === done.length,
      found: `${formatCount(once)} of ${formatCount(done.length)}`,
    };
  } finally {
    await client.end();
  }
}
