import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { type FileChange, readNow } from './file-access.ts';

type Step = { readonly write: Buffer; readonly at: number } | { readonly cutTo: number };

/**
 * How a text takes the place of another within one file. After each step the file is whole JSON, as blanks after it are nothing:
 * room is made first, one write brings the text, and what is left over is cut off as blanks. Who reads during that one write may
 * still get some of each; flagd refuses that, keeps what it had, and reads again with the next event.
 */
export function inPlaceSteps(before: string, next: string): readonly Step[] {
  const text = Buffer.from(next);
  const more = text.length - Buffer.byteLength(before);
  const blanks = Buffer.alloc(Math.abs(more), ' ');
  return more > 0
    ? [
        { write: blanks, at: text.length - more },
        { write: text, at: 0 },
      ]
    : [{ write: Buffer.concat([text, blanks]), at: 0 }, { cutTo: text.length }];
}

export function writeInPlace({ file, target, next }: FileChange, before: string): 'saved' | 'changed' {
  const descriptor = openSync(target, 'r+');
  try {
    if (readNow(file, target) !== before) {
      return 'changed';
    }
    for (const step of inPlaceSteps(before, next)) {
      if ('write' in step) {
        writeAll(descriptor, step.write, step.at);
      } else {
        ftruncateSync(descriptor, step.cutTo);
      }
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // Another process that wrote in the same microseconds is seen here.
  return readNow(file, target) === next ? 'saved' : 'changed';
}

function writeAll(descriptor: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}
