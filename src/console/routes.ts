import type Router from '@koa/router';
import { readAssets } from './assets.ts';

/** The console: one page at the controller's address, and what it is made of. */
export function addConsoleRoutes(router: Router): void {
  const { byPath, contentSecurityPolicy } = readAssets();
  for (const [path, { type, body, etag }] of byPath) {
    router.get(`/${path}`, (ctx) => {
      ctx.set({
        'Content-Security-Policy': contentSecurityPolicy,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-cache',
        ETag: etag,
      });
      ctx.status = 200;
      if (ctx.fresh) {
        ctx.status = 304;
        return;
      }
      ctx.type = type;
      ctx.body = body;
    });
  }
}
