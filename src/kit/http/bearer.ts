import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { answerProblem, problem } from './problems.ts';

type TokenGuard = {
  readonly token: string;
  /** How people call it, such as `the server's token`. */
  readonly name: string;
  /** Counts who has not. */
  readonly onRefused: () => void;
};

/** Lets through who has the token. Compared as digests, so that neither content nor length shows in the time it takes. */
export function requireToken({ token, name, onRefused }: TokenGuard): Middleware {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (ctx, next) => {
    if (timingSafeEqual(digest(ctx.get('Authorization')), expected)) {
      return next();
    }
    onRefused();
    ctx.set('WWW-Authenticate', 'Bearer');
    // What follows was never read: the connection is of no more use.
    ctx.set('Connection', 'close');
    const sent = ctx.get('Authorization') === '' ? 'none was sent' : 'another one was sent';
    const detail = `This needs ${name} as "Authorization: Bearer …"; ${sent}.`;
    answerProblem(ctx, problem(401, 'unauthorized', 'Unauthorized', detail));
  };
}
