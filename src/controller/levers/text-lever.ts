import { flagIn } from '../../flagd/flag-edit.ts';
import { lintFlagsText } from '../../flagd/lint.ts';
import { errorsThatHit, formatProblem } from '../../flagd/problem.ts';
import { readPercent } from '../../flagd/read-percent.ts';
import { servedAtZero } from '../../flagd/unguarded.ts';
import type { Clock } from '../../kit/time.ts';
import type { FlagLever, FlagReading, FlagWrite, FlagWritten, Rehearsal } from '../engine/ports.ts';
import { type Composed, composeText, isSpoilt, loweredCopies } from './compose.ts';
import { isAtFault, judgeWrite } from './judge-write.ts';
import { type FlagStore, type Held, type SpareFlags, StoreError, type TextChange } from './store.ts';

/** Somebody who edits without a pause must not keep a rollback out; each try is some milliseconds. */
const TRIES = 20;

type TextLeverParts = {
  readonly name: FlagLever['name'];
  readonly where: string;
  readonly flag: string;
  readonly store: FlagStore;
  readonly spare?: SpareFlags | undefined;
  readonly clock: Pick<Clock, 'now'>;
};

/** A lever over any store of flagd's JSON: compare and swap, with the last good text as what a rollback falls back on. */
export function createTextLever({ name, where, flag, store, spare, clock }: TextLeverParts): FlagLever {
  let lastGood: string | undefined;
  let lastLook: { readonly text: string; readonly reading: FlagReading } | undefined;

  /** A text that was looked at says the same again: large files are read often and change rarely. */
  function look({ text, fault }: Held): FlagReading {
    if (text === undefined) {
      return fault === undefined
        ? { kind: 'unreachable', why: `${where} holds no flags: there is nothing there` }
        : { kind: 'unusable', problems: [`${where}: ${fault}`], fault: `${where}: ${fault}` };
    }
    if (lastLook?.text !== text) {
      lastLook = { text, reading: lookAt(text) };
    }
    const { reading } = lastLook;
    return fault === undefined || reading.kind === 'unreachable'
      ? reading
      : { ...reading, fault: `${where}: ${fault}` };
  }

  function lookAt(text: string): FlagReading {
    const errors = errorsThatHit(flag, lintFlagsText(text, { flagKey: flag, nowMs: clock.now() }));
    if (errors.length > 0) {
      return { kind: 'unusable', problems: located(errors.map(formatProblem)) };
    }
    const definition = flagIn(JSON.parse(text), flag);
    const reading = readPercent(definition);
    if (reading.kind === 'unusable') {
      return reading;
    }
    lastGood = text;
    const served = reading.percent === 0 ? servedAtZero(definition as Record<string, unknown>) : undefined;
    return served === undefined ? reading : { ...reading, unguarded: served.variants };
  }

  const located = (problems: readonly string[]) =>
    problems.map((problem) => `${where}:${/^\d/.test(problem) ? '' : ' '}${problem}`);

  /** What is to be written; `text` of the result is undefined where only copies are. */
  async function compose(held: Held, write: FlagWrite, lowers: boolean, signal: AbortSignal): Promise<ComposedChange> {
    const { copies = new Map() } = held;
    const { lowered, problems } = loweredCopies(lowers ? copies : new Map(), { flag, write });
    const good = lastGood ?? (lowers && isSpoilt(held.text) ? ((await held.kept(signal)) ?? spare?.get()) : undefined);
    const composed = composeText(held.text, good, { flag, write, lowers, nowMs: clock.now() });
    if (composed.kind === 'refused' && held.text === undefined && copies.size > 0) {
      return { kind: 'change', text: undefined, copies: lowered, keepsOld: false, but: located(problems) };
    }
    return composed.kind === 'refused'
      ? { kind: 'refused', problems: located(composed.problems) }
      : { ...composed, kind: 'change', copies: lowered, but: located(composed.but) };
  }

  async function tryWrite(write: FlagWrite, signal: AbortSignal): Promise<FlagWritten | 'changed'> {
    const held = await store.load(signal);
    const found = look(held);
    const { lowers, allowed } = judgeWrite(found, write, clock.now());
    if (isAtFault(found, write)) {
      return byContent([found.fault]);
    }
    if (!allowed) {
      return found.kind === 'unusable' ? byContent(found.problems) : asWritten(found);
    }
    const change = await compose(held, write, lowers, signal);
    if (change.kind === 'refused') {
      return byContent(change.problems);
    }
    signal.throwIfAborted();
    const isThere = change.text === held.text && change.copies.size === 0;
    if (!isThere && (await held.save(change, signal)) === 'changed') {
      return 'changed';
    }
    if (change.but.length > 0) {
      return byContent(change.but);
    }
    lastGood = change.text ?? lastGood;
    return { kind: 'written' };
  }

  async function rehearse(write: FlagWrite, signal: AbortSignal): Promise<Rehearsal> {
    // What it has is at hand then, when a rollback needs it.
    spare?.get();
    const held = await store.load(signal);
    const reading = look(held);
    const change = await compose(held, write, true, signal);
    if (change.kind === 'refused' || change.but.length > 0) {
      return { kind: 'fails', why: (change.kind === 'refused' ? change.problems : change.but).join('; ') };
    }
    const way = await held.rehearse(change, signal);
    // Only what is there now, and good: controllers that share a place do not overwrite each other's.
    const unkept = reading.kind === 'read' && held.text !== undefined ? await keep(held, held.text, signal) : undefined;
    return { kind: 'works', way, ...(unkept !== undefined && { unkept }) };
  }

  /** @returns why it is not kept. */
  async function keep(held: Held, text: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      if ((await held.kept(signal)) !== text) {
        await held.keep(text, signal);
      }
      return undefined;
    } catch (error) {
      const problem = spare === undefined ? '' : spare.offer(text);
      return problem === undefined ? undefined : [`${where}: ${messageOf(error)}`, problem].filter(Boolean).join('; ');
    }
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
    rehearse: async (signal, state) => {
      try {
        signal.throwIfAborted();
        return await rehearse({ percent: 0, expected: undefined, leaseUntilMs: undefined, state }, signal);
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
          ? { kind: 'refused', problems: [message], by: 'store' }
          : { kind: 'unreachable', why: message };
      }
    },
  };
}

type ComposedChange =
  | (TextChange & { readonly kind: 'change'; readonly but: readonly string[] })
  | Extract<Composed, { kind: 'refused' }>;

const byContent = (problems: readonly string[]): FlagWritten => ({ kind: 'refused', problems, by: 'content' });

function asWritten(found: Exclude<FlagReading, { kind: 'unusable' }>): FlagWritten {
  return found.kind === 'unreachable' ? found : { kind: 'conflict', found };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
