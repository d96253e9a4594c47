import { errors } from 'undici';
import { TimedOut } from '../time.ts';

/** There is no usable answer. */
export type Failed = {
  readonly kind: 'failed';
  readonly why: 'unreachable' | 'timeout' | 'malformed';
  /** The system's code, such as `ECONNREFUSED`, where it has one; otherwise words. */
  readonly detail: string;
  /** How far it got: only what was not sent cannot have been done. */
  readonly progress: 'not sent' | 'sent' | 'answered';
};

/** An answer beyond its bound. */
export class TooLarge extends Error {}

type Fault = Error & { readonly code?: string; readonly errors?: readonly NodeJS.ErrnoException[] };

/** @param error of a socket, of TLS, or of undici. */
export function whatFailed(error: Fault): Pick<Failed, 'why' | 'detail'> {
  if (error instanceof TimedOut) {
    return { why: 'timeout', detail: error.message };
  }
  if (error instanceof TooLarge) {
    return { why: 'malformed', detail: error.message };
  }
  if (error instanceof errors.SocketError) {
    return { why: 'unreachable', detail: 'ECONNRESET' };
  }
  if (error instanceof errors.ConnectTimeoutError) {
    return { why: 'timeout', detail: 'no connection in time' };
  }
  if (error instanceof errors.HTTPParserError || error instanceof errors.HeadersOverflowError) {
    return { why: 'malformed', detail: `the answer is not HTTP that can be read: ${error.message}` };
  }
  // A name with several addresses fails with one error for each.
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  return { why: 'unreachable', detail: code === '' || code.startsWith('UND_ERR_') ? error.message : code };
}

/** The connection was closed before any of the answer was received. */
export const isHungUp = ({ progress, detail }: Failed): boolean =>
  progress === 'sent' && (detail === 'ECONNRESET' || detail === 'EPIPE');
