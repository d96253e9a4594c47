import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControllerEnvironment } from '../../src/controller/settings.ts';
import { allowedOf } from '../../src/kit/schema-errors.ts';
import type { Setting } from '../../src/kit/settings.ts';
import { ServiceEnvironment } from '../../src/service/settings.ts';
import { filesBelow, inCode, pages, prose, read, table } from './pages.ts';

const ENVIRONMENTS = { service: ServiceEnvironment, controller: ControllerEnvironment };

for (const [who, { properties }] of Object.entries(ENVIRONMENTS)) {
  test(`the ${who}'s settings are in docs/settings.md as the code has them`, () => {
    const rows = Object.entries(properties as Record<string, Setting>).map(([name, property]) => [
      `\`${name}\``,
      property.default === undefined ? '–' : String(property.default),
      allowedOf(property).replaceAll('|', '\\|'),
      property.description,
    ]);
    assert.deepEqual(table('docs/settings.md', `${who} settings`), rows);
  });
}

test('every setting that a page names is one that something reads', () => {
  const sources = filesBelow('.')
    .filter((path) => !path.endsWith('.md') && !path.startsWith('test/docs/'))
    .map(read)
    .join('\n');
  const wrong = pages().flatMap(({ path, text }) =>
    inCode(prose(text))
      .flatMap((code) => code.match(/(?<![\w$@-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])/g) ?? [])
      .filter((name) => !new RegExp(`(?<!\\w)${name}(?!\\w)`).test(sources))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(wrong, []);
});
