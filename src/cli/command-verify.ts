import { type Command, Option } from 'commander';
import type { VerificationRequest } from '../control/api-schemas.ts';
import { createVerifyRecords } from '../postgres/verify-records.ts';
import { idFor } from '../verify/records.ts';
import { type CheckResult, reasonOf, skipPath, verifyPath } from '../verify/run.ts';
import { createHttpTarget, type Target } from '../verify/target.ts';
import type { Path } from '../violations/path.ts';
import { defaultActor, readActor } from './arguments.ts';
import type { Client } from './client.ts';
import { readDatabaseUrl } from './connection.ts';
import { type Context, type GlobalOptions, untilInterrupted } from './context.ts';
import { CliError, EXIT } from './exit-codes.ts';
import { type Output, writeJson } from './output.ts';

type VerifyOptions = GlobalOptions & {
  readonly target: URL;
  readonly admin?: URL;
  readonly path: Path | 'both';
  readonly actor?: string;
  readonly journal: boolean;
};

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
    .option('--actor <name>', 'who asks; the journal keeps it', readActor)
    .option('--no-journal', 'do not tell the controller what was found')
    .addHelpText(
      'after',
      `
The records are made and removed in the database of DATABASE_URL, or the one that npm start runs. Their ids are chosen so that
the percent that is served leads to the wanted path; at 0 % and 100 % the other one needs FORCE_DOMAIN=allow.
What cannot be checked is left out with the reason, and proves nothing. With a token the results go to the journal of the stage.

Examples:
  sluice verify --target http://127.0.0.1:8080
  sluice verify --target http://127.0.0.1:8080 --path domain --admin http://127.0.0.1:8081`,
    )
    .action(async (options: VerifyOptions) => {
      const output = context.output(command);
      const json = command.optsWithGlobals<GlobalOptions>().json === true;
      const stop = untilInterrupted();
      const client = context.client(command, stop);
      const { rollout, wanted } = await client.status();
      const target = createHttpTarget(options.target, options.admin, stop);
      const results: CheckResult[] = [];
      const tell = (result: CheckResult) => {
        results.push(result);
        if (!json) {
          output.out(describe(result, output));
        }
      };
      const paths = options.path === 'both' ? (['domain', 'legacy'] as const) : [options.path];
      const databaseUrl = readDatabaseUrl(context.env);
      await verify({ target, paths, rollout, percent: wanted, databaseUrl, tell, stop });
      const failed = results.filter(({ result }) => result === 'failed').length;
      const request = {
        actor: options.actor ?? defaultActor(context.env),
        target: options.target.href,
        percent: wanted,
        checks: results,
      };
      const kept = options.journal ? await keep(client, request) : 'not in the journal, as asked';
      if (json) {
        writeJson(output, { percent: wanted, checks: results, journal: kept });
      } else {
        const count = (kind: CheckResult['result']) => results.filter(({ result }) => result === kind).length;
        output.out(
          `${count('passed')} passed, ${failed} failed, ${count('skipped')} left out at ${wanted} %; ${kept}.\n`,
        );
      }
      if (failed > 0) {
        context.finishWith(EXIT.found);
      }
    });
}

type Work = {
  readonly target: Target;
  readonly paths: readonly Path[];
  readonly rollout: string;
  readonly percent: number;
  readonly databaseUrl: string;
  readonly tell: (result: CheckResult) => void;
  readonly stop: AbortSignal;
};

/** Leaves neither a record nor a fault behind, also where it is interrupted. */
async function verify({ target, paths, rollout, percent, databaseUrl, tell, stop }: Work): Promise<void> {
  const records = createVerifyRecords(databaseUrl);
  const unknownId = idFor('domain', rollout, 100) as string;
  const mayForce = await isForceAllowed(target, unknownId);
  const subjects = paths.map((path) => {
    const id = idFor(path, rollout, percent);
    const force = id === undefined && mayForce ? `force_domain=${path === 'domain'}` : '';
    return { path, force, id: id ?? (force === '' ? undefined : (idFor('domain', rollout, 100) as string)) };
  });
  const ids = subjects.flatMap(({ id }) => id ?? []);
  try {
    await records.make(ids).catch((error: Error) => {
      throw new CliError(EXIT.unreachable, `no record could be made in the database: ${error.message}.`);
    });
    for (const { path, id, force } of subjects) {
      if (id === undefined) {
        skipPath(path, `at ${percent} % no record takes it, and FORCE_DOMAIN is not allowed`, tell);
      } else {
        await verifyPath({ target, path, id, unknownId, force }, tell, stop);
      }
    }
  } catch (error) {
    throw stop.aborted
      ? new CliError(EXIT.unexpected, 'interrupted: what was made for the checks is gone, and the journal has nothing.')
      : error;
  } finally {
    await records.remove(ids).catch((error: Error) => {
      throw new CliError(
        EXIT.unexpected,
        `violations ${ids.join(', ')} were made for the checks and could not be removed with their history: ${error.message}.`,
      );
    });
  }
}

async function isForceAllowed(target: Target, unknownId: string): Promise<boolean> {
  try {
    return (await target.update(unknownId, 'status=confirmed&force_domain=false')).status !== 403;
  } catch (error) {
    throw new CliError(EXIT.unreachable, `the service does not answer at --target: ${reasonOf(error)}.`);
  }
}

/** What was found stands also where the journal cannot have it; nobody may take it for kept then. */
async function keep(client: Client, request: VerificationRequest): Promise<string> {
  try {
    await client.verified(request);
    return 'the journal has it';
  } catch (error) {
    if (error instanceof CliError) {
      return `NOT in the journal: ${error.message.replace(/\.$/, '')}`;
    }
    throw error;
  }
}

function describe({ name, path, result, detail, ms }: CheckResult, { paint }: Output): string {
  const color = { passed: paint.green, failed: paint.red, skipped: paint.yellow }[result];
  const more = detail === '' ? '' : `: ${detail}`;
  return `${color(SIGNS[result])} ${path.padEnd(6)} ${name} (${ms} ms)${more}\n`;
}

function readAddress(given: string): URL {
  const url = URL.parse(given.endsWith('/') ? given : `${given}/`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CliError(
      EXIT.usage,
      `an address came as ${JSON.stringify(given)}; allowed: one such as http://127.0.0.1:8080.`,
    );
  }
  return url;
}
