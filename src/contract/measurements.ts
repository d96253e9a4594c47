import Type, { type Static } from 'typebox';
import { attempts, type Counts } from '../rollout/counters.ts';
import type { Measurement } from '../rollout/timeline.ts';
import { valueOfMeasure } from '../rollout/verdict.ts';
import type { StatusAnswer } from './schemas.ts';

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

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
  cpuCores: orNull(Type.Number({ description: 'Processors that all replicas kept busy; null where none told.' })),
  residentBytes: orNull(Type.Number({ description: 'The most memory that a replica had.' })),
  replicas: Type.Integer(),
});
export type MeasurementAnswer = Static<typeof MeasurementAnswer>;

export const MeasurementsAnswer = Type.Object({
  complete: Type.Boolean({ description: 'False until this controller has read what was measured before it began.' }),
  points: Type.Array(MeasurementAnswer, {
    description: 'The oldest first; 2 s each, of older times 30 s or 5 min. A gap is a time that nobody measured.',
  }),
});
export type MeasurementsAnswer = Static<typeof MeasurementsAnswer>;

export function describeMeasurement(measurement: Measurement): MeasurementAnswer {
  const { fromMs, untilMs, percent, domain, legacy, fallbacks, cpuSeconds, residentBytes, replicas } = measurement;
  const seconds = (untilMs - fromMs) / 1_000;
  const path = (counts: Counts) => ({
    requests: attempts(counts),
    errors: counts.error,
    requestsPerSecond: attempts(counts) / seconds,
    errorShare: valueOfMeasure('error-rate', counts) ?? null,
    p95Seconds: valueOfMeasure('latency-p95', counts) ?? null,
    meanSeconds: valueOfMeasure('latency-mean', counts) ?? null,
  });
  return {
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    percent,
    domain: path(domain),
    legacy: path(legacy),
    fallbacks,
    cpuCores: cpuSeconds === undefined ? null : cpuSeconds / seconds,
    residentBytes: residentBytes ?? null,
    replicas,
  };
}

/** What was known of a stage when something was decided about it: the journal keeps it with the decision. */
export type StageEvidence = {
  readonly percent: number;
  /** Milliseconds that counted as healthy; null where nothing is observed. */
  readonly healthyMs: number | null;
  readonly verdicts: StatusAnswer['verdicts'];
  /** All of the stage until then; null where nothing was measured. */
  readonly measured: MeasurementAnswer | null;
};
