import type { Action } from './interference.ts';

type Item = { readonly bytes: Buffer; readonly ask: () => Action | undefined };

type LaneParts = {
  readonly write: (bytes: Buffer) => void;
  /** Calls `resume` when the time is over, or earlier. */
  readonly hold: (delayMs: number, resume: () => void) => void;
  readonly onBreak: (kind: 'cut' | 'part') => void;
};

/** One direction of a connection: what comes goes on in its order, and one thing that is held up holds up all behind it. */
export function createLane({ write, hold, onBreak }: LaneParts) {
  const waiting: Item[] = [];
  let state: 'open' | 'held' | 'broken' = 'open';
  let onEmpty: (() => void) | undefined;

  function pump(): void {
    const out: Buffer[] = [];
    const flush = () => {
      if (out.length > 0) {
        write(Buffer.concat(out.splice(0)));
      }
    };
    while (state === 'open') {
      const item = waiting.shift();
      if (item === undefined) {
        break;
      }
      const action = item.ask();
      if (action === undefined) {
        out.push(item.bytes);
        continue;
      }
      flush();
      if (action.kind === 'delay') {
        state = 'held';
        waiting.unshift({ bytes: item.bytes, ask: () => undefined });
        hold(action.delayMs, resume);
      } else {
        breakOff();
        onBreak(action.kind);
      }
    }
    flush();
    if (state === 'open') {
      onEmpty?.();
    }
  }

  function resume(): void {
    if (state === 'held') {
      state = 'open';
      pump();
    }
  }

  function breakOff(): void {
    state = 'broken';
    waiting.length = 0;
  }

  return {
    push: (items: readonly Item[]) => {
      if (state !== 'broken') {
        waiting.push(...items);
        pump();
      }
    },
    /** Calls `then` once nothing waits any more, at once where nothing does; not where the lane is broken. */
    end: (then: () => void) => {
      if (state === 'broken') {
        return;
      }
      onEmpty = then;
      pump();
    },
    /** Nothing passes any more, not even the end. */
    breakOff,
  };
}
