import type { Guard, OnBreach } from './plan-types.ts';

export const VERDICTS = ['healthy', 'breached', 'no-data', 'too-few-samples', 'source-error'] as const;

/** What one guard says of the stage, by what one source has reported. */
export type Verdict = {
  readonly guard: string;
  readonly source: string;
  readonly kind: (typeof VERDICTS)[number];
  readonly onBreach: OnBreach;
  /** In the unit of the limit: seconds, a share of 1, a factor, a count. Undefined where nothing was counted. */
  readonly value: number | undefined;
  readonly limit: number;
  /** As the plan writes it. */
  readonly limitText: string;
  readonly samples: number;
  /** ln of the e-value against the limit; undefined where the guard is a plain limit. */
  readonly evidence: number | undefined;
  /** Why, for people; empty where there is nothing to add. */
  readonly detail: string;
};

/** What was found of a guard. `onBreach` is given where it is milder than the guard's own. */
export type Judgement = Pick<Verdict, 'kind' | 'value' | 'samples'> &
  Partial<Pick<Verdict, 'evidence' | 'detail' | 'onBreach'>>;

/** @param source where it was seen. */
export function describe(guard: Guard, source: string, judgement: Judgement): Verdict {
  return {
    guard: guard.name,
    source,
    onBreach: guard.onBreach,
    limit: limitNumber(guard),
    limitText: guard.limitText,
    evidence: undefined,
    detail: '',
    ...judgement,
  };
}

/** In the unit of the measure. */
export function limitNumber({ limit }: Guard): number {
  switch (limit.kind) {
    case 'error-share':
      return limit.share;
    case 'slow-share':
    case 'mean':
      return limit.seconds;
    case 'ratio':
      return limit.factor;
    case 'count':
      return limit.count;
  }
}
