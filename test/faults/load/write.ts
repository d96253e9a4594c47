import type { Status } from '../../../src/violations/violation.ts';

/** No record has this id: a write to it is answered 404, whatever else goes on. */
export const MISSING_ID = '9007199254740993';

/** What a writer asks for. Its request id is its own: no other write of the run has it. */
export type Write = {
  readonly requestId: string;
  readonly violationId: string;
  readonly status: Status;
  readonly notes: string | undefined;
  readonly handledBy: string | undefined;
  readonly force: 'true' | 'false' | undefined;
};

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly path: string | undefined;
      readonly decision: string | undefined;
      readonly retryAfter: string | undefined;
      readonly contentType: string | undefined;
      readonly requestId: string | undefined;
      readonly body: string;
    }
  /** The connection broke, or was never made. */
  | { readonly kind: 'dropped'; readonly why: string }
  | { readonly kind: 'silent'; readonly afterMs: number };

/** A write with what became of it. Times are those of `performance.now()`. */
export type Sent = Write & {
  readonly replica: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly outcome: Outcome;
};
