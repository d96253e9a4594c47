/** What a script learns from how `sluice` ended. They are listed in --help and docs/cli.md. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  unauthorized: 5,
  lint: 6,
  found: 7,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  something unexpected, such as an answer that is not a controller's
  2  the command line or a setting is wrong
  3  no controller that could do it, or no database, was reached; the same command may work later
  4  refused: this, or a part of it, cannot be done now
  5  the token is missing or wrong
  6  lint found errors
  7  verify or consistency check found a failure`;

/** Ends the command with a message for people and a code for scripts. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
