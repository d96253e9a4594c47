import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
const NOT_OURS = new Set(['node_modules', '.git', '.sluice', 'golden']);

export type Page = { readonly path: string; readonly text: string };

/** A file of the repository, by its path from the root. */
export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every file below `folder`, as paths from the root. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = relative(ROOT, join(ROOT, folder, entry.name));
    if (NOT_OURS.has(entry.name)) {
      return [];
    }
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Every Markdown page of the repository. */
export function pages(): readonly Page[] {
  return filesBelow('.')
    .filter((path) => path.endsWith('.md'))
    .map((path) => ({ path, text: read(path) }));
}

/** A page without its blocks of code, where nothing is a link. */
export const prose = (text: string): string => text.replaceAll(/^ *```.*?^ *```$/gms, '');

/** The rows of the table that stands between `<!-- name -->` and the next closing mark, cell by cell, without its head. */
export function table(page: string, name: string): readonly (readonly string[])[] {
  const marked = read(page).split(`<!-- ${name} -->\n`)[1]?.split('\n<!-- /')[0];
  if (marked === undefined) {
    throw new Error(`${page} has no table between <!-- ${name} --> and <!-- /… -->`);
  }
  return marked
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backticks. */
export const inCode = (text: string): readonly string[] =>
  Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => code);
