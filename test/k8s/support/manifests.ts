import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { findKustomize } from './kustomize.ts';

const K8S = join(import.meta.dirname, '../../../k8s');

/** A Kubernetes object, as far as every kind has it. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own form, which the API server checks.
  readonly [field: string]: any;
};

/** Overlays as they are, and the base with each component that no overlay has. */
export const VARIANTS = {
  dev: 'overlays/dev',
  staging: 'overlays/staging',
  production: 'overlays/production',
  'production from a ConfigMap': { on: 'overlays/production', component: 'components/configmap-source' },
  'production with a lease': { on: 'overlays/production', component: 'components/lease' },
} as const;
export type Variant = keyof typeof VARIANTS;

const built = new Map<Variant, Promise<readonly Manifest[]>>();

/** What `kubectl apply -k` would send. */
export function buildVariant(variant: Variant): Promise<readonly Manifest[]> {
  const build = built.get(variant) ?? buildNow(variant);
  built.set(variant, build);
  return build;
}

async function buildNow(variant: Variant): Promise<readonly Manifest[]> {
  const what = VARIANTS[variant];
  if (typeof what === 'string') {
    return buildFolder(join(K8S, what));
  }
  // kustomize reads only below where it starts, and by relative paths.
  const folder = await mkdtemp(join(K8S, 'overlays', '.test-'));
  try {
    const kustomization = {
      namespace: 'sluice',
      resources: [join('../..', what.on)],
      components: [join('../..', what.component)],
    };
    await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
    return await buildFolder(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export async function buildFolder(folder: string): Promise<readonly Manifest[]> {
  const [program, ...args] = await findKustomize();
  const { stdout } = await promisify(execFile)(program, [...args, folder], { maxBuffer: 2 ** 24 });
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

export const nameOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;

export const ofKind = (manifests: readonly Manifest[], ...kinds: readonly string[]) =>
  manifests.filter(({ kind }) => kinds.includes(kind));

export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) {
    throw new Error(`there is no ${kind} ${name}; there are: ${manifests.map(nameOf).join(', ')}`);
  }
  return found;
}
