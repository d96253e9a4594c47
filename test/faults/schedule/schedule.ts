import Type, { type Static, type TSchema } from 'typebox';
import { compile } from '../../../src/kit/schema.ts';
import { inWords } from '../../../src/kit/schema-errors.ts';
import { POINT_NAMES } from '../wire/points.ts';

/** A schedule's own limits. Everything is in milliseconds from its beginning; the writers begin at 0. */
export const LIMITS = {
  steps: 6,
  writers: { min: 8, max: 12 },
  hotRecords: { min: 1, max: 3 },
  spreadRecords: { min: 10, max: 60 },
  atMs: { min: 20, max: 400 },
  forMs: { min: 30, max: 250 },
  /** Some of it beyond DOMAIN_TIMEOUT_MS, and all of it well below the time that legacy may take. */
  delayMs: { min: 5, max: 400 },
  hits: { min: 1, max: 8 },
  downMs: { min: 0, max: 120 },
  /** How long clients come to a replica that was asked to stop: less than the second in which it serves as before. */
  lagMs: { min: 0, max: 300 },
  everyMs: { min: 10, max: 80 },
  flaps: { min: 1, max: 6 },
  burst: { min: 10, max: 40 },
  aheadMs: { min: 1_000, max: 86_400_000 },
  skewedRecords: { min: 1, max: 4 },
} as const;

export const PERCENTS = [0, 50, 100] as const;
export const STOP_MODES = ['fast', 'immediate'] as const;

const whole = ({ min, max }: { readonly min: number; readonly max: number }) =>
  Type.Integer({ minimum: min, maximum: max });
const oneOf = <const T extends readonly (string | number)[]>(values: T) =>
  Type.Unsafe<T[number]>(Type.Enum([...values]));
const step = <const K extends string, P extends Record<string, TSchema>>(kind: K, properties: P) =>
  Type.Object({ kind: Type.Literal(kind), atMs: whole(LIMITS.atMs), ...properties }, { additionalProperties: false });

const Slot = oneOf([0, 1] as const);
const ForMs = whole(LIMITS.forMs);
const DelayMs = whole(LIMITS.delayMs);
const DownMs = whole(LIMITS.downMs);
const Percent = oneOf(PERCENTS);
const atPoint = {
  forMs: ForMs,
  point: oneOf(POINT_NAMES),
  /** How many connections it happens to, at most. */
  hits: whole(LIMITS.hits),
};

export const Step = Type.Union([
  step('kill', { slot: Slot, downMs: DownMs }),
  step('rollout', { slot: Slot, lagMs: whole(LIMITS.lagMs) }),
  step('cut', atPoint),
  step('part', atPoint),
  step('delay', { ...atPoint, delayMs: DelayMs }),
  step('cut-all', {}),
  step('database-restart', { mode: oneOf(STOP_MODES), downMs: DownMs }),
  step('flags-restart', { downMs: DownMs }),
  step('flags-flap', {
    percents: Type.Array(Percent, { minItems: LIMITS.flaps.min, maxItems: LIMITS.flaps.max }),
    everyMs: whole(LIMITS.everyMs),
  }),
  step('domain-errors', { forMs: ForMs, slot: Slot, percent: Type.Integer({ minimum: 10, maximum: 100 }) }),
  step('domain-hang', { forMs: ForMs, slot: Slot }),
  step('clock-skew', { aheadMs: whole(LIMITS.aheadMs), records: whole(LIMITS.skewedRecords) }),
  step('pool-exhaustion', { forMs: ForMs, delayMs: whole({ min: 20, max: 120 }), burst: whole(LIMITS.burst) }),
  step('controller-kill', {}),
]);
export type Step = Readonly<Static<typeof Step>>;
export type StepOf<K extends Step['kind']> = Extract<Step, { readonly kind: K }>;

export const Schedule = Type.Object(
  {
    /** Of what the writers choose. */
    seed: Type.Integer({ minimum: 0, maximum: 0x7fff_ffff }),
    percent: Percent,
    writers: whole(LIMITS.writers),
    hotRecords: whole(LIMITS.hotRecords),
    spreadRecords: whole(LIMITS.spreadRecords),
    steps: Type.Array(Step, { maxItems: LIMITS.steps }),
  },
  { additionalProperties: false },
);
export type Schedule = Readonly<Static<typeof Schedule>>;

const check = compile(Schedule);

/** Takes a schedule, or what a failure printed: `{"seed": …, "schedule": {…}}`. @returns why it is none, otherwise. */
export function readSchedule(text: string): Schedule | { readonly wrong: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { wrong: (error as Error).message };
  }
  const candidate = typeof parsed === 'object' && parsed !== null && 'schedule' in parsed ? parsed.schedule : parsed;
  const checked = check(candidate);
  return checked.ok ? checked.value : { wrong: inWords(checked.wrong[0], 'it') };
}
