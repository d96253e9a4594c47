import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { filesBelow, pages, prose, ROOT, read } from './pages.ts';

const all = pages();
const LISTS_OF_FILES = [
  '.ci/run',
  '.dockerignore',
  'Dockerfile',
  'biome.json',
  'justfile',
  'knip.json',
  'package.json',
];
const LARGEST_README_BYTES = 8_192;
const LARGEST_PICTURE_BYTES = 200 * 1024;

test('every relative link leads to a file or a heading', () => {
  const wrong = all.flatMap(({ path, text }) =>
    links(text)
      .filter((target) => !leadsSomewhere(path, target))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('every file and folder of ours that a page, a comment or a list of files names is there', () => {
  const comments = filesBelow('.')
    .filter((path) => /\.(ts|sql|ya?ml)$/.test(path))
    .map((path) => ({ path, text: commentsOf(read(path)) }));
  const lists = LISTS_OF_FILES.map((path) => ({ path, text: read(path) }));
  const wrong = [...all, ...comments, ...lists].flatMap(({ path, text }) =>
    namedPaths(text)
      .filter((named) => !existsSync(join(ROOT, named)))
      .map((named) => `${path}: ${named}`),
  );
  assert.deepEqual(wrong, []);
});

test('every page can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    for (const target of links(read(path))) {
      const file = fileOf(path, target);
      if (file.endsWith('.md') && existsSync(join(ROOT, file))) {
        reached.add(file);
      }
    }
  }
  // Whoever opens a pull request is shown its template.
  const apart = all.map(({ path }) => path).filter((path) => !path.startsWith('.github/'));
  assert.deepEqual(
    apart.filter((path) => !reached.has(path)),
    [],
  );
});

test('the READMEs are short, with the way back and a picture of console and command line in each', () => {
  for (const readme of ['README.md', 'README.zh.md']) {
    const text = read(readme);
    assert.ok(Buffer.byteLength(text) <= LARGEST_README_BYTES, `${readme} has ${Buffer.byteLength(text)} bytes`);
    const [head = ''] = text.split('\n## ');
    assert.match(
      head,
      /\]\(docs\/(zh\/)?emergency\.md\)/,
      `${readme} leads to the emergency page before its first heading`,
    );
    for (const picture of ['console', 'status']) {
      assert.ok(text.includes(`](docs/images/${picture}.png)`), `${readme} shows ${picture}`);
    }
  }
});

test('pictures are small', () => {
  for (const picture of filesBelow('docs/images')) {
    assert.ok(readBytes(picture) <= LARGEST_PICTURE_BYTES, `${picture} has ${readBytes(picture)} bytes`);
  }
});

const readBytes = (path: string) => Buffer.byteLength(read(path), 'latin1');

/** Targets of links and pictures that lead to this repository. */
function links(text: string): readonly string[] {
  return Array.from(prose(text).matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target).filter(
    (target) => !/^[a-z]+:/.test(target),
  );
}

const fileOf = (from: string, target: string): string => {
  const [file = ''] = target.split('#');
  return file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, '');
};

function leadsSomewhere(from: string, target: string): boolean {
  const file = fileOf(from, target);
  const anchor = target.split('#')[1];
  return existsSync(join(ROOT, file)) && (anchor === undefined || anchorsOf(read(file)).includes(anchor));
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  const seen = new Map<string, number>();
  return Array.from(prose(text).matchAll(/^#{1,6} (.+)$/gm), ([, heading = '']) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** Paths from the root, `{a,b}` spelt out; patterns with `*` or `…` name no one file. */
function namedPaths(text: string): readonly string[] {
  const named = text.matchAll(
    /(?<![\w/.-])((?:src|test|docs|scripts|migrations|monitoring|k8s|bench|load-tests)\/[\w./{},*…-]*|lint\/\w+\.grit)/g,
  );
  return Array.from(named, ([, path = '']) => path.replace(/[.,]+$/, ''))
    .filter((path) => !/[*…]/.test(path))
    .flatMap(spellOut);
}

function spellOut(path: string): readonly string[] {
  const choice = /^(.*)\{([^}]*)\}(.*)$/.exec(path);
  return choice === null
    ? [path]
    : (choice[2] ?? '').split(',').flatMap((one) => spellOut(`${choice[1]}${one}${choice[3]}`));
}

/** Lines that are comments. */
function commentsOf(text: string): string {
  return text
    .split('\n')
    .filter((line) => /^\s*(\/\/|\*|\/\*|#|--)/.test(line))
    .join('\n');
}
