import type { Verdict } from '../../src/rollout/verdict.ts';

/** A verdict by scrapes of a guard on errors, unless it is another. */
export const verdict = (kind: Verdict['kind'], onBreach: Verdict['onBreach'] = 'off', guard = 'errors'): Verdict => ({
  guard,
  source: 'scrape',
  kind,
  onBreach,
  value: 0.5,
  limit: 0.01,
  limitText: '1%',
  samples: 100,
  evidence: undefined,
  detail: '',
});
