import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
/** What the page takes from packages. */
const VENDOR = ['lit-html/lit-html.js', 'uplot/dist/uPlot.esm.js', 'uplot/dist/uPlot.min.css'];

/** Reads the console once: TypeScript with its types taken out, as Node runs it, so that no build step is between. */
export function readAssets(): Assets {
  const byPath = new Map<string, Asset>();
  const add = (path: string, text: string) => {
    const body = path.endsWith('.ts') ? withoutTypes(text) : text;
    byPath.set(path, { type: TYPES[extname(path)] as string, body, etag: `"${digest(body).slice(0, 22)}"` });
  };
  for (const folder of ['page', 'wording']) {
    const directory = join(import.meta.dirname, folder);
    for (const name of readdirSync(directory).filter((each) => !/\.test\.ts$|\.json$/.test(each))) {
      add(`console/${folder}/${name}`, readFileSync(join(directory, name), 'utf8'));
    }
  }
  for (const name of VENDOR) {
    add(`console/vendor/${name.split('/').at(-1)}`, readFileSync(fileURLToPath(new URL(name, packages())), 'utf8'));
  }
  const page = byPath.get('console/page/index.html') as Asset;
  byPath.delete('console/page/index.html');
  byPath.set('', { ...page, type: TYPES['.html'] as string });
  return { byPath, contentSecurityPolicy: policyFor(page.body) };
}

const packages = () => new URL('../../node_modules/', import.meta.url);

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

/** Node warns that the function is young, once for each process: here, where its result is tested, that tells nobody anything. */
function withoutTypes(code: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(code);
  } finally {
    process.emitWarning = emitWarning;
  }
}
