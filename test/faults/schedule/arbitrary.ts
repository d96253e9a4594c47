import fc from 'fast-check';
import { POINT_NAMES } from '../wire/points.ts';
import { kindOf } from './kinds.ts';
import { LIMITS, PERCENTS, type Schedule, STOP_MODES, type Step } from './schedule.ts';

/** What takes a second or more each, and how often a schedule may have it. */
const COSTLY: readonly { readonly kinds: readonly Step['kind'][]; readonly atMost: number }[] = [
  { kinds: ['database-restart'], atMost: 1 },
  { kinds: ['controller-kill'], atMost: 1 },
  { kinds: ['kill', 'rollout'], atMost: 2 },
];

const percent = fc.constantFrom(...PERCENTS);
const slot = fc.constantFrom(0 as const, 1 as const);
const forMs = fc.integer(LIMITS.forMs);
const delayMs = fc.integer(LIMITS.delayMs);
const downMs = fc.integer(LIMITS.downMs);
const atPoint = { forMs, point: fc.constantFrom(...POINT_NAMES), hits: fc.integer(LIMITS.hits) };

const step = <K extends Step['kind'], P extends object>(kind: K, properties: { [N in keyof P]: fc.Arbitrary<P[N]> }) =>
  fc.record({ kind: fc.constant(kind), atMs: fc.integer(LIMITS.atMs), ...properties }, { noNullPrototype: true });

const WEIGHTED: readonly { readonly weight: number; readonly arbitrary: fc.Arbitrary<unknown> }[] = [
  { weight: 8, arbitrary: step('cut', atPoint) },
  { weight: 7, arbitrary: step('delay', { ...atPoint, delayMs }) },
  { weight: 4, arbitrary: step('part', atPoint) },
  { weight: 2, arbitrary: step('kill', { slot, downMs }) },
  { weight: 2, arbitrary: step('rollout', { slot, lagMs: fc.integer(LIMITS.lagMs) }) },
  { weight: 2, arbitrary: step('cut-all', {}) },
  { weight: 1, arbitrary: step('database-restart', { mode: fc.constantFrom(...STOP_MODES), downMs }) },
  { weight: 1, arbitrary: step('flags-restart', { downMs }) },
  {
    weight: 3,
    arbitrary: step('flags-flap', {
      percents: fc.array(percent, { minLength: LIMITS.flaps.min, maxLength: LIMITS.flaps.max }),
      everyMs: fc.integer(LIMITS.everyMs),
    }),
  },
  { weight: 3, arbitrary: step('domain-errors', { forMs, slot, percent: fc.integer({ min: 10, max: 100 }) }) },
  { weight: 3, arbitrary: step('domain-hang', { forMs, slot }) },
  {
    weight: 3,
    arbitrary: step('clock-skew', {
      aheadMs: fc.integer(LIMITS.aheadMs),
      records: fc.integer(LIMITS.skewedRecords),
    }),
  },
  {
    weight: 2,
    arbitrary: step('pool-exhaustion', {
      forMs,
      delayMs: fc.integer({ min: 20, max: 120 }),
      burst: fc.integer(LIMITS.burst),
    }),
  },
  { weight: 1, arbitrary: step('controller-kill', {}) },
];

const anyStep = fc.oneof(...WEIGHTED) as fc.Arbitrary<Step>;

const steps = fc
  .oneof(
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant<Step[]>([]) },
    { weight: 15, arbitrary: fc.array(anyStep, { minLength: 1, maxLength: LIMITS.steps, size: 'max' }) },
  )
  .map(withoutExcess);

/** Schedules that shrink to fewer steps first, then to smaller ones; one in sixteen has no fault at all. */
export const schedules: fc.Arbitrary<Schedule> = fc.record(
  {
    seed: fc.noShrink(fc.integer({ min: 0, max: 0x7fff_ffff })),
    percent: fc.noShrink(percent),
    writers: fc.noShrink(fc.integer(LIMITS.writers)),
    hotRecords: fc.integer(LIMITS.hotRecords),
    spreadRecords: fc.noShrink(fc.integer(LIMITS.spreadRecords)),
    steps,
  },
  { noNullPrototype: true },
);

/** Schedules whose one or two faults are all of this kind. */
export function schedulesWith(kind: string): fc.Arbitrary<Schedule> {
  const wanted = anyStep.filter((candidate) => kindOf(candidate) === kind);
  return fc
    .tuple(schedules, fc.array(wanted, { minLength: 1, maxLength: 2 }))
    .map(([schedule, added]) => ({ ...schedule, steps: withoutExcess(added) }));
}

function withoutExcess(all: readonly Step[]): Step[] {
  return all.filter((candidate, at) => {
    const limit = COSTLY.find(({ kinds }) => kinds.includes(candidate.kind));
    const earlier = all.slice(0, at).filter(({ kind }) => limit?.kinds.includes(kind)).length;
    return limit === undefined || earlier < limit.atMost;
  });
}
