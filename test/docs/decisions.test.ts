import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, read } from './pages.ts';

const FOLDER = 'docs/decisions';
const SECTIONS = ['Context', 'Decision', 'Why', 'What we gave up'];
const TEMPLATE = `${FOLDER}/0000-template.md`;

const files = filesBelow(FOLDER)
  .filter((path) => ![TEMPLATE, `${FOLDER}/README.md`].includes(path))
  .sort();
const decisions = files.map((path) => {
  const [heading = '', , status = ''] = read(path).split('\n');
  const [, number = '', title = ''] = /^# (\d+)\. (.+)$/.exec(heading) ?? [];
  return { path, name: path.slice(FOLDER.length + 1), number: Number(number), title, status };
});

test('decisions are numbered without a gap, in their names and in their headings', () => {
  assert.ok(decisions.length > 0);
  decisions.forEach(({ path, number }, at) => {
    assert.equal(number, at + 1, path);
    assert.match(path, new RegExp(`/${String(number).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
  });
});

test('each has a date, none earlier than the one before it, and says whether it holds', () => {
  let before = '';
  for (const { path, status } of decisions) {
    const [, date = ''] = /^(\d{4}-\d\d-\d\d), (?:accepted|superseded by \d+)$/.exec(status) ?? [];
    assert.ok(date >= before && date !== '', `${path}: ${status}`);
    before = date;
  }
});

test('each has the sections of the template, in its order', () => {
  for (const path of [TEMPLATE, ...files]) {
    assert.deepEqual(
      Array.from(read(path).matchAll(/^## (.+)$/gm), ([, section]) => section),
      SECTIONS,
      path,
    );
  }
});

test('the index has each of them, with its title and its date', () => {
  const rows = Array.from(read(`${FOLDER}/README.md`).matchAll(/^\| \d.*$/gm), ([row]) => row);
  assert.deepEqual(
    rows,
    decisions.map(({ number, title, name, status }) => `| ${number} | [${title}](${name}) | ${status.split(',')[0]} |`),
  );
});

test('every dependency has its line', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<
    string,
    Record<string, string>
  >;
  const text = files.map(read).join('\n');
  const missing = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies }).filter(
    (name) => !name.startsWith('@types/') && !text.includes(`\`${name}\``),
  );
  assert.deepEqual(missing, []);
});
