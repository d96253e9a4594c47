import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { FlagReading, FlagWrite, FlagWritten } from '../../src/controller/engine/ports.ts';
import { createConfigMapLever } from '../../src/controller/levers/configmap-lever.ts';
import { createKubernetesLever } from '../../src/controller/levers/kubernetes.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import { startKubeApi } from '../support/kube-api.ts';

/** Which key of a ConfigMap flagd reads (API server: a stand-in). */
const FLAG = 'violation-status-domain-percent';
const MAP = '/api/v1/namespaces/default/configmaps/flags';
const textOf = (variant: string) =>
  JSON.stringify({
    flags: { [FLAG]: { state: 'ENABLED', variants: { off: 0, p5: 5, p25: 25 }, defaultVariant: variant } },
  });
const OTHERS = JSON.stringify({ flags: { other: { state: 'ENABLED', variants: { a: 1 }, defaultVariant: 'a' } } });
const never = new AbortController().signal;
const to = (percent: number, expected: number | undefined): FlagWrite => ({
  percent,
  expected,
  leaseUntilMs: undefined,
});

async function bench(data: Record<string, string>) {
  const api = await startKubeApi();
  const put = (next: Record<string, string>) => api.put(MAP, { ...api.get(MAP), kind: 'ConfigMap', data: next });
  put(data);
  const place = { kubeConfig: api.kubeConfig, namespace: 'default', name: 'flags', flag: FLAG, clock };
  const held = () => api.get(MAP).data as Record<string, string>;
  const variant = (key: string) => JSON.parse(held()[key] ?? '').flags[FLAG].defaultVariant;
  return {
    api,
    held,
    put,
    variant,
    leverOn: (key?: string) => createConfigMapLever({ ...place, key }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

const faultOf = (reading: FlagReading) => (reading.kind === 'unreachable' ? undefined : reading.fault);
const problemsOf = (written: FlagWritten) => (written.kind === 'refused' ? written.problems.join() : written.kind);

describe('the key that holds the flag', () => {
  test('is found whatever it is called, beside keys that do not hold it', async () => {
    await using at = await bench({ 'sluice.json': textOf('p5'), 'flags.json': OTHERS, 'note.txt': 'ours' });
    const lever = at.leverOn();
    assert.deepEqual(await lever.read(never), { kind: 'read', percent: 5, leaseUntilMs: undefined });
    assert.deepEqual(await lever.write(to(0, 5), never), { kind: 'written' });
    assert.deepEqual(at.held(), { 'sluice.json': textOf('off'), 'flags.json': OTHERS, 'note.txt': 'ours' });
  });

  test('stays the one it was when another key gets the flag: that is at fault, and a rollback lowers both', async () => {
    await using at = await bench({ 'sluice.json': textOf('p25') });
    const lever = at.leverOn();
    await lever.read(never);
    at.put({ 'sluice.json': textOf('p25'), 'flags.json': textOf('p5') });
    const reading = await lever.read(never);
    assert.equal(reading.kind === 'read' && reading.percent, 25);
    assert.match(
      faultOf(reading) ?? '',
      /default\/flags: the flag .* is also in flags\.json, and flagd reads sluice\.json/,
    );
    assert.match(problemsOf(await lever.write({ ...to(100, 25) }, never)), /is also in flags\.json/);
    assert.deepEqual(await lever.write(to(5, undefined), never), { kind: 'written' });
    assert.deepEqual([at.variant('sluice.json'), at.variant('flags.json')], ['p5', 'off']);
    at.put({ 'sluice.json': textOf('p25'), 'flags.json': textOf('p5') });
    assert.deepEqual(await lever.write(to(0, undefined), never), { kind: 'written' });
    assert.deepEqual([at.variant('sluice.json'), at.variant('flags.json')], ['off', 'off']);
  });

  test('stays the one it was when it loses the flag to another, whose percent is never reported', async () => {
    await using at = await bench({ 'sluice.json': textOf('p25') });
    const lever = at.leverOn();
    await lever.read(never);
    at.put({ 'sluice.json': OTHERS, 'flags.json': textOf('p5') });
    const reading = await lever.read(never);
    assert.equal(reading.kind, 'unusable');
    assert.match(faultOf(reading) ?? '', /is also in flags\.json/);
  });

  test('is known again after a restart, also where another key got the flag meanwhile', async () => {
    await using at = await bench({ 'sluice.json': textOf('p25') });
    await at.leverOn().rehearse(never);
    at.put({ 'sluice.json': textOf('p25'), 'flags.json': textOf('p5') });
    const reading = await at.leverOn().read(never);
    assert.equal(reading.kind === 'read' && reading.percent, 25);
    assert.match(faultOf(reading) ?? '', /flagd reads sluice\.json/);
  });

  test('is the one that is set, whatever others hold', async () => {
    await using at = await bench({ 'a.json': textOf('p5'), 'b.json': textOf('p25') });
    const reading = await at.leverOn('b.json').read(never);
    assert.equal(reading.kind === 'read' && reading.percent, 25);
    assert.match(faultOf(reading) ?? '', /also in a\.json, and flagd reads b\.json/);
  });
});

test('good flags that were kept of one key are not put into another', async () => {
  await using at = await bench({ 'a.json': textOf('p5') });
  await at.leverOn('a.json').rehearse(never);
  at.put({ 'a.json': OTHERS, 'b.json': '{' });
  assert.match(problemsOf(await at.leverOn('b.json').write(to(0, undefined), never)), /no good flags were read before/);
  at.put({ 'a.json': '{', 'b.json': OTHERS });
  assert.deepEqual(await at.leverOn('a.json').write(to(0, undefined), never), { kind: 'written' });
  assert.equal(at.variant('a.json'), 'off');
});

describe('where several keys hold the flag and none is known', () => {
  test('no percent is reported and nothing is written but 0, in each of them', async () => {
    await using at = await bench({ 'a.json': textOf('p5'), 'b.json': textOf('off'), 'c.json': textOf('p25') });
    const lever = at.leverOn();
    const reading = await lever.read(never);
    assert.equal(reading.kind, 'unusable');
    assert.match(faultOf(reading) ?? '', /several keys hold the flag .*: a\.json, b\.json, c\.json;.*set FLAG_KEY/);
    for (const write of [to(25, 5), to(5, undefined), to(5, 25)]) {
      assert.match(problemsOf(await lever.write(write, never)), /several keys hold/);
    }
    assert.equal(at.api.patches.length, 0);
    assert.deepEqual(await lever.rehearse(never), { kind: 'works', way: 'patch' });
    assert.deepEqual(await lever.write(to(0, undefined), never), { kind: 'written' });
    assert.deepEqual(['a.json', 'b.json', 'c.json'].map(at.variant), ['off', 'off', 'off']);
  });

  test('one that is broken counts, fails by name, and does not keep the others from being lowered', async () => {
    await using at = await bench({ 'a.json': textOf('p5').slice(0, -1), 'b.json': textOf('p25') });
    const lever = at.leverOn();
    assert.match(faultOf(await lever.read(never)) ?? '', /several keys hold/);
    assert.match(
      problemsOf(await lever.write(to(0, undefined), never)),
      /^default\/flags: a\.json: 1:\d+: this is not valid JSON/,
    );
    assert.equal(at.variant('b.json'), 'off');
  });
});

test('where no key holds the flag a rollback is refused: it would go where flagd does not read', async () => {
  await using at = await bench({ 'other.json': OTHERS });
  const lever = at.leverOn();
  assert.match(problemsOf(await lever.write(to(0, undefined), never)), /no good flags were read before/);
  assert.match(faultOf(await lever.read(never)) ?? '', /no key holds the flag .* as JSON; its keys are other\.json/);
  assert.equal(at.api.patches.length, 0);
});

describe('a controller', () => {
  async function start(api: { kubeConfig: { exportConfig: () => string } }, key?: string) {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-configmap-'));
    const before = process.env.KUBECONFIG;
    process.env.KUBECONFIG = join(folder, 'config');
    try {
      await writeFile(join(folder, 'config'), api.kubeConfig.exportConfig());
      return await createKubernetesLever({
        kind: 'configmap',
        namespace: 'default',
        name: 'flags',
        flag: FLAG,
        key,
        clock,
      });
    } finally {
      await rm(folder, { recursive: true });
      if (before === undefined) {
        delete process.env.KUBECONFIG;
      } else {
        process.env.KUBECONFIG = before;
      }
    }
  }

  for (const [what, data, key, why] of [
    [
      'the flag is in no key',
      { 'x.json': OTHERS },
      undefined,
      /^FLAG_KEY is not set, and of default\/flags no key holds the flag/,
    ],
    [
      'it is in several, all at 0',
      { 'a.json': textOf('off'), 'b.json': textOf('off') },
      undefined,
      /several keys hold.*set FLAG_KEY/,
    ],
    [
      'the key is not there',
      { 'a.json': textOf('off') },
      'b.json',
      /^FLAG_KEY is b\.json, and of .* is also in a\.json/,
    ],
    [
      'the key does not hold it',
      { 'a.json': OTHERS },
      'a.json',
      /^FLAG_KEY is a\.json, and of .* that key does not hold the flag/,
    ],
  ] as const) {
    test(`does not start where ${what}, and says so`, async () => {
      await using at = await bench({ ...data });
      await assert.rejects(
        start(at.api, key),
        (error: Error) => error.name === 'SettingsError' && why.test(error.message),
      );
    });
  }

  test('starts where one of several may be serving, or the text is broken: one that ends would guard nothing', async () => {
    await using at = await bench({ 'a.json': textOf('off'), 'b.json': textOf('p5') });
    assert.equal((await start(at.api)).name, 'configmap');
    at.put({ 'a.json': '{' });
    assert.equal((await start(at.api, 'a.json')).name, 'configmap');
  });

  test('starts while the API server does not answer: it may be back any moment', async () => {
    await using at = await bench({ 'x.json': OTHERS });
    at.api.fail(503);
    assert.equal((await start(at.api)).name, 'configmap');
  });
});
