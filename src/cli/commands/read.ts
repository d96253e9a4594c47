import { type Command, Option } from 'commander';
import { stopSignal } from '../../kit/run-main.ts';
import { readInterval, readLimit } from '../arguments.ts';
import type { Context, GlobalOptions } from '../context.ts';
import { renderEvent } from '../render/history.ts';
import { renderStatus } from '../render/status.ts';
import { writeJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';
import { followHistory } from './follow.ts';
import { watchStatus } from './watch.ts';
import { createFrames } from './watch-screen.ts';

type StatusOptions = { readonly watch?: boolean; readonly interval: number };
type HistoryOptions = { readonly limit: number; readonly follow?: boolean; readonly interval: number };

const interval = (what: string) =>
  new Option('--interval <duration>', what).argParser(readInterval).default(1_000, '1s');

export function addStatusCommand(program: Command, context: Context): void {
  const command = program
    .command('status')
    .description('show the stages, the percent, the guards and what holds the rollout')
    .option('-w, --watch', 'keep watching until Ctrl-C: redraw on a terminal, else print a frame for each change')
    .addOption(interval('how often --watch asks'))
    .addHelpText(
      'after',
      `
With --watch --json, each change is one line of JSON. A controller that goes away is reported and waited for.

Examples:
  sluice status
  sluice status --watch
  sluice status --json | jq -r .state.phase`,
    )
    .action(async ({ watch, interval: intervalMs }: StatusOptions) => {
      const output = context.output(command);
      const json = command.optsWithGlobals<GlobalOptions>().json === true;
      if (watch) {
        const signal = stopSignal();
        const client = context.client(command, signal);
        using frames = createFrames(output, json, context.clock);
        return await watchStatus({ client, frames, intervalMs, signal, clock: context.clock });
      }
      const status = await context.client(command).status();
      if (json) {
        writeJson(output, status);
      } else {
        output.out(`${renderStatus(printable(status), { paint: output.paint, columns: output.size().columns })}\n`);
      }
    });
}

export function addHistoryCommand(program: Command, context: Context): void {
  const command = program
    .command('history')
    .description('list what was decided, by whom and why, the newest last')
    .option('-n, --limit <count>', 'how many events, 1 to 1000', readLimit, 50)
    .option('-f, --follow', 'keep printing new events until Ctrl-C')
    .addOption(interval('how often --follow asks'))
    .addHelpText(
      'after',
      `
With --json it is the controller's answer, the newest first; with --follow --json, each event is one line of JSON.

Examples:
  sluice history --limit 10
  sluice history --json | jq -r '.events[] | select(.kind == "rolled-back") | .text'`,
    )
    .action(async ({ limit, follow, interval: intervalMs }: HistoryOptions) => {
      const output = context.output(command);
      const json = command.optsWithGlobals<GlobalOptions>().json === true;
      if (follow) {
        const signal = stopSignal();
        return await followHistory({
          client: context.client(command, signal),
          output,
          json,
          limit,
          intervalMs,
          signal,
          clock: context.clock,
        });
      }
      const answer = await context.client(command).history(limit);
      if (json) {
        writeJson(output, answer);
        return;
      }
      const { events, journal } = printable(answer);
      if (journal === 'away') {
        output.err('The journal is unreachable: this is only what the controller remembers.\n');
      }
      const columns = output.isTerminal ? output.size().columns : Number.POSITIVE_INFINITY;
      for (const event of events.toReversed()) {
        output.out(`${renderEvent(event, { paint: output.paint, columns })}\n`);
      }
      if (events.length === 0) {
        output.out('Nothing has happened yet.\n');
      }
    });
}
