import { type Command, InvalidArgumentError, Option } from 'commander';
import { openConsistencyStore } from '../../consistency/sql/check-store.ts';
import { stopSignal } from '../../kit/run-main.ts';
import { defaultActor, readActor, readId } from '../arguments.ts';
import { readDatabaseUrl } from '../connection.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { documentOf, renderFindings, renderVerdict } from '../render/findings.ts';
import { writeJson } from '../terminal/output.ts';
import { findBegun, inDatabase, runCheck } from './check-run.ts';
import { readSince, type Since, timeOfSince } from './check-since.ts';
import { addRepairCommand } from './consistency-repair.ts';
import { reportToJournal, requestOf, type Steered, steeredRollout } from './report-to-journal.ts';

type CheckOptions = GlobalOptions & {
  readonly since?: Since;
  readonly resume?: string;
  readonly rollout?: string;
  readonly actor?: string;
  readonly journal: boolean;
};

/** Where no controller says it. */
const ROLLOUT = 'violation-status';
const MOST_FINDINGS = 1_000;
const LONGEST_NAME = 100;

export function addConsistencyCommand(program: Command, context: Context): void {
  const parent = program
    .command('consistency')
    .description('check all records against their histories, and repair what differs');
  addCheckCommand(parent, context);
  addRepairCommand(parent, context);
}

function addCheckCommand(parent: Command, context: Context): void {
  const command = parent
    .command('check')
    .description('judge every record with its history, in one snapshot of the database')
    .option('--since <when>', 'only changes from then on: stage, 25%, a time or a duration', (text) =>
      readSince(text, context.clock.now()),
    )
    .addOption(
      new Option('--resume <check>', 'continue an interrupted check').argParser(readId).conflicts(['since', 'rollout']),
    )
    .option('--rollout <name>', "whose data it is (default: the controller's rollout)", readName)
    .option('--actor <name>', 'who asks; the journal keeps it', readActor)
    .option('--no-journal', 'do not report to the controller what was found')
    .addHelpText(
      'after',
      `
Works in the database of DATABASE_URL, or the one that npm start runs. Nothing is locked; changes that are made meanwhile are left
to the next check. --since takes stage (the one that is served), the percent of a stage (when it was last entered), a time, or a
duration back from now, and looks at the records that have a change since.
Findings are kept in the database. With a token the result goes to the journal, and one finding that may be domain's doing since the
rollout began is a breach of the plan's guard; the others are a note.

Examples:
  sluice consistency check
  sluice consistency check --since stage
  sluice consistency check --since 2026-03-01T12:00:00Z --json`,
    )
    .action(async (options: CheckOptions) => {
      const output = context.output(command);
      const json = command.optsWithGlobals<GlobalOptions>().json === true;
      const url = readDatabaseUrl(context.env, 'the records and their histories are there');
      const stop = stopSignal();
      const client = context.client(command, stop);
      const actor = options.actor ?? defaultActor(context.env);
      const steered = await steeredRollout(client, stop);
      const began = steered instanceof Error ? null : steered.began;
      const since = options.since === undefined ? null : await timeOfSince(options.since, client);
      const nowMs = context.clock.monotonic;
      const beganMs = nowMs();
      const { check, ...found } = await inDatabase(async () => {
        await using store = await openConsistencyStore(url);
        const begun =
          options.resume === undefined
            ? await store.begin({ rollout: options.rollout ?? nameOf(steered), actor, since })
            : await findBegun(store, options.resume);
        const check = await runCheck(store, begun, { output, json, stop, nowMs });
        return { check, ...(await store.found(check.id, MOST_FINDINGS, began)) };
      });
      const elapsedMs = nowMs() - beganMs;
      const journal = options.journal
        ? await reportToJournal({
            client,
            steered,
            rollout: check.rollout,
            request: requestOf(check, found, { actor, began }),
          })
        : 'not in the journal, as asked';
      if (json) {
        writeJson(output, documentOf(check, found, journal));
      } else {
        const color = check.progress.findings > 0 ? output.paint.red : output.paint.green;
        const lines = check.progress.findings > 0 ? renderFindings(check, found, output.paint) : [];
        output.out([color(renderVerdict(check, found, elapsedMs)), ...lines, `${sentence(journal)}.`, ''].join('\n'));
      }
      if (check.progress.findings > 0) {
        context.finishWith(EXIT.found);
      }
    });
}

const nameOf = (steered: Steered | Error) => (steered instanceof Error ? ROLLOUT : steered.rollout);
const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function readName(given: string): string {
  if (given === '' || given.length > LONGEST_NAME) {
    throw new InvalidArgumentError(`Allowed: 1 to ${LONGEST_NAME} characters; got ${given.length}.`);
  }
  return given;
}
