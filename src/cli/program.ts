import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { Clock } from '../kit/time.ts';
import { addChangeCommands } from './commands/change.ts';
import { addConsistencyCommand } from './commands/consistency-check.ts';
import { addLintCommand } from './commands/lint.ts';
import { addHistoryCommand, addStatusCommand } from './commands/read.ts';
import { addReportCommand } from './commands/report.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { createContext } from './context.ts';
import { CliError, EXIT, EXIT_CODES_HELP, type ExitCode } from './exit-codes.ts';
import { printable } from './terminal/text.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const HELP = `
Settings:
  SLUICE_URL          the controller's address (default: http://127.0.0.1:8090)
  SLUICE_TOKEN        the controller's token, for changes
  SLUICE_TOKEN_FILE   a file that has it (default: .sluice/token, where npm start puts it)
  NO_COLOR            when set, no colours

${EXIT_CODES_HELP}

Examples:
  sluice status --watch
  sluice start --reason "change 4711"
  sluice rollback
  sluice verify --target http://127.0.0.1:8080
  sluice consistency check --since stage
  sluice report --lang zh > report.md
  sluice lint flags.json --plan rollout.yaml`;

/** Runs one command line. @returns the code to end with; what went wrong is on stderr. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv, clock: Clock): Promise<ExitCode> {
  const context = createContext(env, clock);
  const program = new Command('sluice')
    .description('See and steer a rollout: talks to its controller.')
    .version(version)
    .option('--url <url>', "the controller's address (default: SLUICE_URL)")
    .option('--json', 'JSON on stdout and nothing else there')
    .option('--no-color', 'no colours')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('Add --help to see what is allowed.')
    .addHelpText('after', HELP)
    .exitOverride();
  addStatusCommand(program, context);
  addChangeCommands(program, context);
  addHistoryCommand(program, context);
  addVerifyCommand(program, context);
  addConsistencyCommand(program, context);
  addReportCommand(program, context);
  addLintCommand(program, context);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return context.exitCode();
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    const { err, paintErr } = context.output(program);
    const isOurs = error instanceof CliError;
    const message = isOurs ? error.message : `unexpected: ${(error as Error).stack ?? String(error)}`;
    err(`${paintErr.red('error:')} ${printable(message)}\n`);
    return isOurs ? error.exitCode : EXIT.unexpected;
  }
}
