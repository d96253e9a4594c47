import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FlagServer, startFlagServer } from '../../src/dev/embedded/flag-server.ts';
import { freePort, startFlagd } from '../../src/dev/embedded/flagd.ts';
import { startChild } from '../child.ts';
import { childrenCpuMs, cpuMs, residentBytes } from '../processes.ts';
import { quantile } from '../statistics.ts';

const STREAMS = join(import.meta.dirname, 'streams.ts');
const EDITS = 15;
const PAUSE_MS = 300;
/** More than the 30 s after which each stream is opened anew. */
const QUIET_MS = 35_000;

export type FlagRun = {
  /** From replacing the file to the flags being with a stream. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly lastMs: number;
  readonly cpuMsPerEdit: number;
  /** In percent of one core, while nothing is edited. */
  readonly quietCpuPercent: number;
  /** Undefined where the server is no process of its own. */
  readonly residentMib: number | undefined;
  /** From a server that was restarted being there to every stream having its flags. */
  readonly backMs: number;
};

/** @param flagd the program; the built-in flag server where undefined. */
export async function measureFlags(flagd: string | undefined, streams: number, signal: AbortSignal): Promise<FlagRun> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-scale-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'flags.json');
  await replace(file, 'begin');
  const port = await freePort();
  const start = () => startServer(flagd, file, port);
  let server = await start();
  stack.defer(() => server.stop());

  const child = stack.use(startChild(STREAMS, { COUNT: String(streams), PORT: String(port) }));
  await child.nextMessage(signal);
  const watch = async (mark: string) => {
    const waiting = child.nextMessage(signal);
    child.send({ mark });
    await waiting;
    return child.nextMessage<readonly number[]>(signal);
  };

  await sleep(PAUSE_MS, undefined, { signal });
  const quiet = await server.cpuMs();
  await sleep(QUIET_MS, undefined, { signal });
  const quietCpuPercent = (((await server.cpuMs()) - quiet) / QUIET_MS) * 100;

  const busy = await server.cpuMs();
  const lasts: number[] = [];
  const times: number[] = [];
  for (let edit = 0; edit < EDITS; edit += 1) {
    const mark = `edit-${edit}-`;
    const waiting = child.nextMessage(signal);
    child.send({ mark });
    await waiting;
    const had = child.nextMessage<readonly number[]>(signal);
    const editedAtMs = await replace(file, mark);
    const sinceEdit = (await had).map((atMs) => atMs - editedAtMs);
    times.push(...sinceEdit);
    lasts.push(Math.max(...sinceEdit));
    await sleep(PAUSE_MS, undefined, { signal });
  }
  const cpuMsPerEdit = ((await server.cpuMs()) - busy) / EDITS;
  const residentMib = await server.residentMib();

  await server.stop();
  const back = watch('back-');
  await replace(file, 'back-');
  server = await start();
  const thereAtMs = now();
  const backMs = Math.max(...(await back)) - thereAtMs;
  const sorted = times.toSorted((a, b) => a - b);
  return {
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    lastMs: Math.max(...lasts),
    cpuMsPerEdit,
    quietCpuPercent,
    residentMib,
    backMs,
  };
}

type MeasuredServer = FlagServer & {
  readonly cpuMs: () => Promise<number>;
  readonly residentMib: () => Promise<number | undefined>;
};

async function startServer(flagd: string | undefined, file: string, port: number): Promise<MeasuredServer> {
  if (flagd === undefined) {
    const server = await startFlagServer(file, port, () => {});
    return { ...server, cpuMs: () => cpuMs(process.pid), residentMib: async () => undefined };
  }
  const before = await childrenCpuMs(process.pid);
  const server = await startFlagd(flagd, file, port);
  const pid = Array.from((await childrenCpuMs(process.pid)).keys()).find((each) => !before.has(each)) ?? Number.NaN;
  return { ...server, cpuMs: () => cpuMs(pid), residentMib: async () => (await residentBytes(pid)) / 2 ** 20 };
}

/** @returns when the file was replaced, as a lever does it: written beside, then renamed. */
async function replace(file: string, mark: string): Promise<number> {
  const variants = { off: 0, p5: 5, p10: 10, p25: 25, p50: 50, p100: 100, [mark]: 5 };
  const flag = { state: 'ENABLED', variants, defaultVariant: mark };
  await writeFile(`${file}.next`, JSON.stringify({ flags: { 'violation-status-domain-percent': flag } }));
  await rename(`${file}.next`, file);
  return now();
}

const now = () => performance.timeOrigin + performance.now();
