import { ApiException, type ConfigurationOptions, Observable } from '@kubernetes/client-node';
import { type Clock, TimedOut } from '../../kit/time.ts';
import { type SpareFlags, StoreError } from './store.ts';

const CALL_MS = 2_000;

export type KubePlace = {
  readonly namespace: string;
  readonly name: string;
  /** How long one call to the API server may take. */
  readonly callMs?: number;
  readonly clock: Clock;
  readonly spare?: SpareFlags | undefined;
};

/** One step of a JSON Patch (RFC 6902). A merge patch would mix the new targeting rule with the old one. */
export type PatchStep = {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
};

/**
 * The precondition: an object that carries another resourceVersion than the stored one is refused with 409.
 * (`test` is refused too, but as 422 or 500, like a fault.)
 */
export function onlyAt(resourceVersion: string | undefined): PatchStep {
  return { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion };
}

/** A JSON Pointer (RFC 6901). */
export function pointer(...parts: string[]): string {
  return parts.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

type Bounds = Pick<KubePlace, 'clock'> & { readonly callMs: number | undefined; readonly signal: AbortSignal };

/** Makes one call that ends with `signal` or in time. @throws StoreError, but for 409, which is `undefined`. */
export async function callKube<T>(
  { clock, callMs = CALL_MS, signal }: Bounds,
  call: (options: ConfigurationOptions) => Promise<T>,
): Promise<T | undefined> {
  try {
    // Not only the request: credential plugins and files run before it, and take no signal.
    return await clock.within(callMs, (ending) => call(endedBy(ending)), signal);
  } catch (error) {
    if (error instanceof ApiException && error.code === 409) {
      return undefined;
    }
    throw asStoreError(error, signal);
  }
}

function endedBy(signal: AbortSignal): ConfigurationOptions {
  return {
    middleware: [
      {
        pre: (request) => {
          request.setSignal(signal);
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: 'append',
  };
}

function asStoreError(error: unknown, signal: AbortSignal): StoreError {
  if (error instanceof ApiException) {
    const { code } = error;
    const passing = code === 429 || code >= 500;
    return new StoreError(
      passing ? 'unreachable' : 'refused',
      `the API server answered ${code}: ${statusMessage(error.body)}`,
    );
  }
  const { message, cause } = error as Error;
  if (error instanceof TimedOut || signal.aborted) {
    return new StoreError('unreachable', `the API server did not answer: ${message}`);
  }
  return new StoreError('unreachable', cause instanceof Error ? `${message}: ${cause.message}` : message);
}

/** The body is a Status object as text, or whatever a proxy between says. */
function statusMessage(body: unknown): string {
  try {
    const { message } = (typeof body === 'string' ? JSON.parse(body) : body) as { message?: unknown };
    return String(message);
  } catch {
    return String(body).slice(0, 200);
  }
}
