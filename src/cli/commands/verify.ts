import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration } from '../../contract/wording/format.ts';
import { stopSignal } from '../../kit/run-main.ts';
import type { Path } from '../../routing/path.ts';
import { createVerifyRecords } from '../../verify/database-records.ts';
import { borrowRecord, type Served, type VerifyRecords } from '../../verify/records.ts';
import type { CheckResult } from '../../verify/run.ts';
import { VerifyError, verifyService } from '../../verify/session.ts';
import { createHttpTarget } from '../../verify/target.ts';
import { defaultActor, readActor } from '../arguments.ts';
import { readDatabaseUrl } from '../connection.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { type Output, writeJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';
import { notKept, reportKept } from './report-to-journal.ts';

type VerifyOptions = GlobalOptions & {
  readonly target: URL;
  readonly admin?: URL;
  readonly path: Path | 'both';
  readonly record?: string;
  readonly actor?: string;
  readonly journal: boolean;
};

/** Where no controller says it. */
const ROLLOUT = 'violation-status';
const SIGNS = { passed: '✔', failed: '✖', skipped: '⏳' } as const;

export function addVerifyCommand(program: Command, context: Context): void {
  const command = program
    .command('verify')
    .description('make the functional checks on a live service, on records made for them')
    .requiredOption('--target <url>', "the service's address", readAddress)
    .addOption(new Option('--path <path>', 'what to check').choices(['domain', 'legacy', 'both']).default('both'))
    .option(
      '--admin <url>',
      "a replica's admin port, for the check of the fallback: its domain path fails meanwhile",
      readAddress,
    )
    .option('--record <id>', 'use this record instead of making one: it is changed, and put back', readRecord)
    .option('--actor <name>', 'who asks; the journal keeps it', readActor)
    .option('--no-journal', 'do not report to the controller what was found')
    .addHelpText(
      'after',
      `
The records are made and removed in the database of DATABASE_URL, or the one that npm start runs. Their ids are chosen so that
the percent that is served leads to the wanted path; at 0 % and 100 % the other one needs FORCE_DOMAIN=allow.
Without a database, --record names one to use: its status, notes and handled_by are changed and then written back, which its
history shows; notes or handled_by that were null are empty texts then.
With --admin the domain path of that replica fails for a moment, for all its requests; --target has to be that replica.
What cannot be checked is skipped with the reason, and proves nothing. With a token the results go to the journal of the stage.

Examples:
  sluice verify --target http://127.0.0.1:8080
  sluice verify --target http://127.0.0.1:8080 --path domain --admin http://127.0.0.1:8081
  sluice verify --target http://sluice.example --record 4711`,
    )
    .action(async (options: VerifyOptions) => {
      const output = context.output(command);
      const json = command.optsWithGlobals<GlobalOptions>().json === true;
      const stop = stopSignal();
      const client = context.client(command, stop);
      // Read first: a wrong setting is reported before anything is asked for.
      const records = recordsOf(options, context.env);
      const found = await client.status().catch(unlessInterrupted(stop));
      const target = createHttpTarget(options.target, options.admin, stop);
      const results: CheckResult[] = [];
      const report = (result: CheckResult) => {
        results.push(result);
        if (!json) {
          output.out(describe(result, output));
        }
      };
      const paths = options.path === 'both' ? (['domain', 'legacy'] as const) : [options.path];
      const served = found instanceof CliError ? undefined : servedBy(found);
      const rollout = found instanceof CliError ? ROLLOUT : found.rollout;
      const { clock } = context;
      await verifyService({
        target,
        records,
        record: options.record,
        paths,
        rollout,
        served,
        report,
        stop,
        clock,
      }).catch(ended);
      const failed = results.filter(({ result }) => result === 'failed').length;
      const actor = options.actor ?? defaultActor(context.env);
      const reportToJournal = async (): Promise<string> => {
        if (!options.journal) {
          return 'not in the journal, as asked';
        }
        return found instanceof CliError
          ? notKept(found.message)
          : reportKept(() =>
              client.verified({ actor, target: options.target.href, percent: found.wanted, checks: results }),
            );
      };
      const journal = await reportToJournal();
      if (json) {
        writeJson(output, { percent: found instanceof CliError ? null : found.wanted, checks: results, journal });
      } else {
        const count = (kind: CheckResult['result']) => results.filter(({ result }) => result === kind).length;
        const at = found instanceof CliError ? '' : ` at ${found.wanted} %`;
        output.out(`${count('passed')} passed, ${failed} failed, ${count('skipped')} skipped${at}; ${journal}.\n`);
      }
      if (failed > 0) {
        context.finishWith(EXIT.found);
      }
    });
}

/** Without a controller there is no percent to go by, and no journal; the checks can be made all the same. */
const unlessInterrupted =
  (stop: AbortSignal) =>
  (error: unknown): CliError => {
    if (error instanceof CliError && !stop.aborted) {
      return error;
    }
    throw error;
  };

function ended(error: unknown): never {
  if (!(error instanceof VerifyError)) {
    throw error;
  }
  throw new CliError(error.kind === 'unreachable' ? EXIT.unreachable : EXIT.unexpected, error.message);
}

/** A replica that does not say is taken for one that serves what is wanted. */
function servedBy({ served, wanted }: StatusAnswer): Served {
  const percents = served.map(({ percent }) => percent ?? wanted);
  const all = percents.length === 0 ? [wanted] : percents;
  return { least: Math.min(...all), most: Math.max(...all) };
}

function recordsOf({ record, target }: VerifyOptions, env: NodeJS.ProcessEnv): VerifyRecords {
  // Giving a record back must arrive, also once everything else is interrupted.
  return record === undefined
    ? createVerifyRecords(readDatabaseUrl(env))
    : borrowRecord(createHttpTarget(target, undefined, new AbortController().signal));
}

function readRecord(given: string): string {
  if (!/^[1-9]\d{0,18}$/.test(given)) {
    throw new InvalidArgumentError('Allowed: the id of a violation, in digits.');
  }
  return given;
}

function describe({ name, path, result, detail, ms }: CheckResult, { paint }: Output): string {
  const color = { passed: paint.green, failed: paint.red, skipped: paint.yellow }[result];
  const more = detail === '' ? '' : `: ${printable(detail)}`;
  return `${color(SIGNS[result])} ${path.padEnd(6)} ${name} (${formatDuration(ms, 'en')})${more}\n`;
}

function readAddress(given: string): URL {
  const url = URL.parse(given.endsWith('/') ? given : `${given}/`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      EXIT.usage,
      `an address is ${JSON.stringify(given)}; allowed: one such as http://127.0.0.1:8080.`,
    );
  }
  return url;
}
