import { parseArgs } from 'node:util';
import { watchMachine } from './dev/demo/machine.ts';
import { BrokenOff, play } from './dev/demo/play.ts';
import { createProgress } from './dev/demo/progress.ts';
import { describeBrokenOff, summarise } from './dev/demo/summary.ts';
import { runMain, stopSignal } from './kit/run-main.ts';

const HELP = `The main job in a minute, on parts of its own: a rollout climbs 5 → 10 → 25 % by itself, its domain path is made
slow (in a second round: failing), and the flag drops to 0.

  npm run demo [-- --json]

  --json   print what was measured as JSON, and no story
  --help   print this

It needs no tools beyond npm, listens on loopback only, and leaves nothing behind. It takes less than 90 seconds.
Its database waits for no disk (fsync=off), for it is thrown away at the end.
Exit codes: 0 every promise held, 1 one did not or something broke, 130 ended by Ctrl-C.
`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const stop = stopSignal();
  const progress = createProgress(process.stderr);
  const machine = watchMachine();
  try {
    const story = await play({ progress, signal: stop });
    progress.clear();
    console.log(values.json ? JSON.stringify(story, null, 2) : summarise(story, machine.describe()));
    return story.promises.every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    progress.clear();
    if (stop.aborted) {
      console.error('Ended.');
      return 130;
    }
    const brokenOff = error instanceof BrokenOff ? error : new BrokenOff((error as Error).message, progress.step(), []);
    console.error(describeBrokenOff(brokenOff, machine.describe()));
    return 1;
  }
}

await runMain(main);
