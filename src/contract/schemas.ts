import Type, { type Static } from 'typebox';
import { COMMANDS } from '../rollout/command.ts';
import type { EventBody, ReadEvent } from '../rollout/event.ts';
import { EventBody as EventBodySchema } from '../rollout/event-schema.ts';
import { VerdictAnswer } from '../rollout/evidence-schema.ts';
import { PHASES } from '../rollout/state.ts';
import { orNull, PercentNumber as Percent } from '../rollout/state-schema.ts';

/** JSON Schema written once: it validates requests, types the API and its clients, and is what /api/openapi.json shows. */

const Time = Type.String({ format: 'date-time' });

export const CommandRequest = Type.Object(
  {
    command: Type.Enum([...COMMANDS], { description: COMMANDS.join(', ') }),
    actor: Type.String({ minLength: 1, maxLength: 100, description: 'who asks, 1 to 100 characters' }),
    reason: Type.String({ maxLength: 500, description: 'why, up to 500 characters' }),
    to: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'for rollback: a percent from 0 to 100' })),
  },
  { additionalProperties: false, description: '{ command, actor, reason, to }' },
);
export type CommandRequest = Static<typeof CommandRequest>;

const text = (most: number) => Type.String({ maxLength: most, description: `up to ${most} characters` });

export const VerificationRequest = Type.Object(
  {
    actor: Type.String({ minLength: 1, maxLength: 100, description: 'who asks, 1 to 100 characters' }),
    target: Type.String({ minLength: 1, maxLength: 500, description: 'the address that was checked' }),
    percent: Type.Integer({
      minimum: 0,
      maximum: 100,
      description: 'the percent wanted when the checks began, 0 to 100',
    }),
    checks: Type.Array(
      Type.Object(
        {
          name: text(200),
          path: Type.Enum(['domain', 'legacy'], { description: 'domain, legacy' }),
          result: Type.Enum(['passed', 'failed', 'skipped'], { description: 'passed, failed, skipped' }),
          detail: text(500),
          ms: Type.Number({ minimum: 0, description: 'milliseconds it took' }),
        },
        { additionalProperties: false, description: '{ name, path, result, detail, ms }' },
      ),
      { minItems: 1, maxItems: 200, description: '1 to 200 checks' },
    ),
  },
  { additionalProperties: false, description: '{ actor, target, percent, checks }' },
);
export type VerificationRequest = Static<typeof VerificationRequest>;

const count = (what: string) => Type.Integer({ minimum: 0, description: `${what}, a whole number from 0` });

const ISO_TIME = '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$';

export const ConsistencyRequest = Type.Object(
  {
    actor: Type.String({ minLength: 1, maxLength: 100, description: 'who asks, 1 to 100 characters' }),
    check: Type.String({ pattern: '^[0-9a-f-]{36}$', description: "the check's id, a UUID" }),
    since: orNull(
      Type.String({
        pattern: ISO_TIME,
        description: 'a time such as 1970-01-01T00:00:00.000Z; null where all changes were looked at',
      }),
    ),
    records: count('records looked at'),
    changes: count('changes looked at'),
    findings: count('what was found'),
    held: Type.Optional(
      Type.Object(
        {
          findings: count("those that may be domain's doing since the rollout began"),
          began: orNull(
            Type.String({
              pattern: ISO_TIME,
              description: 'when that was, a time such as 1970-01-01T00:00:00.000Z; null where nobody knows',
            }),
          ),
        },
        {
          additionalProperties: false,
          description: '{ findings, began }; without it all findings are held against domain',
        },
      ),
    ),
    examples: Type.Array(
      Type.Object(
        {
          violation_id: Type.String({ pattern: '^[0-9]{1,19}$', description: 'an id in digits' }),
          kind: text(40),
          field: text(40),
        },
        { additionalProperties: false, description: '{ violation_id, kind, field }' },
      ),
      { maxItems: 20, description: 'up to 20 findings, those held against domain first' },
    ),
  },
  { additionalProperties: false, description: '{ actor, check, since, records, changes, findings, held, examples }' },
);
export type ConsistencyRequest = Static<typeof ConsistencyRequest>;

const Happened = Type.Object({
  id: orNull(Type.String({ description: 'Null while it waits for the journal.' })),
  eventId: Type.String({ description: 'Its name from the beginning: the console links to it.' }),
  at: Time,
  from: orNull(Percent),
  to: orNull(Percent),
  actor: Type.String({ description: 'A person, or `sluice`, `alertmanager`, `manual edit`.' }),
  text: Type.String({ description: 'What happened and why, in a sentence.' }),
});
export type EventAnswer = Static<typeof Happened> & EventBody;
const EventAnswer = Type.Unsafe<EventAnswer>(Type.Intersect([Happened, EventBodySchema]));

export const HistoryAnswer = Type.Object({
  events: Type.Array(EventAnswer, { description: 'The newest first.' }),
  journal: Type.Enum(['written', 'away'], { description: '`away`: only what this controller remembers.' }),
});
export type HistoryAnswer = Static<typeof HistoryAnswer>;

/** A file is replaced in one step, or written in place where it cannot be; an object in Kubernetes is patched. */
export const WRITING_WAYS = ['replace', 'in-place', 'patch'] as const;

const PathAnswer = Type.Object({
  requestsPerSecond: Type.Number(),
  errorShare: orNull(Type.Number()),
  p95Seconds: orNull(Type.Number()),
  meanSeconds: orNull(Type.Number()),
});

export const StatusAnswer = Type.Object({
  rollout: Type.String(),
  flag: Type.String(),
  planHash: Type.String({
    description: 'Which plan the controller has: its hash, 12 hex digits, as `sluice lint` prints it.',
  }),
  at: Time,
  state: Type.Object({
    phase: Type.Enum([...PHASES]),
    phrase: Type.String({ description: 'The state in words.' }),
    percent: Percent,
    since: orNull(Time),
    verified: orNull(Type.Enum(['passed', 'failed'], { description: 'What sluice verify gave in this stage.' })),
    why: orNull(Type.String()),
  }),
  began: orNull(
    Type.String({
      format: 'date-time',
      description: 'When the percent last left 0; null at 0 %, and where an older version began it.',
    }),
  ),
  stages: Type.Array(
    Type.Object({
      percent: Percent,
      observeMs: Type.Number(),
      needsApproval: Type.Boolean(),
      needsVerify: Type.Boolean(),
    }),
  ),
  watchMs: Type.Number(),
  confidence: Type.Number(),
  minSamples: Type.Integer(),
  leaseMs: orNull(Type.Number()),
  healthyMs: orNull(Type.Number({ description: 'Time of the stage, or the watch, that counted.' })),
  timeLeftMs: orNull(Type.Number()),
  holding: orNull(
    Type.String({ description: 'Why time does not count now, or what a stage whose time is up waits for.' }),
  ),
  wanted: Percent,
  configured: Type.Object({
    percent: orNull(Percent),
    where: Type.String(),
    lever: Type.String(),
    problem: orNull(Type.String({ description: 'Why the flag gives no percent.' })),
    way: orNull(
      Type.Enum([...WRITING_WAYS], { description: 'How a rollback would be written; null while it could not be.' }),
    ),
    unguarded: orNull(
      Type.Array(Type.String(), {
        description:
          'The variants that the targeting may serve domain by although the rollout is at 0 %; empty where it computes them.',
      }),
    ),
    failing: orNull(Type.String({ description: 'Why a rollback could not be written now, or was not.' })),
  }),
  served: Type.Array(
    Type.Object({
      replica: Type.String(),
      percent: orNull(Percent),
      breakerOpen: orNull(Type.Boolean()),
      missing: orNull(Type.String({ description: 'Why it reports nothing.' })),
    }),
  ),
  readsNoReplicas: Type.Boolean({
    description: 'With `SIGNALS=alerts` and no address of replicas or Prometheus: no change can be confirmed then.',
  }),
  verdicts: Type.Array(VerdictAnswer),
  sources: Type.Array(Type.Object({ name: Type.String(), problem: orNull(Type.String()) })),
  paths: Type.Object({ domain: PathAnswer, legacy: PathAnswer }),
  change: orNull(
    Type.Object({
      percent: Percent,
      seenAt: Time,
      writtenAt: orNull(Time),
      confirmedAt: orNull(Time),
      waitingFor: Type.Array(Type.String(), { description: 'Replicas that do not serve it yet.' }),
    }),
  ),
  controller: Type.Object({
    instance: Type.String(),
    leading: Type.Boolean(),
    journal: Type.Enum(['written', 'away']),
    buffered: Type.Integer({ description: 'Events that wait for the journal.' }),
    noRaise: orNull(Type.String({ description: 'Why the percent may not be raised now.' })),
  }),
});
export type StatusAnswer = Static<typeof StatusAnswer>;

export const CommandAnswer = Type.Object({
  done: Type.String({ description: 'What was done, in a sentence.' }),
  status: StatusAnswer,
});
export type CommandAnswer = Static<typeof CommandAnswer>;

type Kept = ReadEvent & { readonly id?: string };

export function describeEvent({ id, eventId, atMs, ...event }: Kept): EventAnswer {
  return { id: id ?? null, eventId, at: new Date(atMs).toISOString(), ...event };
}
