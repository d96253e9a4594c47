import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { answerProblem, methodNotAllowed, noSuchRoute } from './problems.ts';

const SHOWN_CHARACTERS = 200;

/** Answers what no route has: 405 where another method has one, else 404. @param document where the routes are described. */
export function answerUnmatched(router: Router, document: string): Middleware {
  return (ctx) => {
    const methods = router.match(ctx.path, '').path.flatMap((layer) => layer.methods);
    if (methods.length === 0) {
      answerProblem(ctx, noSuchRoute(ctx.method, ctx.path.slice(0, SHOWN_CHARACTERS), document));
      return;
    }
    const allowed = Array.from(new Set(methods)).join(', ');
    ctx.set('Allow', allowed);
    answerProblem(ctx, methodNotAllowed(ctx.method, allowed));
  };
}
