import { FLAG } from '../../support/system/flags.ts';

type StageText = { readonly percent: number; readonly observe: string };

/** Enough for health at some ten domain requests a second, within seconds. */
const MIN_SAMPLES = 30;

/**
 * A plan with the limits of the project's own rollout.yaml, whose stages take seconds. The ratio to legacy is left out: it
 * only holds, and both paths take a few milliseconds here.
 */
export function planOf(...stages: StageText[]): string {
  return `rollout: violation-status
flag: ${FLAG}
stages:
${stages.map(({ percent, observe }) => `  - { percent: ${percent}, observe: ${observe} }\n`).join('')}guards:
  - { name: p95,    measure: latency-p95,  limit: 200ms, window: 10s, onBreach: off }
  - { name: mean,   measure: latency-mean, limit: 100ms, window: 10s, onBreach: previous }
  - { name: errors, measure: error-rate,   limit: 1%,    window: 10s, onBreach: off }
minSamples: ${MIN_SAMPLES}
`;
}
