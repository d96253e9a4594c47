import Type, { type Static } from 'typebox';
import { ON_BREACH } from './plan-schema.ts';
import { type DeepReadonly, orNull } from './state-schema.ts';
import { VERDICTS } from './verdict.ts';

/** What is known of a stage, as the API answers it and as the journal keeps it with each decision. */

export const VerdictAnswer = Type.Object({
  guard: Type.String(),
  source: Type.String(),
  kind: Type.Enum([...VERDICTS]),
  onBreach: Type.Enum([...ON_BREACH]),
  value: orNull(Type.Number({ description: "In the limit's unit: seconds, a share of 1, a factor, a count." })),
  limit: Type.Number(),
  limitText: Type.String(),
  measure: Type.String(),
  samples: Type.Integer(),
  evidence: orNull(Type.Number({ description: 'Share of the way to a proven breach, 1 and more is one.' })),
  detail: Type.String(),
});
export type VerdictAnswer = Static<typeof VerdictAnswer>;

const PathMeasured = Type.Object({
  requests: Type.Integer(),
  errors: Type.Integer(),
  requestsPerSecond: Type.Number(),
  errorShare: orNull(Type.Number({ description: 'A share of 1; null without requests.' })),
  p95Seconds: orNull(Type.Number()),
  meanSeconds: orNull(Type.Number()),
});

export const MeasurementAnswer = Type.Object({
  from: Type.String({ format: 'date-time' }),
  until: Type.String({ format: 'date-time' }),
  percent: Type.Integer({ description: 'What was wanted to be served meanwhile.' }),
  domain: PathMeasured,
  legacy: PathMeasured,
  fallbacks: Type.Integer(),
  cpuCores: orNull(
    Type.Number({ description: 'Processors that all replicas kept busy; null where none reported it.' }),
  ),
  residentBytes: orNull(Type.Number({ description: 'The most memory that a replica had.' })),
  replicas: Type.Integer(),
});
export type MeasurementAnswer = Static<typeof MeasurementAnswer>;

export const StageEvidence = Type.Object({
  percent: Type.Number(),
  healthyMs: orNull(Type.Number({ description: 'What counted as healthy; null where nothing is observed.' })),
  verdicts: Type.Array(VerdictAnswer),
  measured: orNull(MeasurementAnswer),
});
/** What was known of a stage when something was decided about it; all that was measured of it until then. */
export type StageEvidence = DeepReadonly<Static<typeof StageEvidence>>;
