import { type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Manifest } from './manifests.ts';

export type ApiAnswer = { readonly status: number; readonly message: string };

/** The API server as kubectl speaks to it: objects go as they are written, not through a client's types. */
export type Api = {
  /** @returns the path of an object's kind; undefined where the server knows no such kind. */
  readonly pathOf: (manifest: Manifest) => Promise<string | undefined>;
  /** Server-side apply; with `dryRun` everything is checked and nothing kept. Fields that the server does not know are refused. */
  readonly apply: (manifest: Manifest, options?: { readonly dryRun?: boolean }) => Promise<ApiAnswer>;
  readonly call: (method: string, path: string, body?: object, contentType?: string) => Promise<ApiAnswer>;
};

type Resource = { readonly name: string; readonly kind: string; readonly namespaced: boolean };

export function createApi(kubeConfig: KubeConfig): Api {
  const known = new Map<string, Promise<readonly Resource[]>>();

  async function call(method: string, path: string, body?: object, contentType = 'application/json') {
    const server = kubeConfig.getCurrentCluster()?.server;
    const options: RequestOptions = { method, headers: body && { 'Content-Type': contentType }, timeout: 10_000 };
    await kubeConfig.applyToHTTPSOptions(options);
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const sent = request(new URL(path, server), options, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
      });
      sent.on('error', reject);
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered within 10 s`)));
      // JSON is YAML too, which is what an apply takes.
      sent.end(body && JSON.stringify(body));
    });
    return { status: answer.status, message: answer.body };
  }

  async function resourcesOf(apiVersion: string): Promise<readonly Resource[]> {
    const { status, message } = await call('GET', rootOf(apiVersion));
    return status === 404 ? [] : JSON.parse(message).resources;
  }

  async function pathOf({ apiVersion, kind, metadata: { namespace } }: Manifest): Promise<string | undefined> {
    const resources = known.get(apiVersion) ?? resourcesOf(apiVersion);
    known.set(apiVersion, resources);
    const resource = (await resources).find((each) => each.kind === kind && !each.name.includes('/'));
    if (resource === undefined) {
      known.delete(apiVersion);
      return undefined;
    }
    const place = resource.namespaced ? `/namespaces/${namespace}` : '';
    return `${rootOf(apiVersion)}${place}/${resource.name}`;
  }

  return {
    call,
    pathOf,
    apply: async (manifest, { dryRun = false } = {}) => {
      const path = await pathOf(manifest);
      if (path === undefined) {
        throw new Error(`the API server knows no ${manifest.kind} of ${manifest.apiVersion}`);
      }
      const query = `fieldManager=sluice-test&fieldValidation=Strict&force=true${dryRun ? '&dryRun=All' : ''}`;
      return call('PATCH', `${path}/${manifest.metadata.name}?${query}`, manifest, 'application/apply-patch+yaml');
    },
  };
}

const rootOf = (apiVersion: string) => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
