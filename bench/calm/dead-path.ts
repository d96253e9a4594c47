import { type Case, TICK_MS } from './cases.ts';
import { beginJudging, hasBreached, type Judged, judge } from './judge.ts';
import { poissonSampler, seededBits } from './random.ts';

const RUNS = 20;
const GIVE_UP = 1_000;
/** How many failures in a row may go by, at the beginning and after the good hours. The latency limit asks more late. */
const PROMISED = { early: { 0.01: 4, 0.05: 5 }, late: { 0.01: 6 } } as const;

export type DeadPath = {
  readonly guard: string;
  readonly perSecond: number;
  readonly when: 'early' | 'late';
  /** The most failures in a row that any run needed. */
  readonly failures: number;
  readonly promised: number | undefined;
};

/** A path of which every request fails from one moment on, looked at after each of them. */
export function measureDeadPath({ guard, limitShare, perSecond, kind, good, goodTicks }: Case, seed: number): DeadPath {
  const drawBad = poissonSampler((perSecond * good.share * TICK_MS) / 1_000);
  const drawGood = poissonSampler((perSecond * (1 - good.share) * TICK_MS) / 1_000);
  const counts = Array.from({ length: RUNS }, (_, run) => {
    const bits = seededBits(seed, run);
    let judged = beginJudging(limitShare);
    for (let tick = 1; tick <= goodTicks; tick++) {
      const bad = drawBad(bits);
      judged = judge(judged, bad + drawGood(bits), bad, tick * TICK_MS);
    }
    return failuresUntilBreach(judged, (goodTicks + 1) * TICK_MS);
  });
  const when = kind === 'early' ? 'early' : 'late';
  const promised = (PROMISED[when] as Readonly<Record<number, number>>)[limitShare];
  return { guard, perSecond, when, failures: Math.max(...counts), promised };
}

function failuresUntilBreach(begun: Judged, nowMs: number): number {
  let judged = begun;
  let failures = 0;
  for (; !hasBreached(judged) && failures < GIVE_UP; failures++) {
    judged = judge(judged, 1, 1, nowMs);
  }
  return failures;
}
