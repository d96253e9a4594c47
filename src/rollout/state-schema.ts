import Type, { type Static } from 'typebox';

/** What the journal keeps of a rollout's state, as JSON Schema: it types the state, and says which rows are believed. */

export const PercentNumber = Type.Integer({ minimum: 0, maximum: 100 });
export const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A schema's values are made by JSON.parse and by us; nobody changes them afterwards. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Why something was done: who or what asked for it, with what was known. */
export const Reason = Type.Union([
  Type.Object({
    kind: Type.Literal('guard'),
    guard: Type.String(),
    source: Type.String(),
    /** Missing or null where it is no number. */
    value: Type.Optional(orNull(Type.Number())),
    limit: Type.Number(),
    limitText: Type.String(),
    samples: Type.Number(),
    detail: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('alert'), alert: Type.String(), id: Type.String() }),
  Type.Object({ kind: Type.Literal('command'), actor: Type.String(), reason: Type.String() }),
  Type.Object({ kind: Type.Literal('manual edit') }),
  /** It was changed while no controller watched, and the journal does not say by whom. */
  Type.Object({ kind: Type.Literal('found') }),
  /** Nobody renewed the lease in time: the flag fell to 0 by itself. */
  Type.Object({ kind: Type.Literal('lease') }),
  Type.Object({ kind: Type.Literal('plan') }),
  /** The percent that is served is no stage of the plan any more; or, where the rollout was complete, the plan goes on to `next`. */
  Type.Object({ kind: Type.Literal('plan-changed'), percent: PercentNumber, next: Type.Optional(PercentNumber) }),
]);
export type Reason = DeepReadonly<Static<typeof Reason>>;

/** What the last check of all records and their histories gave, in this stage. */
const Checked = Type.Object({
  /** Those that may be domain's doing since the rollout began. */
  findings: Type.Number(),
  /** How many changes it looked at. */
  changes: Type.Number(),
  /** Some of the records, by name, and how many more findings are a note; empty where it found nothing. */
  detail: Type.String(),
});
export type Checked = DeepReadonly<Static<typeof Checked>>;

/** When the percent last left 0; missing at 0 %, and where an older version wrote it. */
const BeganMs = Type.Optional(Type.Number());

/** A stage that is under way, with the time it has been healthy; time that does not count is not in it. */
const UNDERWAY = {
  percent: PercentNumber,
  sinceMs: Type.Number(),
  healthyMs: Type.Number(),
  /** When time was last counted, so that neither a gap nor a leap of the clock counts. */
  countedAtMs: Type.Number(),
  /** What the last functional checks of this stage found; missing until there were any. */
  verified: Type.Optional(Type.Enum(['passed', 'failed'])),
  checked: Type.Optional(Checked),
  beganMs: BeganMs,
};

export const State = Type.Union([
  Type.Object({ phase: Type.Literal('idle') }),
  Type.Object({ phase: Type.Literal('observing'), ...UNDERWAY }),
  Type.Object({ phase: Type.Literal('awaiting-approval'), ...UNDERWAY }),
  Type.Object({
    phase: Type.Literal('paused'),
    from: Type.Enum(['observing', 'awaiting-approval', 'complete']),
    why: Reason,
    ...UNDERWAY,
  }),
  Type.Object({
    phase: Type.Literal('rolled-back'),
    from: PercentNumber,
    to: PercentNumber,
    sinceMs: Type.Number(),
    why: Reason,
    /** An automatic rollback before it stands on: whoever lowered it further did not say otherwise. */
    stands: Type.Optional(Type.Boolean()),
    checked: Type.Optional(Checked),
    beganMs: BeganMs,
  }),
  /** All stages are behind; `healthyMs` counts the watch. */
  Type.Object({ phase: Type.Literal('complete'), ...UNDERWAY }),
]);
export type State = DeepReadonly<Static<typeof State>>;
