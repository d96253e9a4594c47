import { type Command, Option } from 'commander';
import type { ApiClient } from '../../contract/client.ts';
import type { CommandRequest, StatusAnswer } from '../../contract/schemas.ts';
import type { Clock } from '../../kit/time.ts';
import { defaultActor, readActor, readPercent, readReason } from '../arguments.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { renderSummary } from '../render/status.ts';
import { writeJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';

type ChangeOptions = GlobalOptions & { readonly reason: string; readonly actor?: string; readonly to?: number };
type Name = CommandRequest['command'];

const CHANGES: Readonly<Record<Name, { readonly does: string; readonly more: string }>> = {
  start: {
    does: 'begin the rollout at its first stage',
    more: `
Refused when the rollout is above 0 %, and while the sources cannot be read: a rollout cannot start without signals.

Example:
  sluice start --reason "change 4711"`,
  },
  promote: {
    does: 'leave the stage now, without waiting for its time',
    more: `
Needs every guard healthy. A stage that needs approval is waited for, not entered.

Example:
  sluice promote --reason "quiet night, evidence is enough"`,
  },
  approve: {
    does: 'let the rollout enter the stage that waits for approval',
    more: `
Example:
  sluice approve --reason "agreed in the weekly review"`,
  },
  pause: {
    does: 'stop promotion; guards go on and still roll back',
    more: `
Example:
  sluice pause --reason "database maintenance until 14:00"`,
  },
  resume: {
    does: 'go on after a pause, or from the stage a rollback went to',
    more: `
Example:
  sluice resume --reason "maintenance is over"`,
  },
  rollback: {
    does: 'lower the percent now, to 0 % unless --to says another stage',
    more: `
Goes through from any state and asks nothing. Once it is done it says which replicas serve the percent, and waits up to
5 seconds for that. Where no controller can be reached, set the flag's defaultVariant to "off" yourself: the controller
takes that over.

Examples:
  sluice rollback
  sluice rollback --to 10 --reason "errors in the review queue"`,
  },
};

/** start, promote, approve, pause, resume, rollback. */
export function addChangeCommands(program: Command, context: Context): void {
  for (const name of Object.keys(CHANGES) as Name[]) {
    const { does, more } = CHANGES[name];
    const command = program
      .command(name)
      .description(does)
      .addOption(
        new Option('--reason <text>', 'why, for the journal: up to 500 characters')
          .argParser(readReason)
          .default('', 'none'),
      )
      .option('--actor <name>', 'who asks, for the journal (default: $USER@host)', readActor);
    if (name === 'rollback') {
      command.option('--to <percent>', 'a lower stage of the plan, or 0', readPercent);
    }
    command.addHelpText('after', more).action(async (options: ChangeOptions) => {
      const request: CommandRequest = {
        command: name,
        actor: options.actor ?? defaultActor(context.env),
        reason: options.reason,
        ...(options.to !== undefined && { to: options.to }),
      };
      const output = context.output(command);
      const client = context.client(command);
      const answer = await client.command(request).catch(withHint(name));
      if (command.optsWithGlobals<GlobalOptions>().json) {
        writeJson(output, answer);
        return;
      }
      // Printed first: what was done is done, whatever the status looks like.
      output.out(`${output.paint.green('✔')} ${printable(answer.done)}\n`);
      const status = await untilServed(client, answer.status, context.clock);
      output.out(`  ${printable(renderSummary(status, answer.status.wanted))}\n`);
    });
  }
}

/** Who cannot reach a controller in need is shown the way that needs none. */
const withHint =
  (name: Name) =>
  (error: unknown): never => {
    throw name === 'rollback' && error instanceof CliError && error.exitCode === EXIT.unreachable
      ? new CliError(
          error.exitCode,
          `${error.message} Without a controller: set the flag's defaultVariant to "off" where flagd reads it.`,
        )
      : error;
  };

const WAIT_MS = 5_000;
const BETWEEN_MS = 250;

/**
 * Looks until the flag and every replica have what a change wants, for 5 seconds at most. Never fails: the change is made.
 * @returns the last status that was seen.
 */
export async function untilServed(
  client: Pick<ApiClient, 'status'>,
  changed: StatusAnswer,
  clock: Pick<Clock, 'monotonic' | 'sleep'>,
): Promise<StatusAnswer> {
  const deadlineMs = clock.monotonic() + WAIT_MS;
  let seen = changed;
  while (!isServed(seen, changed.wanted) && clock.monotonic() < deadlineMs) {
    await clock.sleep(BETWEEN_MS);
    try {
      seen = await client.status();
    } catch {
      break;
    }
  }
  return seen;
}

export function isServed({ configured, served }: StatusAnswer, percent: number): boolean {
  return configured.percent === percent && served.length > 0 && served.every((each) => each.percent === percent);
}
