/** Microseconds for each call, in turns of equal length: the median turn. */
export type DecisionCost = {
  readonly bareSdkUs: number;
  /** Flag evaluation, its counting, bucket, decision and its counting. */
  readonly decisionUs: number;
  /** The whole router around a path that does nothing: decision, breaker, timeout and path metrics. */
  readonly routedDomainUs: number;
};
