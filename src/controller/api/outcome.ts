import type { Context } from 'koa';
import { NOT_LEADER } from '../../contract/problems.ts';
import type { CommandAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { answerProblem, problem } from '../../kit/http/problems.ts';
import type { CommandOutcome } from '../engine/requests.ts';

/** Answers what became of a change, with the status after it. */
export function answerOutcome(ctx: Context, outcome: CommandOutcome, status: () => StatusAnswer): void {
  switch (outcome.kind) {
    case 'done':
      ctx.body = { done: outcome.text, status: status() } satisfies CommandAnswer;
      return;
    case 'refused':
      answerProblem(ctx, problem(409, 'refused', 'Refused', outcome.why));
      return;
    case 'not-leader':
      ctx.set('Retry-After', '1');
      // Behind a Service, another connection may reach the one that leads.
      ctx.set('Connection', 'close');
      answerProblem(ctx, problem(503, NOT_LEADER, 'Not the leader', `Try again: ${outcome.why}.`));
  }
}
