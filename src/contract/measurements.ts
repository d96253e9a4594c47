import Type, { type Static } from 'typebox';
import { attempts, type Counts } from '../rollout/counters.ts';
import { MeasurementAnswer } from '../rollout/evidence-schema.ts';
import { valueOfMeasure } from '../rollout/judge-requests.ts';
import type { Measurement } from '../rollout/timeline.ts';

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
