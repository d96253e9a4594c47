import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningController } from '../../src/dev/demo/parts.ts';
import { until } from '../../src/dev/until.ts';
import { readMetricsPage, type Usage, usageBetween } from './metrics-page.ts';
import type { System } from './system.ts';

const WATCH_MS = 15_000;
const CHANGES = 5;
const READY_WITHIN_MS = 30_000;
const CONFIRM_WITHIN_MS = 30_000;
/** Being asked is work for the controller, too. */
const ASK_EVERY_MS = 250;
const PLAN = join(import.meta.dirname, '../../rollout.yaml');

export type ControllerRun = {
  /** What it used while nothing changed, and how often it looked at all replicas. */
  readonly usage: Usage;
  readonly looksPerSecond: number;
  readonly series: number;
  /** How long the flag was written before every replica was seen to serve it, up and down; undefined where it took too long. */
  readonly confirmedMs: readonly (number | undefined)[];
  /** Why nothing could be started; undefined where it could. */
  readonly problem: string | undefined;
};

/** A real controller over the first `replicas` simulated ones. */
export async function measureController(
  system: System,
  replicas: number,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ControllerRun> {
  const plan = await readFile(PLAN, 'utf8');
  const targets = system.replicas.slice(0, replicas).join(',');
  const controller = await system.parts.startController(plan, { SCRAPE_TARGETS: targets, ...env });
  try {
    const problem = await untilReady(controller);
    const before = { page: await readMetricsPage(`${controller.url}/metrics`), ...(await system.pages()) };
    const beganAt = performance.now();
    await sleep(WATCH_MS, undefined, { signal });
    const ms = performance.now() - beganAt;
    const after = { page: await readMetricsPage(`${controller.url}/metrics`), ...(await system.pages()) };
    const confirmedMs: (number | undefined)[] = [];
    // Where one is not confirmed in time, the next would not be either.
    for (let change = 0; problem === undefined && change < CHANGES && !confirmedMs.includes(undefined); change += 1) {
      confirmedMs.push(await timeOf(controller, 'start'), await timeOf(controller, 'rollback'));
    }
    return {
      usage: usageBetween(before.page, after.page, ms),
      looksPerSecond: ((after.asked - before.asked) / replicas / ms) * 1_000,
      series: after.page.series,
      confirmedMs,
      problem,
    };
  } finally {
    await controller.stop();
  }
}

/** @returns why it may not raise; undefined once it may. */
async function untilReady({ status }: RunningController): Promise<string | undefined> {
  let why: string | null = null;
  const look = async () => {
    await sleep(ASK_EVERY_MS);
    why = (await status()).controller.noRaise;
    return why === null;
  };
  return until('the controller may raise', look, READY_WITHIN_MS).then(
    () => undefined,
    () => why?.slice(0, 100) ?? 'it does not answer',
  );
}

/** @returns milliseconds from the flag being written; undefined where that was not allowed, or not confirmed, in time. */
async function timeOf(controller: RunningController, command: 'start' | 'rollback'): Promise<number | undefined> {
  const askedAtMs = Date.now();
  let ms: number | undefined;
  let accepted = false;
  const look = async () => {
    // A start is refused until the next look has seen every replica at 0 %.
    accepted = accepted || (await ask(controller, command));
    await sleep(ASK_EVERY_MS);
    const details = (await controller.history())
      .flatMap((event) => (event.kind === 'confirmed' ? event.details : []))
      .find(({ writtenAtMs = 0 }) => writtenAtMs >= askedAtMs);
    ms = details && Number(details.confirmedAtMs) - Number(details.writtenAtMs);
    return ms !== undefined;
  };
  await until('every replica serves it', look, CONFIRM_WITHIN_MS).catch(() => {});
  return ms;
}

const ask = (controller: RunningController, command: 'start' | 'rollback'): Promise<boolean> =>
  controller.command({ command, actor: 'bench', reason: 'measuring' }).then(
    () => true,
    () => false,
  );
