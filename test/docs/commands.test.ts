import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, ROOT, read, table } from './pages.ts';

const { scripts, engines } = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};
/** `just` takes no colon in a name. */
const recipeOf = (script: string) => script.replaceAll(':', '-');

test('the justfile has every npm script, and runs that script', () => {
  const recipes = Array.from(
    read('justfile').matchAll(/^# .+\n([a-z0-9-]+) \*args:\n {4}(.+)$/gm),
    ([, name = '', command = '']) => [name, command] as const,
  );
  assert.deepEqual(
    recipes,
    Object.keys(scripts).map((script) => [recipeOf(script), `@npm run -s ${script} -- "$@"`]),
  );
});

test('DEVELOP.md has every npm script', () => {
  assert.deepEqual(
    table('DEVELOP.md', 'scripts').map(([name]) => name),
    Object.keys(scripts).map((script) => `\`${script}\``),
  );
});

test('every npm script that a page names is there', () => {
  const wrong = pages().flatMap(({ path, text }) =>
    Array.from(text.matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g), ([, name = '']) => name)
      .filter((name) => !(name in scripts))
      .map((name) => `${path}: npm run ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('one Node everywhere: the engine, .nvmrc, the image and the devcontainer', () => {
  const major = engines.node.replace('>=', '');
  assert.equal(read('.nvmrc').trim(), major);
  assert.match(read('Dockerfile'), new RegExp(`^FROM node:${major}-`, 'm'));
  assert.match(read('.devcontainer/devcontainer.json'), new RegExp(`typescript-node:${major}-`));
});

test('the commit hook runs scripts that are there', () => {
  const named = Array.from(read('lefthook.yml').matchAll(/npm run -s ([\w:-]+)/g), ([, name = '']) => name);
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

test('the commit hook takes a subject with a scope and a sentence, and no other', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-subject-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'COMMIT_EDITMSG');
  const taken = (message: string) => {
    writeFileSync(file, message);
    return spawnSync(process.execPath, [join(ROOT, 'scripts/check-subject.ts'), file]).status === 0;
  };
  for (const message of [
    'engine: A rollback names the replica that does not serve it\n\nBecause nobody knew.\n',
    'load-tests, docs: One limit less',
    "Merge branch 'main'",
    'fixup! engine: A rollback names the replica',
    '# a comment of an editor\nkit: Two words',
  ]) {
    assert.ok(taken(message), message);
  }
  for (const message of [
    'A rollback names it',
    'engine A rollback names it',
    'engine: lower case',
    'engine: Ends with a stop.',
    'Engine: A word',
    '',
  ]) {
    assert.ok(!taken(message), message);
  }
});
