import type { Command } from 'commander';
import { type ApiClient, createApiClient } from '../contract/client.ts';
import type { Clock } from '../kit/time.ts';
import { cliErrorOf } from './client-errors.ts';
import { readToken, readUrl } from './connection.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { createOutput, type Output } from './terminal/output.ts';

export type GlobalOptions = { readonly url?: string; readonly json?: boolean; readonly color: boolean };

/** Below this, hiding a token would tear words apart; the controller's are longer. */
const SHORTEST_HIDDEN = 8;

/** What every command works with. */
export type Context = {
  readonly output: (command: Command) => Output;
  /** Its failures are CliErrors that say what to do. */
  readonly client: (command: Command, signal?: AbortSignal) => ApiClient;
  /** Ends the process with this code once the command is over. */
  readonly finishWith: (code: ExitCode) => void;
  readonly exitCode: () => ExitCode;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
};

export function createContext(env: NodeJS.ProcessEnv, clock: Clock): Context {
  const secrets: string[] = [];
  let code: ExitCode = EXIT.ok;
  const token = () => {
    const read = readToken(env);
    if (read !== undefined && read.length >= SHORTEST_HIDDEN) {
      secrets.push(read);
    }
    return read;
  };
  return {
    output: (command) => createOutput(env, command.optsWithGlobals<GlobalOptions>().color, () => secrets),
    client: (command, signal) =>
      createApiClient({
        url: readUrl(command.optsWithGlobals<GlobalOptions>().url, env),
        token,
        signal,
        errorOf: cliErrorOf,
      }),
    finishWith: (given) => {
      code = given;
    },
    exitCode: () => code,
    env,
    clock,
  };
}
