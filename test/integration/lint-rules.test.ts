import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

/** Lints files in a folder of their own under our rules. @returns the messages of our plugins, by file. */
async function messages(files: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-lint-'));
  try {
    await cp('biome.json', join(folder, 'biome.json'));
    await cp('lint', join(folder, 'lint'), { recursive: true });
    for (const [file, code] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), code);
    }
    const biome = resolve('node_modules/.bin/biome');
    const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', 'src'];
    const { stdout, stderr } = spawnSync(biome, args, { cwd: folder, encoding: 'utf8' });
    assert.match(stdout, /^\{/, stderr);
    const { diagnostics }: { diagnostics: readonly Diagnostic[] } = JSON.parse(stdout);
    const ours = diagnostics.filter(({ category }) => category === 'plugin');
    return new Map(Object.keys(files).map((file) => [file, ours.filter(isOf(file)).map(({ message }) => message)]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Diagnostic = {
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string };
};
const isOf =
  (file: string) =>
  ({ location }: Diagnostic) =>
    location.path === file;

const READS_OF_TIME = [
  'Date.now()',
  '[1].map(Date.now)',
  'new Date()',
  'new Date',
  'Date()',
  'performance.now()',
  'globalThis.performance.now()',
  'setTimeout(String, 1)',
  'setInterval(String, 1)',
  'AbortSignal.timeout(1)',
].map((read) => `export const x = ${read};\n`);
READS_OF_TIME.push(
  "import { setTimeout as sleep } from 'node:timers/promises';\nexport const x = sleep;\n",
  "import { systemClock } from '../../kit/time.ts';\nexport const x = systemClock;\n",
);

test('nothing in rollout, routing, controller, cli and verify reads time but from the clock that it is given', async () => {
  const files = Object.fromEntries(
    ['rollout', 'routing/flags', 'controller/engine', 'cli/commands', 'verify'].flatMap((folder) =>
      READS_OF_TIME.map((code, at) => [`src/${folder}/${at}.ts`, code] as const),
    ),
  );
  for (const [file, said] of await messages(files)) {
    assert.match(said.join(), /Time is read from the clock/, `${file}: ${files[file]}`);
  }
});

test('times that are known are written anywhere, and tests, pages and others may read them', async () => {
  const said = await messages({
    'src/rollout/some.ts':
      "export const x = [new Date(0).toISOString(), Date.parse('2026-03-01'), performanceTable()];\n",
    'src/rollout/some.test.ts': READS_OF_TIME.join(''),
    'src/controller/console/page/some.ts': READS_OF_TIME.join(''),
    'src/service/some.ts': READS_OF_TIME.join(''),
  });
  assert.deepEqual(Array.from(said.values()).flat(), []);
});

test('no program asks over HTTP but through the one client; the page in a browser and tests may', async () => {
  const asked = [
    "export const x = fetch('http://a');\n",
    "export const x = ['http://a'].map(fetch);\n",
    "export const x = globalThis.fetch('http://a');\n",
    "import { get } from 'node:http';\nexport const x = get;\n",
    "import { Agent } from 'node:https';\nexport const x = Agent;\n",
    "import { request } from 'undici';\nexport const x = request;\n",
  ];
  const wrong = Object.fromEntries(
    ['cli/commands', 'dev/demo', 'controller/signals'].flatMap((folder) =>
      asked.map((code, at) => [`src/${folder}/${at}.ts`, code] as const),
    ),
  );
  for (const [file, said] of await messages(wrong)) {
    assert.match(said.join(), /HTTP is asked through kit/, `${file}: ${wrong[file]}`);
  }
  const right = await messages({
    'src/kit/http/some.ts': asked.slice(3).join(''),
    'src/controller/console/page/some.ts': asked.join(''),
    'src/cli/some.test.ts': asked.join(''),
    'src/routing/flags/some.ts': "import { connect } from 'node:http2';\nexport const x = connect;\n",
  });
  assert.deepEqual(Array.from(right.values()).flat(), []);
});

test('imports run downward', async () => {
  const upward = [
    ['kit/http', '../../rollout/event.ts'],
    ['rollout', '../flagd/lint.ts'],
    ['routing/flags', '../../violations/violation.ts'],
    ['violations', '../contract/schemas.ts'],
    ['contract', '../consistency/check.ts'],
    ['verify', '../service/settings.ts'],
    ['service', '../controller/settings.ts'],
    ['cli/commands', '../../dev/demo/parts.ts'],
    ['dev/demo', '../../../test/support/cli.ts'],
  ] as const;
  const forms = (source: string) => [
    `import '${source}';\n`,
    `export * from '${source}';\n`,
    `import type { X } from '${source}';\nexport type Y = X;\n`,
    `export const x = () => import('${source}');\n`,
  ];
  const wrong = upward.flatMap(([folder, source]) =>
    forms(source).map((code, at) => [`src/${folder}/${at}.ts`, code] as const),
  );
  for (const [file, said] of await messages(Object.fromEntries(wrong))) {
    assert.match(said.join(), /Imports run downward/, file);
  }
  const right = await messages({
    'src/rollout/some.ts': "import '../kit/time.ts';\n",
    'src/violations/http/some.ts': "import '../../routing/path.ts';\n",
    'src/contract/some.ts': "import '../rollout/event.ts';\n",
    'src/controller/engine/some.ts': "import '../../contract/schemas.ts';\n",
    'src/cli/commands/some.ts': "import '../render/status.ts';\n",
    'src/service.ts': "import './service/create-service.ts';\n",
    'src/kit/some.test.ts': "import '../rollout/event.ts';\n",
  });
  assert.deepEqual(Array.from(right.values()).flat(), []);
});

test('programs ask over HTTP through the one client', async () => {
  const asking = [
    "export const x = fetch('http://a');\n",
    "export const x = fetch('http://a', {});\n",
    "export const x = globalThis.fetch('http://a');\n",
    "import 'node:http';\n",
    "import 'node:https';\n",
  ];
  const wrong = Object.fromEntries(asking.map((code, at) => [`src/cli/${at}.ts`, code]));
  for (const [file, said] of await messages(wrong)) {
    assert.match(said.join(), /HTTP is asked through/, wrong[file]);
  }
  const right = await messages({
    'src/kit/http/server.ts': "import 'node:http';\n",
    'src/cli/some.test.ts': asking.join(''),
    'src/controller/console/page/some.ts': "export const x = fetch('/api/status');\n",
  });
  assert.deepEqual(Array.from(right.values()).flat(), []);
});
