export const PATHS = ['domain', 'legacy'] as const;
export type Path = (typeof PATHS)[number];

export const DECISION_HEADERS = ['rollout', 'forced', 'disabled', 'capped', 'breaker', 'fallback'] as const;
export type DecisionHeader = (typeof DECISION_HEADERS)[number];

/** What a client got as the answer to its update. Path and decision are what the headers say; some answers have none. */
export type Answer = {
  /** `overloaded`: no path was asked, and the client was asked to come again. */
  readonly outcome: 'updated' | 'overloaded' | 'failed';
  readonly path: Path | undefined;
  readonly decision: DecisionHeader | undefined;
  readonly durationMs: number;
};

/** What k6 has of an answer, as far as it is read here. A status of 0 means that none was sent. */
type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly timings: { readonly duration: number };
};

export function readAnswer({ status, headers, timings }: HttpAnswer): Answer {
  const path = PATHS.find((each) => each === headers['Rollout-Path']);
  const decision = DECISION_HEADERS.find((each) => each === headers['Rollout-Decision']);
  const isUpdated = status === 200 && path !== undefined && decision !== undefined;
  const isOverload = status === 503 && path === undefined && headers['Retry-After'] !== undefined;
  return {
    outcome: isUpdated ? 'updated' : isOverload ? 'overloaded' : 'failed',
    path,
    decision,
    durationMs: timings.duration,
  };
}

/** Whether the domain path was tried: it answered, or failed so that legacy had to. */
export const triedDomain = ({ path, decision }: Answer): boolean => path === 'domain' || decision === 'fallback';
