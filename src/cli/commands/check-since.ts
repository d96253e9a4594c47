import { InvalidArgumentError } from 'commander';
import type { ApiClient } from '../../contract/client.ts';
import { formatDuration } from '../../contract/wording/format.ts';
import { entersStage } from '../../rollout/event.ts';
import { parseDurationMs } from '../../rollout/units.ts';
import { CliError, EXIT } from '../exit-codes.ts';

/** From when on changes are looked at; a stage has to be asked for. */
export type Since =
  | { readonly kind: 'time'; readonly at: string }
  | { readonly kind: 'stage' }
  | { readonly kind: 'percent'; readonly percent: number };

const ALLOWED =
  "Allowed: stage, a stage's percent such as 25%, a time such as 2026-03-01T12:00:00Z, or a duration such as 2h.";
const TIME = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const PERCENT = /^(\d{1,3}) ?%$/;
/** The most the controller returns. */
const MOST_EVENTS = 1_000;

/** @throws InvalidArgumentError saying what is allowed. */
export function readSince(text: string, nowMs: number): Since {
  if (text === 'stage') {
    return { kind: 'stage' };
  }
  const percent = Number(PERCENT.exec(text)?.[1]);
  if (percent >= 1 && percent <= 100) {
    return { kind: 'percent', percent };
  }
  const durationMs = parseDurationMs(text);
  const ms = durationMs === undefined ? timeOf(text) : nowMs - durationMs;
  // PostgreSQL and JSON write years of four digits alike.
  if (ms === undefined || !(ms >= 0)) {
    throw new InvalidArgumentError(ALLOWED);
  }
  if (ms > nowMs) {
    throw new InvalidArgumentError(
      `It is ${formatDuration(ms - nowMs, 'en')} from now: nothing has changed since. ${ALLOWED}`,
    );
  }
  return { kind: 'time', at: new Date(ms).toISOString() };
}

function timeOf(text: string): number | undefined {
  const day = TIME.exec(text)?.[1] ?? '';
  const dayMs = Date.parse(day);
  // 30 February is read as a day of March.
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(day);
  const ms = isDay ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** @throws CliError where the controller does not say when that was. */
export async function timeOfSince(since: Since, client: Pick<ApiClient, 'status' | 'history'>): Promise<string> {
  switch (since.kind) {
    case 'time':
      return since.at;
    case 'stage': {
      const { state } = await client.status();
      if (state.since === null || state.percent === 0) {
        throw new CliError(
          EXIT.usage,
          `--since is stage, and no stage is served now (${state.phrase}). Name the percent of one, such as 25%, a time or a duration.`,
        );
      }
      return state.since;
    }
    case 'percent': {
      const { percent } = since;
      const { events } = await client.history(MOST_EVENTS);
      const entered = events.find(({ kind, from, to }) => to === percent && from !== percent && entersStage(kind));
      if (entered === undefined) {
        throw new CliError(
          EXIT.usage,
          `--since is ${percent}%, and none of the last ${events.length} events of the rollout enters ${percent} %. sluice history shows them; a time or a duration is allowed as well.`,
        );
      }
      return entered.at;
    }
  }
}
