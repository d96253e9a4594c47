import { type Command, Option } from 'commander';
import { RepairError } from '../../consistency/repair.ts';
import { openRepairStore } from '../../consistency/sql/repair-store.ts';
import { stopSignal } from '../../kit/run-main.ts';
import { defaultActor, readActor, readId, readReason } from '../arguments.ts';
import { readDatabaseUrl } from '../connection.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { beginRepair, beginUndo } from './repair-begin.ts';
import { showResults } from './repair-results.ts';

type RepairOptions = GlobalOptions & {
  readonly check?: string;
  readonly undo?: string;
  readonly apply?: boolean;
  readonly reason?: string;
  readonly actor?: string;
};

export function addRepairCommand(parent: Command, context: Context): void {
  const command = parent
    .command('repair')
    .description('show how the records that a check found wrong would be repaired; --apply repairs them')
    .option('--check <id>', 'the check to answer (default: the newest finished one that found something)', readId)
    .addOption(
      new Option('--undo <repair>', 'undo this repair instead').argParser(readId).conflicts(['check', 'reason']),
    )
    .option('--apply', 'do it; without it, nothing is changed')
    .option('--reason <text>', 'why, 1 to 500 characters; --apply needs it, and the audit keeps it', readReason)
    .option('--actor <name>', 'who repairs; the audit keeps it', readActor)
    .addHelpText(
      'after',
      `
Works in the database of DATABASE_URL, or the one that npm start runs. Each record is one transaction: the record, one change in its
history by the path repair, and one row in consistency_repairs. A record that changed since the check is refused and stays as it is.
Values come from the history. What nobody can know is refused, or kept and said.
--undo takes back what nothing came after. Ctrl-C ends it between two records; the same command goes on.

Examples:
  sluice consistency repair
  sluice consistency repair --check 6f9619ff-8b86-4d01-b42d-00cf4fc964ff --apply --reason "change 4711"
  sluice consistency repair --undo 0e984725-c51c-4bf4-9960-e1c80e27aba0 --apply`,
    )
    .action(async (options: RepairOptions) => {
      const reason = options.reason?.trim() ?? '';
      if (options.apply && options.undo === undefined && reason === '') {
        throw new CliError(
          EXIT.usage,
          '--apply needs --reason, 1 to 500 characters: the audit keeps why data was changed.',
        );
      }
      const actor = options.actor ?? defaultActor(context.env);
      const url = readDatabaseUrl(context.env, 'the records and their histories are there');
      const signal = stopSignal();
      try {
        await using store = await openRepairStore(url);
        const work = { store, apply: options.apply === true, actor, signal };
        const begun =
          options.undo === undefined
            ? await beginRepair(work, options.check, reason)
            : await beginUndo(work, options.undo);
        const { refused, interrupted } = await showResults(begun, {
          output: context.output(command),
          json: command.optsWithGlobals<GlobalOptions>().json === true,
          nowMs: context.clock.monotonic,
        });
        if (interrupted || refused > 0) {
          context.finishWith(interrupted ? EXIT.unexpected : EXIT.refused);
        }
      } catch (error) {
        throw error instanceof RepairError ? new CliError(CODES[error.kind], error.message) : error;
      }
    });
}

const CODES = { unreachable: EXIT.unreachable, 'not-migrated': EXIT.usage, 'not-allowed': EXIT.usage } as const;
