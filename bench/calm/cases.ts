import { shareAbove } from './latency.ts';
import type { CalmOptions } from './options.ts';

/** The plan's `confidence: 99.9%`, shared by the two guards that are tested. */
export const CONFIDENCE = 0.999;
export const ALPHA = (1 - CONFIDENCE) / 2;
export const TICK_MS = 1_000;
/** A change that is not found in this time counts as not found. */
const PATIENCE_HOURS = 12;

const P95_LIMIT_MS = 200;
const RATES_PER_SECOND = [1, 25, 500];
const TIMES_THE_LIMIT = [1.5, 2, 5, 20];

/** One truth about a path: the share of trials that are bad for this guard. */
type Truth = { readonly label: string; readonly share: number };

/** What a P95 comes to in the trials that are counted. */
const over = (p95Ms: number) => ` (${+(shareAbove(P95_LIMIT_MS, p95Ms) * 100).toPrecision(3)} % over)`;

const GUARDS = [
  {
    guard: 'errors ≤ 1 %',
    limitShare: 0.01,
    healthy: [0.005, 0.008, 0.0095].map((share) => ({ label: `${+(share * 100).toFixed(2)} % errors`, share })),
    decayed: TIMES_THE_LIMIT.map((times) => ({ label: `${times}× = ${times} % errors`, share: 0.01 * times })),
  },
  {
    guard: 'P95 ≤ 200 ms',
    limitShare: 0.05,
    healthy: [150, 190].map((ms) => ({ label: `P95 = ${ms} ms${over(ms)}`, share: shareAbove(P95_LIMIT_MS, ms) })),
    decayed: TIMES_THE_LIMIT.map((times) => ({
      label: `${times}× = ${P95_LIMIT_MS * times} ms${over(P95_LIMIT_MS * times)}`,
      share: shareAbove(P95_LIMIT_MS, P95_LIMIT_MS * times),
    })),
  },
] as const satisfies readonly { guard: string; limitShare: number; healthy: Truth[]; decayed: Truth[] }[];

/** First `good` for `goodTicks`, then each of `thens` in its own future, for `thenTicks` or until all have seen it. */
export type Case = {
  readonly kind: 'healthy' | 'early' | 'late';
  readonly guard: string;
  readonly limitShare: number;
  readonly perSecond: number;
  readonly good: Truth;
  readonly goodTicks: number;
  readonly thens: readonly Truth[];
  readonly thenTicks: number;
};

export function listCases({ healthyHours, goodHours }: CalmOptions): Case[] {
  const patience = { thenTicks: ticks(PATIENCE_HOURS) };
  return GUARDS.flatMap(({ guard, limitShare, healthy, decayed }) =>
    RATES_PER_SECOND.flatMap((perSecond): Case[] => {
      const given = { guard, limitShare, perSecond, good: healthy[0] as Truth };
      return [
        ...healthy.map((good) => ({
          ...given,
          ...{ kind: 'healthy' as const, good, goodTicks: ticks(healthyHours), thens: [], thenTicks: 0 },
        })),
        { ...given, ...patience, kind: 'early', goodTicks: 0, thens: decayed },
        { ...given, ...patience, kind: 'late', goodTicks: ticks(goodHours), thens: decayed },
      ];
    }),
  );
}

const ticks = (hours: number) => Math.round((hours * 3_600_000) / TICK_MS);
