import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlagLever, FlagWrite } from '../../src/controller/engine/ports.ts';
import { createConfigMapLever } from '../../src/controller/levers/configmap-lever.ts';
import { createFeatureFlagLever } from '../../src/controller/levers/featureflag-lever.ts';
import { createFileLever } from '../../src/controller/levers/file-lever.ts';
import type { SpareFlags } from '../../src/controller/levers/store.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import { startKubeApi, type TestKubeApi } from './kube-api.ts';

export const FLAG = 'violation-status-domain-percent';
export const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p10: 10, p25: 25 }, defaultVariant: 'p5' };
export const OTHER = { state: 'ENABLED', variants: { a: 'x', b: 'y' }, defaultVariant: 'a' };
export const flags = (changes: object = {}, others: object = { other: OTHER }) => ({
  flags: { ...others, [FLAG]: { ...GOOD, ...changes } },
});
export const jsonOf = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

export const never = new AbortController().signal;
export const to = (percent: number, expected: number | undefined, leaseUntilMs?: number): FlagWrite => ({
  percent,
  expected,
  leaseUntilMs,
});
export const READ = { kind: 'read', leaseUntilMs: undefined } as const;

/** One lever over a store in which the test reads and edits as other people do. */
export type Bench = AsyncDisposable & {
  readonly lever: FlagLever;
  /** Another one over the same, as after a restart. */
  readonly anew: (spare?: SpareFlags) => FlagLever;
  readonly held: () => Promise<string>;
  readonly edit: (flagsText: string) => Promise<void>;
};

export async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'sluice-levers-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

export async function fileBench(): Promise<Bench & { readonly file: string; readonly names: () => Promise<string[]> }> {
  const directory = await folder();
  const file = join(directory.path, 'flags.json');
  const edit = (text: string) => writeFile(file, text);
  await edit(jsonOf(flags()));
  return {
    file,
    lever: createFileLever({ file, flag: FLAG, clock }),
    anew: (spare) => createFileLever({ file, flag: FLAG, clock, spare }),
    held: () => readFile(file, 'utf8'),
    edit,
    names: () => readdir(directory.path),
    [Symbol.asyncDispose]: directory[Symbol.asyncDispose],
  };
}

export const MAP = '/api/v1/namespaces/default/configmaps/flags';
export const CUSTOM = '/apis/core.openfeature.dev/v1beta1/namespaces/default/featureflags/flags';

const placeOn = ({ kubeConfig }: TestKubeApi) => ({
  kubeConfig,
  namespace: 'default',
  name: 'flags',
  flag: FLAG,
  clock,
  callMs: 300,
});

export async function mapBench(): Promise<Bench & { readonly api: TestKubeApi }> {
  const api = await startKubeApi();
  const edit = async (text: string) =>
    api.put(MAP, { ...api.get(MAP), kind: 'ConfigMap', data: { 'note.txt': 'ours', 'flags.json': text } });
  await edit(jsonOf(flags()));
  return {
    api,
    lever: createConfigMapLever(placeOn(api)),
    anew: (spare) => createConfigMapLever({ ...placeOn(api), spare }),
    held: async () => (api.get(MAP).data as Record<string, string>)['flags.json'] as string,
    edit,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

export async function customBench(): Promise<Bench & { readonly api: TestKubeApi }> {
  const api = await startKubeApi();
  const edit = async (text: string) =>
    api.put(CUSTOM, { ...api.get(CUSTOM), kind: 'FeatureFlag', spec: { flagSpec: JSON.parse(text) } });
  await edit(jsonOf(flags()));
  return {
    api,
    lever: createFeatureFlagLever(placeOn(api)),
    anew: (spare) => createFeatureFlagLever({ ...placeOn(api), spare }),
    held: async () => jsonOf((api.get(CUSTOM).spec as { flagSpec: object }).flagSpec),
    edit,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
