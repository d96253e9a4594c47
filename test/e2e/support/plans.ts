import { FLAG } from './flags.ts';

type StageText = { readonly percent: number; readonly observe: string };

/** Enough for health at some ten domain requests a second, within seconds. */
const MIN_SAMPLES = 30;

/**
 * A plan with the limits of the project's own rollout.yaml, whose stages take seconds. The ratio to legacy is left out: it
 * only holds, and both paths take a few milliseconds here.
 */
export function planOf(...stages: StageText[]): string {
  return planText(stages, '200ms', '100ms', '1%');
}

/** A plan whose own guards cannot be breached by anything that a test does. */
export function unguardedPlanOf(...stages: StageText[]): string {
  return planText(stages, '5s', '60s', '99%');
}

function planText(stages: readonly StageText[], p95: string, mean: string, errors: string): string {
  return `rollout: violation-status
flag: ${FLAG}
stages:
${stages.map(({ percent, observe }) => `  - { percent: ${percent}, observe: ${observe} }\n`).join('')}guards:
  - { name: p95,    measure: latency-p95,  limit: ${p95}, window: 10s, onBreach: off }
  - { name: mean,   measure: latency-mean, limit: ${mean}, window: 10s, onBreach: previous }
  - { name: errors, measure: error-rate,   limit: ${errors}, window: 10s, onBreach: off }
minSamples: ${MIN_SAMPLES}
`;
}
