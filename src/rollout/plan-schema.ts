import Type, { type Static } from 'typebox';

export const MEASURES = ['latency-p95', 'latency-mean', 'error-rate', 'mismatches', 'restarts'] as const;
export const ON_BREACH = ['off', 'previous', 'hold'] as const;
export const AFTER_ROLLBACK = ['person', 'edit'] as const;
export const ROLLBACK_WITH = ['variant', 'disabled'] as const;
export const TESTS = ['sequential', 'threshold'] as const;

/** `rollout.yaml` as it is written. What it means, with units read, is {@link Plan}. */
const duration = (what: string) =>
  Type.String({
    pattern: '^\\d{1,9}(\\.\\d{1,9})?(ms|s|m|h|d)$',
    description: `${what}: a number with ms, s, m, h or d, such as 15m`,
  });

const StageText = Type.Object(
  {
    percent: Type.Integer({ minimum: 1, maximum: 100, description: 'a whole number from 1 to 100' }),
    observe: duration('how long the stage has to be healthy'),
    approval: Type.Optional(Type.Enum(['required', 'none'], { description: 'required, none' })),
    verify: Type.Optional(Type.Enum(['required', 'none'], { description: 'required, none' })),
  },
  { additionalProperties: false, description: '{ percent, observe, approval, verify }' },
);

const GuardText = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,39}$',
      description: 'a name of small letters, digits and dashes, up to 40 characters',
    }),
    measure: Type.Enum([...MEASURES], { description: MEASURES.join(', ') }),
    comparedTo: Type.Optional(Type.Enum(['legacy'], { description: 'legacy' })),
    limit: Type.Union([Type.String(), Type.Number()], {
      description:
        'a limit with its unit: 200ms for latencies, 1% for error-rate, 1.5x with comparedTo, a count for mismatches and restarts',
    }),
    window: Type.Optional(duration('how far back values are computed')),
    onBreach: Type.Enum([...ON_BREACH], { description: ON_BREACH.join(', ') }),
    test: Type.Optional(Type.Enum([...TESTS], { description: TESTS.join(', ') })),
  },
  { additionalProperties: false, description: '{ name, measure, comparedTo, limit, window, onBreach, test }' },
);

export const PlanText = Type.Object(
  {
    rollout: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,62}$',
      description: 'a name of small letters, digits and dashes, up to 63 characters',
    }),
    flag: Type.String({ minLength: 1, maxLength: 200, description: "the flag's key, 1 to 200 characters" }),
    endpoint: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 500,
        description: 'what is rolled out, for people, such as PUT /api/things',
      }),
    ),
    stages: Type.Array(StageText, { minItems: 1, maxItems: 50, description: 'a list of 1 to 50 stages' }),
    watch: Type.Optional(duration('how long guards go on after the last stage')),
    guards: Type.Array(GuardText, { minItems: 1, maxItems: 50, description: 'a list of 1 to 50 guards' }),
    confidence: Type.Optional(
      Type.String({
        pattern: '^\\d{1,9}(\\.\\d{1,9})?%$',
        description: 'a percentage from 90% to below 100%, such as 99.9%',
      }),
    ),
    minSamples: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'a whole number from 1' }),
    ),
    onNoData: Type.Optional(Type.Enum(['hold'], { description: 'hold, the only safe answer' })),
    test: Type.Optional(Type.Enum([...TESTS], { description: TESTS.join(', ') })),
    afterRollback: Type.Optional(
      Type.Enum([...AFTER_ROLLBACK], {
        description:
          'person: after an automatic rollback only start or resume raise the flag again; edit: an edit does too',
      }),
    ),
    rollbackWith: Type.Optional(
      Type.Enum([...ROLLBACK_WITH], {
        description:
          'variant: a rollback to 0 % writes defaultVariant, and targeting goes on; disabled: it writes state DISABLED too',
      }),
    ),
    lease: Type.Optional(duration("how long a percent lasts without the controller's renewal")),
  },
  { additionalProperties: false, description: 'a rollout plan' },
);
export type PlanText = Static<typeof PlanText>;
