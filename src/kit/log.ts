import { destination } from 'pino';

/** Lines go out together once they are this many characters, or this old: a write for each would cost as much as its request. */
const GATHER_CHARACTERS = 16_000;
const GATHER_MS = 100;

/**
 * A destination for pino on standard output that never waits for whoever reads it. Lines are gathered before its stream is
 * given them, because that counts the bytes of all it holds with each one it takes.
 */
export function createGatheredLines() {
  const out = destination({ dest: 1, sync: false });
  let lines: string[] = [];
  let characters = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) {
      out.write(lines.join(''));
      lines = [];
      characters = 0;
    }
  }

  process.once('exit', () => {
    flush();
    out.flushSync();
  });
  return {
    write: (line: string): void => {
      lines.push(line);
      characters += line.length;
      if (characters >= GATHER_CHARACTERS) {
        flush();
      } else {
        timer ??= setTimeout(flush, GATHER_MS).unref();
      }
    },
  };
}
