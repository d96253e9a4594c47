import type { EventAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { counted } from '../../contract/wording/format.ts';
import { type Breach, breakDomain, type ClientCounts, countClients } from './breach.ts';
import { type DemoParts, type RunningController, startParts } from './parts.ts';
import { PER_SECOND, PLAN, REPLICAS, ROUNDS, type Round, STAGES } from './plan.ts';
import type { Progress } from './progress.ts';
import { breachPromises, climbPromise, type Promised, writesPromise } from './promises.ts';
import { startTraffic, type Traffic } from './traffic.ts';
import { startRollout, untilStatus } from './wait.ts';

/** How long the last stage is healthy before its path is broken. */
const HEALTHY_MS = 3_000;
const CLIMB_WITHIN_MS = 60_000;
const DROP_WITHIN_MS = 15_000;
/** The parts stop with the demo: a disk that others keep busy is not what it is about. */
const POSTGRES_FLAGS = ['-c', 'fsync=off'];

type RoundResult = { readonly title: string; readonly breach: Breach; readonly promises: readonly Promised[] };

/** What was measured, round by round. */
export type Story = {
  readonly flagServer: string;
  readonly seconds: number;
  readonly clients: ClientCounts;
  readonly rounds: readonly RoundResult[];
  readonly promises: readonly Promised[];
};

type PlaySettings = {
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

/** @throws BrokenOff where it cannot be played to its end. */
export async function play({ progress, signal }: PlaySettings): Promise<Story> {
  await using stack = new AsyncDisposableStack();
  const startedAt = performance.now();
  const parts = await startParts({
    replicas: REPLICAS,
    signal,
    onProgress: progress.show,
    postgresFlags: POSTGRES_FLAGS,
  });
  stack.defer(async () => {
    progress.show('stopping everything');
    await parts.stop();
  });
  progress.show('starting the controller');
  const controller = await parts.startController(PLAN);
  stack.defer(controller.stop);
  const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: PER_SECOND });
  stack.defer(traffic.stop);
  const stage = { parts, controller, traffic, progress, signal: AbortSignal.any([signal, parts.lost]) };
  try {
    return await playRounds(stage, startedAt);
  } catch (error) {
    signal.throwIfAborted();
    const why = parts.lost.aborted ? parts.lost.reason : error;
    throw new BrokenOff((why as Error).message, progress.step(), await controller.history().catch(() => []));
  }
}

/** RoundResult with where it was, and with what the journal says. */
export class BrokenOff extends Error {
  readonly step: string;
  /** The newest first. */
  readonly history: readonly EventAnswer[];

  constructor(why: string, step: string, history: readonly EventAnswer[]) {
    super(why);
    this.step = step;
    this.history = history;
  }
}

type Stage = {
  readonly parts: DemoParts;
  readonly controller: RunningController;
  readonly traffic: Traffic;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

async function playRounds(stage: Stage, startedAt: number): Promise<Story> {
  const { parts, controller, traffic } = stage;
  const rounds: RoundResult[] = [];
  for (const [at, round] of ROUNDS.entries()) {
    rounds.push(await playRound(at + 1, round, stage));
  }
  await traffic.stop();
  const promises = [
    ...rounds.flatMap((round) => round.promises),
    climbPromise(await controller.history(), STAGES),
    await writesPromise(parts.databaseUrl, traffic.answers),
  ];
  return {
    flagServer: parts.flagServer,
    seconds: (performance.now() - startedAt) / 1_000,
    clients: countClients(traffic.answers),
    rounds,
    promises,
  };
}

async function playRound(number: number, { title, faults }: Round, stage: Stage): Promise<RoundResult> {
  const { parts, controller, traffic, progress, signal } = stage;
  const clients = () => {
    const { requests, failed } = countClients(traffic.answers);
    return `${counted(requests, 'request')}, ${counted(failed, 'error')}`;
  };
  const climb = (step: string) => ({
    timeoutMs: CLIMB_WITHIN_MS,
    signal,
    onLook: ({ state }: StatusAnswer) => progress.show(`round ${number}: ${step} at ${state.percent} %`, clients()),
  });
  await startRollout(controller, climb('getting ready'));
  await untilStatus(
    controller,
    '25 %, healthy for 3 s',
    ({ state, healthyMs }) => state.percent === STAGES.at(-1) && (healthyMs ?? 0) >= HEALTHY_MS,
    {
      ...climb('climbing'),
      inVain: ({ state }) =>
        state.phase === 'rolled-back'
          ? `the rollout dropped to 0 % while nothing was broken: ${state.why}.`
          : undefined,
    },
  );
  const breach = await breakDomain(parts, controller, traffic, faults, {
    timeoutMs: DROP_WITHIN_MS,
    signal,
    onLook: () => progress.show(`round ${number}: ${title}`, clients()),
  });
  return { title, breach, promises: breachPromises(number, breach, traffic.answers) };
}
