import { parseArgs } from 'node:util';
import { counted, formatCount, formatDuration } from './contract/wording/format.ts';
import { type Breach, breakDomain, countClients, untilStatus } from './dev/demo/breach.ts';
import { type Parts, type RunningController, startParts } from './dev/demo/parts.ts';
import { createProgress, type Progress } from './dev/demo/progress.ts';
import { breachPromises, climbPromise, type Promised, writesPromise } from './dev/demo/promises.ts';
import { startTraffic, type Traffic } from './dev/demo/traffic.ts';
import { runMain, stopSignal } from './kit/run-main.ts';
import type { Faults } from './routing/faults.ts';

const HELP = `The main job in a minute, on parts of its own: a rollout climbs 5 → 10 → 25 % by itself, its domain path is made
slow (in a second round: failing), and the flag drops to 0.

  npm run demo [-- --json]

  --json   print what was measured as JSON, and no story
  --help   print this

It needs no tools beyond npm, listens on loopback only, and leaves nothing behind. It takes less than 90 seconds.
Exit codes: 0 every promise held, 1 one did not or something broke, 130 ended by Ctrl-C.
`;

const REPLICAS = 2;
const PER_SECOND = 100;
const STAGES = [5, 10, 25];
/** Hours have become seconds; the limits and the confidence are those of rollout.yaml. */
const PLAN = `rollout: violation-status
flag: violation-status-domain-percent
stages:
  - { percent: 5,  observe: 3s }
  - { percent: 10, observe: 3s }
  - { percent: 25, observe: 10m }
guards:
  - { name: p95,    measure: latency-p95, limit: 200ms, window: 10s, onBreach: off }
  - { name: errors, measure: error-rate,  limit: 1%,    window: 10s, onBreach: off }
confidence: 99.9%
minSamples: 15
`;
/** How long the last stage is healthy before its path is broken. */
const HEALTHY_MS = 3_000;
const CLIMB_WITHIN_MS = 40_000;
const DROP_WITHIN_MS = 15_000;

type Round = { readonly title: string; readonly faults: Faults };

const ROUNDS: readonly Round[] = [
  { title: 'the domain path becomes slow: each call takes 400 ms more', faults: { domain: { delayMs: 400 } } },
  { title: 'the domain path fails: every call throws', faults: { domain: { errorPercent: 100 } } },
];

type Told = { readonly title: string; readonly breach: Breach; readonly promises: readonly Promised[] };

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const stop = stopSignal();
  const progress = createProgress(process.stderr);
  try {
    const told = await play(progress, stop);
    progress.clear();
    console.log(values.json ? JSON.stringify(told, null, 2) : summarise(told));
    return told.promises.every(({ holds }) => holds) ? 0 : 1;
  } catch (error) {
    progress.clear();
    console.error(stop.aborted ? 'Ended.' : `The demo broke off: ${(error as Error).message}`);
    return stop.aborted ? 130 : 1;
  }
}

async function play(progress: Progress, signal: AbortSignal) {
  await using stack = new AsyncDisposableStack();
  const startedAt = performance.now();
  const parts = await startParts({ replicas: REPLICAS, signal, onProgress: progress.show });
  stack.defer(async () => {
    progress.show('stopping everything');
    await parts.stop();
  });
  progress.show('starting the controller');
  const controller = await parts.startController(PLAN);
  stack.defer(controller.stop);
  const traffic = startTraffic({ baseUrls: parts.baseUrls, perSecond: PER_SECOND });
  stack.defer(traffic.stop);

  const rounds: Told[] = [];
  for (const [at, round] of ROUNDS.entries()) {
    rounds.push(await playRound(at + 1, round, { parts, controller, traffic, progress, signal }));
  }
  await traffic.stop();
  const history = await controller.history();
  const promises = [
    ...rounds.flatMap((round) => round.promises),
    climbPromise(history, STAGES),
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

type Stage = {
  readonly parts: Parts;
  readonly controller: RunningController;
  readonly traffic: Traffic;
  readonly progress: Progress;
  readonly signal: AbortSignal;
};

async function playRound(number: number, { title, faults }: Round, stage: Stage): Promise<Told> {
  const { parts, controller, traffic, progress, signal } = stage;
  const clients = () => {
    const { requests, failed } = countClients(traffic.answers);
    return `${counted(requests, 'request')}, ${counted(failed, 'error')}`;
  };
  const climb = (step: string) => ({
    timeoutMs: CLIMB_WITHIN_MS,
    signal,
    onLook: ({ state }: { readonly state: { readonly percent: number } }) =>
      progress.show(`round ${number}: ${step} at ${state.percent} %`, clients()),
  });
  await untilStatus(
    controller,
    'the controller leads and knows what every replica serves',
    (status) => status.controller.leading && status.controller.noRaise === null,
    climb('getting ready'),
  );
  await controller.start();
  await untilStatus(
    controller,
    '25 %, healthy for 3 s',
    ({ state, healthyMs }) => state.percent === STAGES.at(-1) && (healthyMs ?? 0) >= HEALTHY_MS,
    climb('climbing'),
  );
  const breach = await breakDomain(parts, controller, traffic, faults, {
    timeoutMs: DROP_WITHIN_MS,
    signal,
    onLook: () => progress.show(`round ${number}: ${title}`, clients()),
  });
  return { title, breach, promises: breachPromises(number, breach, traffic.answers) };
}

function summarise({ rounds, promises, clients, seconds, flagServer }: Awaited<ReturnType<typeof play>>): string {
  return [
    `${REPLICAS} replicas behind ${flagServer}, ${PER_SECOND} status updates a second, stages ${STAGES.join(' → ')} %.`,
    ...rounds.map(
      ({ title, breach }, at) => `
Round ${at + 1}: at 25 % ${title}
${describeTimes(breach)}
  clients since the fault: ${counted(breach.clients.requests, 'request')}, ${counted(breach.clients.failed, 'error')}, ${formatCount(breach.clients.slow)} slow (over 200 ms)
  journal: ${breach.why}`,
    ),
    '',
    ...promises.map(({ text, holds, found }) => `${holds ? 'kept  ' : 'BROKEN'}  ${text} (${found})`),
    '',
    `${counted(clients.requests, 'request')}, ${counted(clients.failed, 'error')}, in ${formatDuration(seconds * 1_000, 'en')}. ` +
      (promises.every(({ holds }) => holds) ? 'Every promise held.' : 'A promise did not hold.'),
  ].join('\n');
}

function describeTimes(breach: Breach): string {
  const { faultAtMs } = breach;
  const times: readonly [string, number][] = [
    ['fault began', faultAtMs],
    ['breach seen', breach.seenAtMs],
    ['flag written', breach.writtenAtMs],
    ['last domain request', breach.lastDomainAtMs],
    ['all replicas confirmed', breach.confirmedAtMs],
  ];
  return times
    .map(([what, atMs]) => `  ${what.padEnd(24)}${formatDuration(atMs - faultAtMs, 'en').padStart(8)}`)
    .join('\n');
}

await runMain(main);
