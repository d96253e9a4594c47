import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { ControllerEnvironment, readControllerSettings } from '../../src/controller/settings.ts';
import { lintFlagsText } from '../../src/flagd/lint.ts';
import { parsePlan } from '../../src/rollout/plan.ts';
import { readServiceSettings, ServiceEnvironment } from '../../src/service/settings.ts';
import { createTestDatabase } from '../support/database.ts';

type Service = {
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'a-token-for-the-tests';
const compose = await readCompose({ SLUICE_TOKEN: TOKEN });
const all = Object.entries(compose.services);
const named = (name: string) => compose.services[name] as Service;
const isFolderOfOurs = (source: string) => source.startsWith('./');

suite('the Docker Compose file', () => {
  test('mounts what is there, and volumes it declares', async () => {
    const sources = all.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] as string));
    assert.ok(sources.some(isFolderOfOurs));
    for (const source of sources) {
      await (isFolderOfOurs(source)
        ? access(join(ROOT, source))
        : assert.ok(source in compose.volumes, `${source} is no volume`));
    }
  });

  test('builds our image, and takes every other one at an exact version', () => {
    for (const [name, { image, build }] of all) {
      assert.ok(build === '.' || /^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?$/.test(image), `${name}: ${image}`);
    }
  });

  test('opens its ports to this machine only', () => {
    const ports = all.flatMap(([, { ports = [] }]) => ports);
    assert.ok(ports.length > 0);
    assert.deepEqual(
      ports.filter((port) => !port.startsWith('127.0.0.1:')),
      [],
    );
  });

  test('runs everything with a root that cannot be written, and without privileges', () => {
    for (const [name, { read_only, cap_drop, security_opt }] of all) {
      assert.equal(read_only, true, name);
      assert.deepEqual(cap_drop, ['ALL'], name);
      assert.deepEqual(security_opt, ['no-new-privileges:true'], name);
    }
  });

  test('gives the service settings it knows and accepts', () => {
    const { environment = {} } = named('service');
    assert.deepEqual(
      Object.keys(environment).filter((name) => !(name in ServiceEnvironment.properties)),
      [],
    );
    assert.equal(readServiceSettings(environment).FLAGD_HOST, 'flagd');
  });

  test('gives the controller settings it knows and accepts', () => {
    const { environment = {} } = named('controller');
    assert.deepEqual(
      Object.keys(environment).filter((name) => !(name in ControllerEnvironment.properties)),
      [],
    );
    assert.equal(readControllerSettings(environment).token, TOKEN);
  });

  test('starts nothing without a token, and says so', async () => {
    await assert.rejects(readCompose({}), /SLUICE_TOKEN has to be set to 16 characters or more/);
  });

  test('migrates before anything reads a table', () => {
    const done = { condition: 'service_completed_successfully' };
    assert.deepEqual(named('seed').depends_on?.migrate, done);
    assert.deepEqual(named('service').depends_on?.seed, done);
    assert.deepEqual(named('controller').depends_on?.migrate, done);
  });

  test('lets flagd read the very file the controller writes', () => {
    const file = named('controller').environment?.FLAGS_FILE;
    assert.equal(file, '/flags/flags.json');
    assert.ok(named('controller').volumes?.includes('flags:/flags'));
    assert.ok(named('flagd').volumes?.includes('flags:/flags:ro'));
    const sources = named('flagd').command.find((argument) => argument.startsWith('--sources='));
    assert.deepEqual(JSON.parse(sources?.slice('--sources='.length) ?? ''), [{ uri: file, provider: 'fsnotify' }]);
  });

  test('begins at 0 %, with the flag of the plan and of the service', async () => {
    const flag = parsePlan(await readFile(join(ROOT, 'rollout.yaml'), 'utf8'), 'rollout.yaml').flag;
    const text = await readFile(join(ROOT, 'compose/flags.json'), 'utf8');
    assert.equal(readServiceSettings(named('service').environment ?? {}).ROLLOUT_FLAG, flag);
    assert.deepEqual(lintFlagsText(text, { flagKey: flag }), []);
    const { variants, defaultVariant } = JSON.parse(text).flags[flag];
    assert.equal(variants[defaultVariant], 0);
  });

  test('sets up flag and token, and leaves a flag that is there as it is', async () => {
    await using folder = await temporaryFolder();
    const script = named('setup').command[0] as string;
    const at = (path: string) => join(folder.path, path);
    await mkdir(at('seed'), { recursive: true });
    await Promise.all([mkdir(at('flags')), mkdir(at('token'))]);
    await writeFile(at('seed/flags.json'), 'the first flags');
    // Giving files away is for root alone.
    const run = () =>
      promisify(execFile)(
        'sh',
        ['-euc', `chown() { :; }\n${script.replaceAll(/ \/(?=seed|flags|token)/g, ` ${folder.path}/`)}`],
        {
          env: { PATH: process.env.PATH, SLUICE_TOKEN: TOKEN },
        },
      );
    await run();
    assert.equal(await readFile(at('flags/flags.json'), 'utf8'), 'the first flags');
    assert.equal(await readFile(at('token/token'), 'utf8'), TOKEN);
    await writeFile(at('flags/flags.json'), 'a stage later');
    await run();
    assert.equal(await readFile(at('flags/flags.json'), 'utf8'), 'a stage later');
  });

  test('fills an empty table with violations 1 to 1000, and no other', async () => {
    await using database = await createTestDatabase();
    const sql = named('seed')
      .command.find((argument) => argument.startsWith('--command='))
      ?.slice('--command='.length) as string;
    const range = () =>
      database.query('SELECT min(id)::int AS low, max(id)::int AS high, count(*)::int FROM violations');
    await database.query('DELETE FROM violations');
    await database.query(sql);
    assert.deepEqual(await range(), [{ low: 1, high: 1_000, count: 1_000 }]);
    await database.query('DELETE FROM violations WHERE id > 1');
    await database.query(sql);
    assert.deepEqual(await range(), [{ low: 1, high: 1, count: 1 }]);
  });

  test('has Prometheus scrape the jobs that the rules name', async () => {
    const folder = join(ROOT, 'monitoring/rules');
    const rules = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    const jobs = new Set(Array.from(rules.join('').matchAll(/job="([\w-]+)"/g), ([, job]) => job));
    const config = parse(await readFile(join(ROOT, 'compose/prometheus.yaml'), 'utf8'));
    const scraped = new Set(config.scrape_configs.map(({ job_name }: { job_name: string }) => job_name));
    assert.ok(jobs.size > 0);
    assert.deepEqual(jobs.difference(scraped), new Set());
  });

  test('has Alertmanager find the controller and its token where its own file says', async () => {
    const config = parse(await readFile(join(ROOT, 'monitoring/alertmanager/alertmanager.yaml'), 'utf8'));
    const [webhook] = config.receivers.find(({ name }: { name: string }) => name === 'controller').webhook_configs;
    const url = new URL(webhook.url);
    assert.ok(named('controller').networks?.default.aliases.includes(url.hostname));
    assert.ok(named('controller').ports?.some((port) => port.endsWith(`:${url.port}`)));
    const folder = dirname(webhook.http_config.authorization.credentials_file);
    assert.ok(named('alertmanager').volumes?.includes(`token:${folder}:ro`));
    assert.match(named('setup').command[0] as string, /> \/token\/token$/m);
  });
});

/** As Compose reads it: YAML with merge keys, and variables put in. */
async function readCompose(env: Readonly<Record<string, string>>): Promise<Compose> {
  const text = await readFile(join(ROOT, 'compose.yaml'), 'utf8');
  const put = (value: string) =>
    value.replaceAll(/\$(?:(\$)|\{(\w+):(\?|-)([^}]*)\})/g, (_all, dollar, name, kind, more) => {
      if (dollar === undefined && kind === '?' && !env[name]) {
        throw new Error(`${name} ${more}`);
      }
      return dollar ?? (env[name] || more);
    });
  return parse(text, (_key, value) => (typeof value === 'string' ? put(value) : value), { merge: true });
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-compose-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
