import type { Failed } from '../kit/http/client.ts';

/** Why a call of the controller's API gave nothing. No text in it has the token. */
export type ApiFailure = { readonly url: URL } & (
  | { readonly kind: 'no-token' }
  | {
      readonly kind: 'unreachable';
      readonly failed: Failed;
      readonly timeoutMs: number;
      /** Whether a change was asked for, which may be made all the same. */
      readonly isChange: boolean;
    }
  /** Something else than 200. `type` and `detail` are the controller's own (RFC 9457); a proxy before it has none. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly type: string | undefined;
      readonly detail: string | undefined;
      readonly body: string;
    }
  /** An answer with 200 that is not the controller's. */
  | { readonly kind: 'foreign'; readonly wrong: string; readonly body: string }
);

/** In words for whoever has none of their own. */
export function apiError(failure: ApiFailure): Error {
  const where = `${failure.url.origin}${failure.url.pathname}`;
  switch (failure.kind) {
    case 'no-token':
      return new Error(`A change needs the token of the controller at ${where}, and none was given.`);
    case 'unreachable':
      return new Error(`The controller at ${where} was not reached: ${failure.failed.detail}.`);
    case 'refused':
      return new Error(`${where} answered ${failure.status}: ${failure.detail ?? beginningOf(failure.body)}`);
    case 'foreign':
      return new Error(`What answers at ${where} is not a controller that this version knows: ${failure.wrong}.`);
  }
}

const SHOWN_CHARACTERS = 60;

/** The beginning of a body that nobody expected. */
export function beginningOf(body: string): string {
  const text = body.trim();
  return text === '' ? 'nothing' : JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}
