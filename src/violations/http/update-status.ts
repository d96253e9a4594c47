import { randomUUID } from 'node:crypto';
import type { RouterMiddleware } from '@koa/router';
import { answerUnavailable } from '../../kit/http/middleware.ts';
import { answerProblem, invalidParameters } from '../../kit/http/problems.ts';
import type { Path } from '../../routing/path.ts';
import type { Routed } from '../../routing/router.ts';
import type { StatusUpdate, UpdateOutcome } from '../violation.ts';
import { parseUpdate } from './parameters.ts';
import { forceDomainForbidden, noSuchViolation } from './problems.ts';

type Parts = {
  readonly forceDomain: 'allow' | 'deny';
  readonly update: (update: StatusUpdate, forced: Path | undefined) => Promise<Routed<UpdateOutcome>>;
};

/** PUT /api/v1/records/violations/{violation_id}/status */
export function updateStatus({ forceDomain, update }: Parts): RouterMiddleware {
  return async (ctx) => {
    const parsed = parseUpdate(ctx.params.violation_id as string, ctx.querystring);
    if (!parsed.ok) {
      return answerProblem(ctx, invalidParameters(parsed.errors));
    }
    const { violationId, status, notes, handled_by: handledBy, force_domain: force } = parsed.value;
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
        // Both are validated, and the id stays the digits it came as.
        ctx.body = `{"ok":true,"violation_id":${violationId},"status":"${status}"}`;
        return;
      case 'not-found':
        return answerProblem(ctx, noSuchViolation(violationId));
      case 'failed':
        return answerUnavailable(ctx, 'The status could not be written. Trying again is safe.');
    }
  };
}
