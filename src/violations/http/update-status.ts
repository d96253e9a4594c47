import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import { answerUnavailable, RETRY_AFTER } from '../../kit/http/middleware.ts';
import { answerProblem, problem } from '../../kit/http/problems.ts';
import { type Access, jsonAnswer, problemAnswer, type Route, route } from '../../kit/http/route.ts';
import type { Path } from '../../routing/path.ts';
import type { Routed } from '../../routing/router.ts';
import { STATUSES, type StatusUpdate, type UpdateOutcome } from '../violation.ts';

import { noSuchViolation, StatusName, ViolationIdNumber, ViolationPath } from './common.ts';

type UpdateStatusParts = {
  readonly forceDomain: 'allow' | 'deny';
  readonly update: (update: StatusUpdate, forced: Path | undefined) => Promise<Routed<UpdateOutcome>>;
  readonly access: Access;
};

const textUpTo = (most: number) =>
  Type.String({
    maxLength: most,
    pattern: '^[^\\u0000]*$',
    description: `a text of up to ${most.toLocaleString('en-US')} characters, none of them NUL`,
  });

export const UpdateParameters = Type.Object(
  {
    status: Type.Enum([...STATUSES], { description: STATUSES.join(', ') }),
    notes: Type.Optional(textUpTo(2_000)),
    handled_by: Type.Optional(textUpTo(100)),
    force_domain: Type.Optional(Type.Enum(['true', 'false'], { description: 'true, false' })),
  },
  { additionalProperties: false },
);

export const UpdateAnswer = Type.Object(
  { ok: Type.Literal(true), violation_id: ViolationIdNumber, status: StatusName },
  { additionalProperties: false },
);

const rolloutHeaders = {
  'Rollout-Path': 'Who answered: domain or legacy.',
  'Rollout-Decision': 'Why: rollout, forced, disabled, capped, breaker or fallback.',
};

/** PUT /api/v1/records/violations/{violation_id}/status */
export const updateStatus = ({ forceDomain, update, access }: UpdateStatusParts): Route =>
  route({
    method: 'put',
    path: '/api/v1/records/violations/{violation_id}/status',
    operationId: 'updateViolationStatus',
    summary: "Set a violation's status",
    access,
    params: ViolationPath,
    query: UpdateParameters,
    answers: {
      200: jsonAnswer('Updated.', UpdateAnswer, rolloutHeaders),
      400: problemAnswer('A parameter is missing, wrong, repeated or unknown.'),
      403: problemAnswer('This deployment does not allow force_domain.'),
      404: problemAnswer('No such violation.', rolloutHeaders),
      413: problemAnswer('The body is too large.'),
      503: problemAnswer(
        'Both paths failed, or this replica is overloaded or shutting down. Nothing is half-written.',
        RETRY_AFTER,
      ),
    },
    handle: async (ctx, { params: { violation_id: violationId }, query }) => {
      const { status, notes, handled_by: handledBy, force_domain: force } = query;
      if (force !== undefined && forceDomain === 'deny') {
        return answerProblem(ctx, forceDomainForbidden());
      }
      const { path, decision, outcome } = await update(
        {
          violationId,
          status,
          ...(notes !== undefined && { notes }),
          ...(handledBy !== undefined && { handledBy }),
          requestId: ctx.state.requestId,
          writeId: randomUUID(),
        },
        force && (force === 'true' ? 'domain' : 'legacy'),
      );
      ctx.set('Rollout-Path', path);
      ctx.set('Rollout-Decision', decision);
      ctx.state.logged = { violation_id: violationId, path, decision };
      switch (outcome.kind) {
        case 'updated':
          ctx.type = 'application/json';
          // Both are validated, and the id keeps all of its digits.
          ctx.body = `{"ok":true,"violation_id":${violationId},"status":"${status}"}`;
          return;
        case 'not-found':
          return answerProblem(ctx, noSuchViolation(violationId));
        case 'failed':
          return answerUnavailable(ctx, 'The status could not be written. Trying again is safe.');
      }
    },
  });

const forceDomainForbidden = () =>
  problem(
    403,
    'force-domain-forbidden',
    'force_domain is not allowed here',
    'This deployment decides the path itself. Leave force_domain out, or ask its operators for FORCE_DOMAIN=allow.',
  );
