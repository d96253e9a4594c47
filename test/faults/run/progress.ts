import type { Doing, Failure } from './campaign.ts';
import { faultsIn, type Tally } from './tally.ts';

const LINE_EVERY = 20;

/** One line on stderr that is written over on a terminal; elsewhere a line now and then. */
export function createProgress(stream: NodeJS.WriteStream) {
  let said = 0;
  let lastDoing: Doing = 'running';
  const say = (line: string) => void stream.write(stream.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  return {
    say,
    show: (tally: Tally, doing: Doing) => {
      if (stream.isTTY || doing !== lastDoing || tally.schedules - said >= LINE_EVERY) {
        said = tally.schedules;
        lastDoing = doing;
        say(`${doing}: ${describeProgress(tally)}`);
      }
    },
    fail: ({ schedule, wrong, shrinks }: Failure) => {
      const what = shrinks === 0 ? 'a schedule failed' : 'a shorter one fails';
      say(`${what}, with ${schedule.steps.length} faults: ${wrong[0]}`);
      stream.write(stream.isTTY ? '\n' : '');
    },
    end: () => void stream.write(stream.isTTY ? '\r\u001b[K' : ''),
  };
}

function describeProgress(tally: Tally): string {
  const { schedules, acknowledged, refused, unknown } = tally;
  return `${schedules} schedules, ${acknowledged} writes acknowledged, ${refused} refused, ${unknown} unknown, ${faultsIn(tally)} faults`;
}
