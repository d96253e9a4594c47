import type { Child } from './child.ts';
import type { Environment } from './environment.ts';
import type { LoadMessage, LoadOrder, LoadResult } from './load/protocol.ts';
import type { BenchOptions } from './options.ts';
import { childrenCpuMs, cpuMs, cpuMsBetween } from './processes.ts';
import type { RunningVariant, Variant } from './variants.ts';

/** One turn: one variant at one connection count. Processor times are for each request. */
export type Turn = LoadResult & {
  readonly variant: Variant;
  readonly connections: number;
  readonly round: number;
  readonly serverCpuUs: number;
  readonly postgresCpuUs: number;
};

type RoundsSetup = {
  readonly variants: readonly RunningVariant[];
  readonly load: Child;
  readonly environment: Environment;
  readonly options: BenchOptions;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
};

/** All variants in turns, round after round: a drift of the machine then meets them all alike. */
export async function runRounds({
  variants,
  load,
  environment,
  options,
  progress,
  signal,
}: RoundsSetup): Promise<Turn[]> {
  const turns: Turn[] = [];
  const total = options.rounds * options.connectionCounts.length * variants.length;
  for (let round = 0; round < options.rounds; round++) {
    for (const connections of options.connectionCounts) {
      for (const variant of rotated(variants, round)) {
        progress(`turn ${turns.length + 1}/${total}: ${variant.name}, ${connections} connections`);
        await environment.resetTables();
        const order = { port: variant.port, connections, warmUpMs: options.warmUpMs, measureMs: options.measureMs };
        const measured = await runTurn(load, order, variant.pid, environment.postgresPid, signal);
        turns.push({ variant: variant.name, connections, round, ...measured });
      }
    }
  }
  return turns;
}

/** Another one begins each round, so that none always follows the same neighbour's warm caches. */
function rotated<T>(values: readonly T[], by: number): readonly T[] {
  const start = by % values.length;
  return [...values.slice(start), ...values.slice(0, start)];
}

async function runTurn(load: Child, order: LoadOrder, serverPid: number, postgresPid: number, signal: AbortSignal) {
  load.send(order);
  await expectMessage(load, 'measuring', signal);
  const before = { server: await cpuMs(serverPid), postgres: await childrenCpuMs(postgresPid) };
  const { result } = await expectMessage(load, 'measured', signal);
  const after = { server: await cpuMs(serverPid), postgres: await childrenCpuMs(postgresPid) };
  return {
    ...result,
    serverCpuUs: ((after.server - before.server) * 1000) / result.requests,
    postgresCpuUs: (cpuMsBetween(before.postgres, after.postgres) * 1000) / result.requests,
  };
}

async function expectMessage<K extends LoadMessage['kind']>(load: Child, kind: K, signal: AbortSignal) {
  const message = await load.nextMessage<LoadMessage>(signal);
  if (message.kind === 'failed') {
    throw new Error(`the load failed: ${message.why}`);
  }
  if (message.kind !== kind) {
    throw new Error(`the load process said ${message.kind} where ${kind} was due`);
  }
  return message as Extract<LoadMessage, { kind: K }>;
}
