import Type, { type Static } from 'typebox';
import { StageEvidence } from './evidence-schema.ts';
import { ON_BREACH } from './plan-schema.ts';
import { type DeepReadonly, orNull, Reason, State } from './state-schema.ts';
import { VERDICTS } from './verdict.ts';

const Count = Type.Integer({ minimum: 0 });
const Milliseconds = Type.Number({ description: 'Milliseconds since 1970.' });
const Nothing = Type.Object({});

const Decided = Type.Object({
  why: Reason,
  state: State,
  evidence: Type.Optional(StageEvidence),
  plan: Type.String({ description: 'The hash of the plan that it was decided by, 12 hex digits.' }),
});

/**
 * What each kind of event says beside its sentence. It types the events, is what the API shows, and says what is believed of a
 * row that another version wrote. What a kind means stands in `KINDS`.
 */
export const DETAILS = {
  started: Decided,
  promoted: Decided,
  completed: Decided,
  'approval-needed': Decided,
  paused: Decided,
  resumed: Decided,
  'rolling-back': Decided,
  'rolled-back': Decided,
  adopted: Decided,
  confirmed: Type.Object({ seenAtMs: Milliseconds, writtenAtMs: Milliseconds, confirmedAtMs: Milliseconds }),
  unconfirmed: Type.Object({ waitingFor: Type.Array(Type.String()) }),
  refused: Nothing,
  holding: Type.Object({ reason: Type.String(), sinceMs: Milliseconds }),
  breached: Type.Object({
    verdict: Type.Object({
      guard: Type.String(),
      source: Type.String(),
      kind: Type.Enum([...VERDICTS]),
      onBreach: Type.Enum([...ON_BREACH]),
      value: Type.Optional(orNull(Type.Number())),
      limit: Type.Number(),
      limitText: Type.String(),
      samples: Type.Number(),
      evidence: Type.Optional(orNull(Type.Number())),
      detail: Type.String(),
    }),
  }),
  trouble: Type.Object({ problem: Type.String({ description: 'Its name: what is wrong.' }) }),
  'lever-failed': Nothing,
  unguarded: Type.Object({
    variants: Type.Array(Type.String(), { description: 'Empty where the rule computes them.' }),
  }),
  leading: Nothing,
  verified: Type.Object({
    target: Type.String(),
    paths: Type.Array(Type.String()),
    passed: Count,
    failed: Count,
    skipped: Count,
    checks: Type.Array(
      Type.Object({
        name: Type.String(),
        path: Type.Enum(['domain', 'legacy']),
        result: Type.Enum(['passed', 'failed', 'skipped']),
        detail: Type.String(),
        ms: Type.Number(),
      }),
    ),
  }),
  checked: Type.Object({
    check: Type.String(),
    since: orNull(Type.String()),
    records: Count,
    changes: Count,
    findings: Count,
    held: Type.Integer({ minimum: 0, description: "How many may be domain's doing since the rollout began." }),
    examples: Type.Array(Type.Object({ violation_id: Type.String(), kind: Type.String(), field: Type.String() })),
  }),
  mismatched: Type.Object({
    records: Count,
    first: Type.Array(
      Type.Object({ violationId: Type.String(), path: Type.String(), field: Type.String(), requestId: Type.String() }),
    ),
  }),
  other: Type.Object({
    kind: Type.String({ description: 'What the version that wrote it calls it.' }),
    details: Type.Object({}, { additionalProperties: true }),
  }),
};

export type Details = DeepReadonly<{ [K in keyof typeof DETAILS]: Static<(typeof DETAILS)[K]> }>;

/** A kind and its details, of which each may be missing: another version wrote it. */
export const EventBody = Type.Union(
  Array.from(
    Map.groupBy(Object.entries(DETAILS), ([, details]) => details),
    ([details, kinds]) =>
      Type.Object({ kind: Type.Enum(kinds.map(([kind]) => kind)), details: Type.Partial<Type.TObject>(details) }),
  ),
);
