import { join } from 'node:path';
import type { RunningController } from '../../src/dev/demo/parts.ts';
import { startChild } from '../child.ts';
import type { HangingDatabase } from './hanging-database.ts';
import type { Beside } from './series.ts';
import type { Answered } from './strangers.ts';

const READERS = 50;
const STREAMS = 100;
const STRANGERS = join(import.meta.dirname, 'strangers.ts');

/** What goes on beside a fault; it ends when it is disposed of. @param onAnswered hears what readers were answered. */
export async function beginBeside(
  beside: Beside,
  { url }: RunningController,
  database: HangingDatabase,
  onAnswered: (answered: Answered) => void,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  switch (beside) {
    case 'nothing':
      break;
    case 'journal hangs':
      database.hang();
      stack.defer(database.goOn);
      break;
    case 'readers': {
      const child = stack.use(
        startChild(STRANGERS, { URL: `${url}/`, STREAMS: String(STREAMS), READERS: String(READERS) }),
      );
      await child.nextMessage(signal);
      stack.defer(async () => {
        child.send({});
        onAnswered(await child.nextMessage<Answered>(signal));
      });
    }
  }
  return stack.move();
}
