import { describeMeasurement } from '../../contract/measurements.ts';
import type { StageEvidence, VerdictAnswer } from '../../rollout/evidence-schema.ts';
import type { Plan } from '../../rollout/plan.ts';
import { percentOf, type State, servedSince } from '../../rollout/state.ts';
import type { Verdict } from '../../rollout/verdict.ts';
import type { Measuring } from './measuring.ts';

/** @returns undefined at 0 %, where there is no stage. */
export function evidenceOf(
  plan: Plan,
  state: State,
  verdicts: readonly Verdict[],
  measuring: Pick<Measuring, 'total'>,
): StageEvidence | undefined {
  const sinceMs = servedSince(state);
  if (sinceMs === undefined) {
    return undefined;
  }
  const total = measuring.total(sinceMs, percentOf(state));
  return {
    percent: percentOf(state),
    healthyMs: 'healthyMs' in state ? state.healthyMs : null,
    verdicts: verdicts.map((verdict) => describeVerdict(plan, verdict)),
    measured: total === undefined ? null : describeMeasurement(total),
  };
}

export function describeVerdict(plan: Plan, { evidence, ...verdict }: Verdict): VerdictAnswer {
  const breachEvidence = Math.log(1 / (1 - plan.confidence));
  return {
    ...verdict,
    measure: plan.guards.find(({ name }) => name === verdict.guard)?.measure ?? verdict.guard,
    value: verdict.value === undefined || !Number.isFinite(verdict.value) ? null : verdict.value,
    evidence: evidence === undefined ? null : Math.max(0, evidence / breachEvidence),
  };
}
