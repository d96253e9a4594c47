import assert from 'node:assert/strict';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { constant, says } from './constants.ts';
import { filesBelow, inCode, read, table } from './pages.ts';

const PAGE = 'docs/architecture.md';
const MOST_TERMS = 30;

test('every folder of src/ is in the table, with the folders it imports from', () => {
  const documented = table(PAGE, 'folders').map(([folder = '', , imports = '']) => [
    inCode(folder)[0],
    inCode(imports).map((name) => `src/${name}/`),
  ]);
  assert.deepEqual(new Map(documented as [string, string[]][]), importsByFolder());
});

for (const [limit = '', value = '', where = ''] of table(PAGE, 'limits')) {
  test(`the limit is as the code has it: ${limit}`, () => {
    const named = inCode(where);
    let file = '';
    for (const each of named) {
      if (each.includes('/')) {
        file = each;
      } else {
        const number = constant(file, each);
        assert.ok(says(value, number), `${file} has ${each} = ${number.value}; the page says ${value}`);
      }
    }
    assert.ok(named.length > 1, 'its row names a file and what is in it');
  });
}

test('the glossary gives at most thirty terms one meaning each', () => {
  const terms = table(PAGE, 'glossary').map(([term]) => term);
  assert.ok(terms.length <= MOST_TERMS, `${terms.length} terms`);
  assert.equal(new Set(terms).size, terms.length);
});

/** `src/cli/` → `['src/rollout/', …]`, from the imports of every source that is no test. */
function importsByFolder(): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const path of filesBelow('src').filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const own = folderOf(path);
    if (own === undefined) {
      continue;
    }
    const imported = found.get(own) ?? new Set<string>();
    found.set(own, imported);
    for (const [, target = ''] of read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const folder = folderOf(relative('.', join(dirname(path), target)));
      if (folder !== undefined && folder !== own) {
        imported.add(folder);
      }
    }
  }
  return new Map(Array.from(found, ([folder, imported]) => [folder, Array.from(imported).sort()]));
}

/** The folder of src/ that a file is in; undefined for entry points. */
const folderOf = (path: string): string | undefined => /^src\/[^/]+\//.exec(path)?.[0];
