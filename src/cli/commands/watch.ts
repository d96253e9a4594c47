import type { ApiClient } from '../../contract/client.ts';
import type { StatusAnswer } from '../../contract/schemas.ts';
import type { Clock } from '../../kit/time.ts';
import { CliError } from '../exit-codes.ts';

/** What is known at one look. While the controller is away, it is what it last said; since when, says the monotonic clock. */
export type Look = {
  readonly status: StatusAnswer;
  readonly outage?: { readonly sinceMs: number; readonly why: string };
};

/** Knows how to show one look after the other. */
export type Frames = { readonly show: (look: Look) => void };

type WatchSettings = {
  readonly client: Pick<ApiClient, 'status'>;
  readonly frames: Frames;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
};

/** Looks again and again until `signal`. @throws what the first look throws; later ones are outages. */
export async function watchStatus({ client, frames, intervalMs, signal, clock }: WatchSettings): Promise<void> {
  let look: Look | undefined;
  while (!signal.aborted) {
    try {
      look = { status: await client.status() };
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (look === undefined || !(error instanceof CliError)) {
        throw error;
      }
      look = {
        status: look.status,
        outage: { sinceMs: look.outage?.sinceMs ?? clock.monotonic(), why: error.message },
      };
    }
    frames.show(look);
    await clock.sleep(intervalMs, signal);
  }
}
