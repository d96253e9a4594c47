import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Router from '@koa/router';

type Asset = { readonly type: string; readonly body: string; readonly etag: string };

export type Assets = {
  /** By the path of its URL, without a slash in front; the page itself is ''. */
  readonly byPath: ReadonlyMap<string, Asset>;
  readonly contentSecurityPolicy: string;
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ts': 'text/javascript; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};
const SRC = join(import.meta.dirname, '../..');
const PAGE = join(import.meta.dirname, 'page');
const ENTRIES = ['main.ts', 'command-dialog.ts'];
/** What the page takes from packages. */
const VENDOR = ['lit-html/lit-html.js', 'uplot/dist/uPlot.esm.js', 'uplot/dist/uPlot.min.css'];

/** Reads the console once: TypeScript with its types taken out, as Node runs it, so that no build step is between. */
export function readAssets(): Assets {
  const byPath = new Map<string, Asset>();
  const add = (path: string, body: string) => {
    byPath.set(path, { type: TYPES[extname(path)] as string, body, etag: `"${digest(body).slice(0, 22)}"` });
  };
  for (const name of readdirSync(PAGE).filter((each) => !/\.ts$|\.json$/.test(each))) {
    add(urlOf(join(PAGE, name)), readFileSync(join(PAGE, name), 'utf8'));
  }
  for (const [file, code] of modulesFrom(ENTRIES.map((name) => join(PAGE, name)))) {
    add(urlOf(file), code);
  }
  for (const name of VENDOR) {
    add(`console/vendor/${name.split('/').at(-1)}`, readFileSync(fileURLToPath(new URL(name, packages())), 'utf8'));
  }
  const index = urlOf(join(PAGE, 'index.html'));
  const page = byPath.get(index) as Asset;
  byPath.delete(index);
  byPath.set('', { ...page, type: TYPES['.html'] as string });
  return { byPath, contentSecurityPolicy: policyFor(page.body) };
}

/** Below one address as they lie below src/, so that their imports of each other hold in a browser too. */
const urlOf = (file: string) => `console/${relative(SRC, file)}`;

/** The modules that the entries import, each other's imports included, by file and without their types. */
function modulesFrom(entries: readonly string[]): ReadonlyMap<string, string> {
  const modules = new Map<string, string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (!modules.has(file)) {
      const code = withoutTypes(readFileSync(file, 'utf8'));
      modules.set(file, code);
      for (const [, imported] of code.matchAll(/^(?:import|export)\b[^;']* from '(\.[^']+)'/gm)) {
        waiting.push(join(dirname(file), imported as string));
      }
    }
  }
  return modules;
}

const packages = () => new URL('../../../node_modules/', import.meta.url);

const digest = (text: string) => createHash('sha256').update(text).digest('base64');

/** Nothing from elsewhere, nothing inline except the page's own import map, no frame around it. */
function policyFor(html: string): string {
  const importMap = /<script type="importmap">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  return [
    "default-src 'none'",
    `script-src 'self' 'sha256-${digest(importMap)}'`,
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Node warns that the function is young, once for each process: here, where its result is tested, that says nothing to anybody. */
function withoutTypes(code: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(code);
  } finally {
    process.emitWarning = emitWarning;
  }
}

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
