import { once } from 'node:events';
import { constants } from 'node:os';
import { inspect } from 'node:util';
import { ExpectedError } from './expected-error.ts';
import { systemClock } from './time.ts';

/** npm passes on the Ctrl-C that its terminal has sent to the program as well: for so long a second signal is the first one. */
const ECHO_MS = 1_000;

const stop = new AbortController();
let endsAtOnceFromMs = 0;

/** Aborted by SIGTERM, SIGINT or one of `more`. Another one later ends the process at once. */
export function stopSignal(...more: NodeJS.Signals[]): AbortSignal {
  for (const signal of ['SIGTERM', 'SIGINT', ...more] as const) {
    process.off(signal, onSignal).on(signal, onSignal);
  }
  return stop.signal;
}

function onSignal(signal: NodeJS.Signals): void {
  if (!stop.signal.aborted) {
    endsAtOnceFromMs = systemClock.monotonic() + ECHO_MS;
    stop.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
  } else if (systemClock.monotonic() >= endsAtOnceFromMs) {
    process.exit(128 + constants.signals[signal]);
  }
}

/** @returns once the process was asked to stop. */
export async function untilStopped(...more: NodeJS.Signals[]): Promise<void> {
  const signal = stopSignal(...more);
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}

/**
 * Runs a program, and ends the process with the code it returns, else 0, or 1 where it throws.
 * @param failed says what has failed, before the error's message; without it, errors that nobody expects are shown whole.
 */
export async function runMain(main: () => Promise<number> | Promise<void>, failed?: string): Promise<never> {
  try {
    process.exitCode = (await main()) ?? process.exitCode;
  } catch (error) {
    process.stderr.write(`${describe(error, failed)}\n`);
    process.exitCode = 1;
  }
  // A pipe takes what is written to it only as fast as it is read.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  );
  process.exit();
}

function describe(error: unknown, failed: string | undefined): string {
  // An AggregateError of all addresses that refused has no message of its own.
  const { name, message, code } = error as NodeJS.ErrnoException;
  if (error instanceof ExpectedError) {
    return message;
  }
  const isStopped = stop.signal.aborted && name === 'AbortError';
  return failed === undefined
    ? inspect(error)
    : `${failed}: ${isStopped ? stop.signal.reason.message : message || code}`;
}
