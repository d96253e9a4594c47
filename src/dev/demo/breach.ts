import { setTimeout as sleep } from 'node:timers/promises';
import type { EventAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { formatDuration } from '../../contract/wording/format.ts';
import type { EventKind } from '../../rollout/event.ts';
import type { Faults } from '../../routing/faults.ts';
import type { Parts, RunningController } from './parts.ts';
import { type Answer, type Traffic, triedDomain } from './traffic.ts';

/** What a client calls slow: the limit on P95. */
const SLOW_MS = 200;
const LOOK_EVERY_MS = 50;
/** Requests that were on their way when the last replica was seen at 0 % have been answered by then. */
const AFTERWARDS_MS = 1_000;

/** One fault, from its beginning to the proof that nobody serves the domain path any more. Milliseconds since 1970. */
export type Breach = {
  readonly faultAtMs: number;
  readonly seenAtMs: number;
  readonly writtenAtMs: number;
  /** When the last request that was sent down the domain path was sent; the fault's beginning where there was none. */
  readonly lastDomainAtMs: number;
  readonly confirmedAtMs: number;
  /** The same for each replica. */
  readonly lastDomainByReplica: readonly number[];
  /** As the journal tells it. */
  readonly why: string;
  readonly clients: ClientCounts;
};

export type ClientCounts = { readonly requests: number; readonly failed: number; readonly slow: number };

export async function untilStatus(
  controller: RunningController,
  what: string,
  condition: (status: StatusAnswer) => boolean,
  { timeoutMs, signal, onLook = () => {} }: WaitOptions,
): Promise<StatusAnswer> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const status = await controller.status();
    onLook(status);
    if (condition(status)) {
      return status;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `waited ${formatDuration(timeoutMs, 'en')} in vain for: ${what}. The rollout is ${status.state.phrase}; ` +
          `holding: ${status.holding ?? status.controller.noRaise ?? 'nothing'}.`,
      );
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

export type WaitOptions = {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onLook?: (status: StatusAnswer) => void;
};

/** Breaks the domain path of every replica and waits until the controller has proven that all of them serve 0 %. */
export async function breakDomain(
  parts: Parts,
  controller: RunningController,
  traffic: Traffic,
  faults: Faults,
  wait: WaitOptions,
): Promise<Breach> {
  const faultAtMs = Date.now();
  await parts.setFaults(faults);
  await untilStatus(
    controller,
    'every replica serves 0 %',
    ({ state, change }) =>
      state.phase === 'rolled-back' && state.percent === 0 && change?.percent === 0 && change.confirmedAt !== null,
    wait,
  );
  await sleep(AFTERWARDS_MS, undefined, { signal: wait.signal });
  await parts.setFaults({});
  return describeBreach(faultAtMs, await controller.history(), traffic.answers, parts.baseUrls.length);
}

function describeBreach(
  faultAtMs: number,
  history: readonly EventAnswer[],
  all: readonly Answer[],
  replicas: number,
): Breach {
  const newest = <K extends EventKind>(kind: K) => {
    const isIt = (event: EventAnswer): event is Extract<EventAnswer, { kind: K }> =>
      event.kind === kind && event.to === 0;
    const event = history.find(isIt);
    if (event === undefined) {
      throw new Error(`the history has no ${kind} to 0 %`);
    }
    return event;
  };
  const { seenAtMs, writtenAtMs, confirmedAtMs } = newest('confirmed').details;
  const answers = all.filter(({ sentAtMs }) => sentAtMs >= faultAtMs);
  const lastDomain = (of: readonly Answer[]) =>
    of.filter(triedDomain).reduce((last, { sentAtMs }) => Math.max(last, sentAtMs), faultAtMs);
  return {
    faultAtMs,
    seenAtMs: Number(seenAtMs),
    writtenAtMs: Number(writtenAtMs),
    lastDomainAtMs: lastDomain(answers),
    lastDomainByReplica: Array.from({ length: replicas }, (_, at) =>
      lastDomain(answers.filter(({ replica }) => replica === at)),
    ),
    confirmedAtMs: Number(confirmedAtMs),
    why: newest('rolled-back').text,
    clients: countClients(answers),
  };
}

export function countClients(answers: readonly Answer[]): ClientCounts {
  return {
    requests: answers.length,
    failed: answers.filter(({ status }) => status !== 200).length,
    slow: answers.filter(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs > SLOW_MS).length,
  };
}
