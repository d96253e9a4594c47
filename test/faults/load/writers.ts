import { setTimeout as sleep } from 'node:timers/promises';
import { STATUSES } from '../../../src/violations/violation.ts';
import type { Member } from '../system/member.ts';
import { sendWrite } from './client.ts';
import { createRandom, type Random } from './random.ts';
import { MISSING_ID, type Sent, type Write } from './write.ts';

/** Between two writes of a writer: enough of them to meet every fault, and few enough to be checked quickly. */
const PAUSE_MS = 12;
/** Nobody is there until another replica takes the place of the one that was killed. */
const PAUSE_AFTER_DROP_MS = 60;
/** How many of all writes are on the hot records, ask for a path, leave out notes, are to a record that is not there … */
const SHARES = {
  hot: 0.5,
  forcedDomain: 0.3,
  forcedLegacy: 0.1,
  noNotes: 0.1,
  emptyNotes: 0.03,
  noHandler: 0.4,
  missing: 0.01,
};
const HANDLERS = ['ana', 'bo', 'chen', 'dara'];

export type Targets = { readonly hot: string[]; readonly spread: string[] };

type WritersSetup = {
  readonly seed: number;
  /** Begins the request ids of this schedule. */
  readonly name: string;
  readonly targets: Targets;
  readonly current: (slot: number) => Member;
  readonly slots: number;
};

/** Writers that go on until they are stopped, each with one write under way at a time. */
export function createWriters({ seed, name, targets, current, slots }: WritersSetup) {
  const sent: Sent[] = [];
  let count = 0;
  let stopped = false;
  const working: Promise<void>[] = [];

  async function writeOnce(random: Random): Promise<Sent> {
    count += 1;
    const write = choose(random, `${name}-${count}`, targets);
    const member = current(random.below(slots));
    const fromMs = performance.now();
    member.begin();
    const outcome = await sendWrite(member.port, member.agent, write);
    member.end();
    const done = { ...write, replica: member.name, fromMs, untilMs: performance.now(), outcome };
    sent.push(done);
    return done;
  }

  async function work(random: Random): Promise<void> {
    while (!stopped) {
      const { outcome } = await writeOnce(random);
      await sleep(random.below(outcome.kind === 'dropped' ? PAUSE_AFTER_DROP_MS : PAUSE_MS));
    }
  }

  const each = async (writers: number, times: number, salt: number) => {
    await Promise.all(
      Array.from({ length: writers }, async (_, writer) => {
        const random = createRandom(seed + salt + writer);
        for (let time = 0; time < times; time += 1) {
          await writeOnce(random);
        }
      }),
    );
  };

  return {
    sent: (): readonly Sent[] => sent,
    start: (writers: number) => {
      working.push(...Array.from({ length: writers }, (_, writer) => work(createRandom(seed + writer))));
    },
    /** This many more writes at once, beside those of the writers. */
    burst: (writes: number) => each(writes, 1, 1_000),
    stop: async () => {
      stopped = true;
      await Promise.all(working);
    },
    /** A few writes of each writer, after `stop`. */
    writeAgain: (writers: number, times: number) => each(writers, times, 2_000),
  };
}

function choose(random: Random, requestId: string, { hot, spread }: Targets): Write {
  const at = random.below(1_000) / 1_000;
  const force =
    at < SHARES.forcedDomain ? 'true' : at < SHARES.forcedDomain + SHARES.forcedLegacy ? 'false' : undefined;
  const notes = random.chance(SHARES.noNotes)
    ? undefined
    : random.chance(SHARES.emptyNotes)
      ? ''
      : `notes of ${requestId}`;
  return {
    requestId,
    violationId: random.chance(SHARES.missing) ? MISSING_ID : random.pick(random.chance(SHARES.hot) ? hot : spread),
    status: random.pick(STATUSES),
    notes,
    handledBy: random.chance(SHARES.noHandler) ? undefined : random.pick(HANDLERS),
    force,
  };
}
