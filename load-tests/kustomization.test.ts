import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

type Kustomization = { configMapGenerator: [{ name: string; files: string[] }] };
type Job = {
  spec: {
    template: {
      spec: {
        containers: [{ args: string[]; env: { name: string; value?: string }[] }];
        volumes: { name: string; configMap?: { name: string; items: { key: string; path: string }[] } }[];
      };
    };
  };
};

const read = async <T>(name: string): Promise<T> => parse(await readFile(join(import.meta.dirname, name), 'utf8'));

const isScript = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts');
const scripts = (await readdir(import.meta.dirname)).filter(isScript);
const shared = (await readdir(join(import.meta.dirname, 'lib'))).filter(isScript);

test('the Job has every script, and all that they share, under the names by which they are imported', async () => {
  const { configMapGenerator } = await read<Kustomization>('kustomization.yaml');
  const { spec } = (await read<Job>('job.yaml')).spec.template;
  const [generated] = configMapGenerator;
  const mounted = spec.volumes.find(({ configMap }) => configMap?.name === generated.name)?.configMap?.items ?? [];
  // A file is `path` or `key=path`.
  const files = new Map(generated.files.map((file) => [file.split('=').at(0), file.split('=').at(-1)]));
  assert.deepEqual(
    mounted.map(({ key, path }) => [key, path]),
    [...files],
    'each file has the path that it has here',
  );
  const wanted = [...scripts, ...shared.map((name) => `lib/${name}`)];
  assert.deepEqual([...files.values()].toSorted(), wanted.toSorted());
});

test('the Job runs a script that there is, by a name that is changed in one place', async () => {
  const [container] = (await read<Job>('job.yaml')).spec.template.spec.containers;
  const chosen = container.env.filter(({ name }) => name === 'SCRIPT').map(({ value }) => `${value}.ts`);
  assert.equal(chosen.length, 1);
  assert.ok(scripts.includes(chosen[0] as string), `${chosen}`);
  assert.equal(container.args.at(-1), '/load-tests/$(SCRIPT).ts');
});
