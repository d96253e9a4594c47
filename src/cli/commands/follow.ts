import type { ApiClient } from '../../contract/client.ts';
import type { Clock } from '../../kit/time.ts';
import { CliError } from '../exit-codes.ts';
import { keyOf, renderEvent } from '../render/history.ts';
import type { Output } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';

type FollowSettings = {
  readonly client: Pick<ApiClient, 'history'>;
  readonly output: Output;
  readonly json: boolean;
  readonly limit: number;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'sleep'>;
};

/** So many may happen between two looks without one being missed. */
const LOOKED_AT = 200;

/** Prints each event once, the oldest first, until `signal`. An outage is reported once, and waited for. */
export async function followHistory(options: FollowSettings): Promise<void> {
  const { client, output, json, limit, intervalMs, signal, clock } = options;
  let seen: Set<string> | undefined;
  let isAway = false;
  while (!signal.aborted) {
    try {
      const { events } = await client.history(seen === undefined ? limit : Math.max(limit, LOOKED_AT));
      const columns = output.isTerminal ? output.size().columns : Number.POSITIVE_INFINITY;
      for (const event of events.toReversed().filter((each) => !seen?.has(keyOf(each)))) {
        output.out(
          json ? `${JSON.stringify(event)}\n` : `${renderEvent(printable(event), { paint: output.paint, columns })}\n`,
        );
      }
      seen = new Set([...(seen ?? []), ...events.map(keyOf)].slice(-10 * Math.max(limit, LOOKED_AT)));
      if (isAway) {
        output.err('The controller is back.\n');
      }
      isAway = false;
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (seen === undefined || !(error instanceof CliError)) {
        throw error;
      }
      if (!isAway) {
        output.err(`${error.message} Waiting for it.\n`);
      }
      isAway = true;
    }
    await clock.sleep(intervalMs, signal);
  }
}
