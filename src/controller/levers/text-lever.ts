import { editFlag, flagIn } from '../../flagd/flag-edit.ts';
import { lintFlagsText } from '../../flagd/lint.ts';
import { errorsThatHit, formatProblem, spoilsFile } from '../../flagd/problem.ts';
import { readPercent } from '../../flagd/read-percent.ts';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever, FlagReading, FlagWrite, FlagWritten } from '../engine/ports.ts';
import { type FlagStore, type Held, StoreError } from './store.ts';

/** Somebody who edits without a pause must not keep a rollback out; each try is some milliseconds. */
const TRIES = 20;

type Options = {
  readonly name: FlagLever['name'];
  readonly where: string;
  readonly flag: string;
  readonly store: FlagStore;
  readonly clock: Pick<Clock, 'now'>;
};

/** A lever over any store of flagd's JSON: compare and swap, with the last good text as what a rollback falls back on. */
export function createTextLever({ name, where, flag, store, clock }: Options): FlagLever {
  let lastGood: string | undefined;
  let lastLook: { readonly text: string; readonly reading: FlagReading } | undefined;

  const lint = (text: string) => lintFlagsText(text, { flagKey: flag, nowMs: clock.now() });

  /** A text that was looked at says the same again: large files are read often and change rarely. */
  function look({ text }: Held): FlagReading {
    if (text === undefined) {
      return { kind: 'unreachable', why: `${where} holds no flags: there is nothing there` };
    }
    if (lastLook?.text !== text) {
      lastLook = { text, reading: lookAt(text) };
    }
    return lastLook.reading;
  }

  function lookAt(text: string): FlagReading {
    const problems = lint(text);
    const errors = errorsThatHit(flag, problems);
    if (errors.length > 0) {
      return { kind: 'unusable', problems: located(errors.map(formatProblem)) };
    }
    const reading = readPercent(flagIn(JSON.parse(text), flag));
    if (reading.kind === 'read') {
      lastGood = text;
    }
    return reading;
  }

  const located = (problems: readonly string[]) => problems.map((problem) => `${where}:${problem}`);

  /** @returns the text to write, and whether what was held is given up for it. */
  function compose({ text }: Held, write: FlagWrite, lowers: boolean): Composed {
    const edit = { ...write, flagKey: flag };
    const problems: string[] = [];
    if (text !== undefined) {
      const edited = editFlag(text, edit);
      const left = edited.kind === 'edited' ? lint(edited.text) : [];
      // A rollback is kept out only by what makes flagd refuse the file: any other fault means 0 already.
      const errors = lowers ? left.filter(spoilsFile) : errorsThatHit(flag, left);
      if (edited.kind === 'edited' && errors.length === 0) {
        return { kind: 'text', text: edited.text, keepOld: false };
      }
      problems.push(...located(edited.kind === 'edited' ? errors.map(formatProblem) : edited.problems));
    }
    const spoilt = text === undefined || lintFlagsText(text).some(spoilsFile);
    if (!lowers || !spoilt) {
      return { kind: 'refused', problems };
    }
    const edited = lastGood === undefined ? undefined : editFlag(lastGood, edit);
    if (edited?.kind === 'edited') {
      return { kind: 'text', text: edited.text, keepOld: text !== undefined };
    }
    return { kind: 'refused', problems: [...problems, `${where}: no good flags were read before, to fall back on.`] };
  }

  async function tryWrite(write: FlagWrite, signal: AbortSignal): Promise<FlagWritten | 'changed'> {
    const held = await store.load(signal);
    const found = look(held);
    const { lowers, allowed } = judge(found, write);
    if (!allowed) {
      return found.kind === 'unusable' ? { kind: 'refused', problems: found.problems } : asWritten(found);
    }
    const composed = compose(held, write, lowers);
    if (composed.kind === 'refused') {
      return composed;
    }
    signal.throwIfAborted();
    const done = composed.text === held.text ? 'saved' : await held.save(composed.text, composed.keepOld, signal);
    if (done === 'changed') {
      return 'changed';
    }
    lastGood = composed.text;
    return { kind: 'written' };
  }

  return {
    name,
    where,
    read: async (signal) => {
      try {
        signal.throwIfAborted();
        return look(await store.load(signal));
      } catch (error) {
        return { kind: 'unreachable', why: `${where}: ${messageOf(error)}` };
      }
    },
    rehearse: async (signal) => {
      try {
        signal.throwIfAborted();
        const held = await store.load(signal);
        const composed = compose(held, { percent: 0, expected: undefined, leaseUntilMs: undefined }, true);
        return composed.kind === 'refused'
          ? { kind: 'fails', why: composed.problems.join('; ') }
          : { kind: 'works', way: await held.rehearse(composed.text, signal) };
      } catch (error) {
        return { kind: 'fails', why: `${where}: ${messageOf(error)}` };
      }
    },
    write: async (write, signal) => {
      try {
        for (let attempt = 0; attempt < TRIES; attempt += 1) {
          signal.throwIfAborted();
          const written = await tryWrite(write, signal);
          if (written !== 'changed') {
            return written;
          }
        }
        return { kind: 'unreachable', why: `${where}: others changed it during each of ${TRIES} tries` };
      } catch (error) {
        const message = `${where}: ${messageOf(error)}`;
        return error instanceof StoreError && error.kind === 'refused'
          ? { kind: 'refused', problems: [message] }
          : { kind: 'unreachable', why: message };
      }
    },
  };
}

type Composed =
  | { readonly kind: 'text'; readonly text: string; readonly keepOld: boolean }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** To 0 is always a lowering. The percent that was expected, written again (a lease renewed), needs the store to hold it still. */
function judge(found: FlagReading, { percent, expected }: FlagWrite): { lowers: boolean; allowed: boolean } {
  const lowers = percent === 0 || (expected !== undefined && percent < expected);
  if (found.kind !== 'read') {
    return { lowers, allowed: lowers };
  }
  if (lowers) {
    return { lowers, allowed: found.percent >= percent };
  }
  return { lowers, allowed: expected === undefined ? found.percent >= percent : found.percent === expected };
}

function asWritten(found: Exclude<FlagReading, { kind: 'unusable' }>): FlagWritten {
  return found.kind === 'unreachable' ? found : { kind: 'conflict', found };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
