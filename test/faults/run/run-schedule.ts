import { checkAnswers } from '../check/answers.ts';
import { checkHistory } from '../check/history.ts';
import { checkQuiet } from '../check/quiet.ts';
import type { InitialRecord } from '../check/records.ts';
import { readClock, readStored, storeRecords } from '../check/stored.ts';
import { foundByShadowCheck, foundByVerifier } from '../check/verifier.ts';
import type { FaultLog } from '../inject/fault-log.ts';
import { inject } from '../inject/inject.ts';
import type { Scene } from '../inject/scene.ts';
import type { Sent } from '../load/write.ts';
import { createWriters } from '../load/writers.ts';
import type { FaultKind } from '../schedule/kinds.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Environment } from '../system/environment.ts';

/** Writes of each writer once everything is healed: all of them must be done. */
const WRITES_AFTERWARDS = 2;

export type Outcome = {
  /** What is wrong, in words; empty where nothing is. */
  readonly wrong: readonly string[];
  /** What the replicas logged of the first writes that something is wrong with. */
  readonly log: readonly string[];
  readonly sent: readonly Sent[];
  /** How many changes of its records are in the history. */
  readonly changes: number;
  /** How often each fault has really happened. */
  readonly faults: ReadonlyMap<FaultKind, number>;
};

/**
 * Runs one schedule from its first write to its last check. `name` begins its request ids, and is used once.
 * @param onDoing hears what it begins to do.
 */
export async function runSchedule(
  environment: Environment,
  schedule: Schedule,
  name: string,
  faults: FaultLog,
  onDoing: (doing: string) => void,
): Promise<Outcome> {
  const { database, fleet, flags, interference, proxy } = environment;
  const since = await readClock(database);
  const initial: InitialRecord[] = [];
  const addRecords: Scene['addRecords'] = async (count, aheadMs) => {
    const added = await storeRecords(database, count, aheadMs);
    initial.push(...added);
    return added;
  };
  const idsOf = async (count: number) => (await addRecords(count, 0)).map(({ id }) => id);
  const targets = { hot: await idsOf(schedule.hotRecords), spread: await idsOf(schedule.spreadRecords) };
  const killed = new Map<string, () => number | undefined>();
  const wrong: string[] = [];
  const writers = createWriters({
    seed: schedule.seed,
    name,
    targets,
    slots: fleet.slots,
    current: (slot) => {
      const member = fleet.current(slot);
      killed.set(member.name, member.killedAtMs);
      return member;
    },
  });
  const blame = (what: string) => void wrong.push(what);
  const scene: Scene = { environment, writers, targets, faults, addRecords, blame };

  interference.reset((point, action) => faults.count(`${action.kind} ${point}`));
  await flags.set(schedule.percent);
  void environment.conductor.urge();
  onDoing('writing, while faults are made');
  writers.start(schedule.writers);
  const injected = await Promise.allSettled(schedule.steps.map((step) => inject(step, scene)));
  interference.reset();
  onDoing('waiting until nothing is held up');
  await proxy.untilPassed();
  onDoing('waiting for the last writes');
  await writers.stop();
  await writers.writeAgain(schedule.writers, WRITES_AFTERWARDS);

  onDoing('checking');
  const sent = writers.sent();
  wrong.push(
    ...injected.flatMap((one) => (one.status === 'rejected' ? [`a fault could not be made: ${one.reason}`] : [])),
    ...environment.takeAccidents(),
    ...checkAnswers({ sent, windows: faults.windows(), killedAtMs: (replica) => killed.get(replica)?.() }),
    ...(await checkQuiet(environment)),
  );
  const stored = await readStored(
    database,
    initial.map(({ id }) => id),
    name,
  );
  wrong.push(
    ...checkHistory({ initial, sent, ...stored }),
    ...(await foundByShadowCheck(database)),
    ...(await foundByVerifier(database, since)),
  );
  return { wrong, log: await logOf(environment, wrong), sent, changes: stored.changes.length, faults: faults.counts() };
}

const MOST_LOGGED = 3;

async function logOf({ fleet }: Environment, wrong: readonly string[]): Promise<readonly string[]> {
  const requestIds = new Set(wrong.flatMap((what) => /\bs\d+-\d+\b/.exec(what) ?? []));
  const logs = await Promise.all(Array.from(requestIds).slice(0, MOST_LOGGED).map(fleet.logOf));
  return logs.flat();
}
