import type { IncomingMessage, ServerResponse } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { serve } from './http-server.ts';

type Thing = { metadata: { name: string; resourceVersion: string; [more: string]: unknown }; [more: string]: unknown };
type Step = { readonly op: string; readonly path: string; readonly value?: unknown };

export type TestKubeApi = AsyncDisposable & {
  readonly kubeConfig: KubeConfig;
  readonly patches: readonly { readonly path: string; readonly steps: readonly Step[] }[];
  readonly get: (path: string) => Thing;
  /** Somebody else's edit, which makes a new resourceVersion. */
  readonly put: (path: string, thing: object) => void;
  /** Runs once before each of the next patches is applied, first in first out. */
  readonly beforePatch: (edit: () => void) => void;
  /** Requests whose client hung up before an answer. */
  readonly abandoned: () => number;
  /** Answers every request with this status, or never; undefined ends that. */
  readonly fail: (how: number | 'silence' | undefined) => void;
  /** What an admission webhook makes of each object that is patched. */
  readonly admit: (webhook: (thing: object) => object) => void;
  /** Answers each patch that adds an annotation with this status. */
  readonly refuseAnnotations: (code: number) => void;
  /** Answers every patch with this status; undefined ends that. */
  readonly refusePatches: (code: number | undefined) => void;
};

/**
 * A stand-in for the Kubernetes API server: objects by path, GET, and JSON Patch with the real one's resourceVersion rule (an
 * object that carries another version than the stored one is a 409). No real API server has run these tests.
 */
export async function startKubeApi(): Promise<TestKubeApi> {
  const things = new Map<string, Thing>();
  const patches: { path: string; steps: Step[] }[] = [];
  const edits: (() => void)[] = [];
  let failing: number | 'silence' | undefined;
  let refusing: number | undefined;
  let refusingAnnotations: number | undefined;
  let webhook: (thing: object) => object = (thing) => thing;
  let version = 100;
  let abandoned = 0;

  function put(path: string, thing: object): void {
    version += 1;
    const { metadata, ...rest } = structuredClone(thing) as Thing;
    const name = path.split('/').at(-1) as string;
    things.set(path, { ...rest, metadata: { ...metadata, name, resourceVersion: String(version) } });
  }

  function patch(path: string, body: string, isDryRun: boolean): [number, object] {
    const steps = JSON.parse(body) as Step[];
    if (!isDryRun) {
      edits.shift()?.();
      patches.push({ path, steps });
    }
    if (refusingAnnotations !== undefined && steps.some((step) => isAnnotating(step))) {
      return [refusingAnnotations, status(refusingAnnotations, 'no annotations')];
    }
    const stored = things.get(path) as Thing;
    const patched = structuredClone(stored);
    try {
      for (const step of steps) {
        apply(patched, step);
      }
    } catch (error) {
      return [422, status(422, (error as Error).message)];
    }
    if (patched.metadata.resourceVersion !== stored.metadata.resourceVersion) {
      return [409, status(409, 'the object has been modified; please apply your changes to the latest version')];
    }
    const invalid = whyInvalid(patched);
    if (invalid !== undefined) {
      return [422, status(422, invalid)];
    }
    const admitted = webhook(patched) as Thing;
    if (!isDryRun) {
      put(path, admitted);
    }
    return [200, isDryRun ? admitted : (things.get(path) as Thing)];
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://localhost');
    const path = decodeURIComponent(url.pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    if (failing === 'silence') {
      response.on('close', () => {
        abandoned += 1;
      });
      return;
    }
    const isPatch = request.method === 'PATCH' && request.headers['content-type'] === 'application/json-patch+json';
    const [code, body] =
      failing !== undefined
        ? [failing, status(failing, 'asked to fail')]
        : !things.has(path)
          ? [404, status(404, `${path} not found`)]
          : request.method === 'GET'
            ? [200, things.get(path) as Thing]
            : isPatch && refusing !== undefined
              ? [refusing, status(refusing, 'no patches')]
              : isPatch
                ? patch(path, Buffer.concat(chunks).toString(), url.searchParams.has('dryRun'))
                : [415, status(415, 'only JSON Patch')];
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  const server = await serve((request, response) => void answer(request, response));
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser({ name: 'test', server: server.url, skipTLSVerify: true }, { name: 'test' });
  return {
    kubeConfig,
    patches,
    get: (path) => structuredClone(things.get(path) as Thing),
    put,
    abandoned: () => abandoned,
    beforePatch: (edit) => edits.push(edit),
    fail: (how) => {
      failing = how;
    },
    admit: (next) => {
      webhook = next;
    },
    refuseAnnotations: (code) => {
      refusingAnnotations = code;
    },
    refusePatches: (code) => {
      refusing = code;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function apply(thing: object, { op, path, value }: Step): void {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = parts.pop() as string;
  let at = thing as Record<string, unknown>;
  for (const part of parts) {
    at = at[part] as Record<string, unknown>;
    if (typeof at !== 'object' || at === null) {
      throw new Error(`the path ${path} does not exist`);
    }
  }
  if (op !== 'add' && !Object.hasOwn(at, last)) {
    throw new Error(`the path ${path} does not exist`);
  }
  if (op === 'remove') {
    delete at[last];
  } else {
    at[last] = value;
  }
}

const isAnnotating = ({ op, path, value }: Step) =>
  op === 'add' && path.startsWith('/metadata/annotations') && value !== '';

const MOST_ANNOTATIONS_BYTES = 256 * 1_024;
const MOST_DATA_BYTES = 1_024 * 1_024;

/** What the resource's own schema checks, and how large it may be. */
function whyInvalid({ kind, spec, metadata, data }: Thing): string | undefined {
  if (bytesOf(metadata.annotations) > MOST_ANNOTATIONS_BYTES) {
    return `metadata.annotations: Too long: may not be more than ${MOST_ANNOTATIONS_BYTES} bytes`;
  }
  if (bytesOf(data) > MOST_DATA_BYTES) {
    return `[]: Too long: may not be more than ${MOST_DATA_BYTES} bytes`;
  }
  const { flags = {} } = ((spec as { flagSpec?: object } | undefined)?.flagSpec ?? {}) as { flags?: object };
  const bad = Object.entries(flags).find(([, flag]) => typeof flag.defaultVariant !== 'string');
  return kind === 'FeatureFlag' && bad
    ? `spec.flagSpec.flags.${bad[0]}.defaultVariant: must be of type string`
    : undefined;
}

const bytesOf = (texts: unknown): number =>
  Object.entries((texts ?? {}) as Record<string, string>).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );

function status(code: number, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code };
}
