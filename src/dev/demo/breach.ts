import { setTimeout as sleep } from 'node:timers/promises';
import type { EventAnswer, StatusAnswer } from '../../contract/schemas.ts';
import type { EventKind } from '../../rollout/event.ts';
import type { Faults } from '../../routing/faults.ts';
import type { DemoParts, RunningController } from './parts.ts';
import { type Answer, hasFailed, type Traffic, triedDomain } from './traffic.ts';
import { until, untilStatus, type WaitOptions } from './wait.ts';

/** What a client calls slow: the limit on P95. */
const SLOW_MS = 200;
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
  /** As the journal has it. */
  readonly why: string;
  readonly clients: ClientCounts;
};

export type ClientCounts = { readonly requests: number; readonly failed: number; readonly slow: number };

/**
 * Breaks the domain path of every replica and waits until the controller has proven that all of them serve 0 %.
 * @throws where the rollout had dropped by itself before that.
 */
export async function breakDomain(
  parts: DemoParts,
  controller: RunningController,
  traffic: Traffic,
  faults: Faults,
  wait: WaitOptions,
): Promise<Breach> {
  const faultAtMs = Date.now();
  await parts.setFaults(faults);
  const inVain = ({ state }: StatusAnswer) =>
    state.phase === 'rolled-back' && Date.parse(state.since ?? '') < faultAtMs
      ? `the rollout had dropped to 0 % by itself: ${state.why}.`
      : undefined;
  await untilStatus(
    controller,
    'every replica serves 0 %',
    ({ state, change }) =>
      state.phase === 'rolled-back' && state.percent === 0 && change?.percent === 0 && change.confirmedAt !== null,
    { ...wait, inVain },
  );
  await sleep(AFTERWARDS_MS, undefined, { signal: wait.signal });
  await parts.setFaults({});
  const events = await until(wait.timeoutMs, wait.signal, async () => {
    const found = findEvents(faultAtMs, await controller.history());
    return found ? { found } : { missing: 'the journal to record the drop' };
  });
  return describeBreach(faultAtMs, events, traffic.answers, parts.baseUrls.length);
}

type EventOf<K extends EventKind> = Extract<EventAnswer, { kind: K }>;
type Events = { readonly rolledBack: EventOf<'rolled-back'>; readonly confirmed: EventOf<'confirmed'> };

/** Those of this fault: while the journal lags, the newest there are may be of the last one. */
function findEvents(faultAtMs: number, history: readonly EventAnswer[]): Events | undefined {
  const newest = <K extends EventKind>(kind: K) =>
    history.find(
      (event): event is EventOf<K> => event.kind === kind && event.to === 0 && Date.parse(event.at) >= faultAtMs,
    );
  const [rolledBack, confirmed] = [newest('rolled-back'), newest('confirmed')];
  return rolledBack && confirmed && { rolledBack, confirmed };
}

function describeBreach(
  faultAtMs: number,
  { rolledBack, confirmed }: Events,
  all: readonly Answer[],
  replicas: number,
): Breach {
  const { seenAtMs, writtenAtMs, confirmedAtMs } = confirmed.details;
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
    why: rolledBack.text,
    clients: countClients(answers),
  };
}

export function countClients(answers: readonly Answer[]): ClientCounts {
  return {
    requests: answers.length,
    failed: answers.filter(hasFailed).length,
    slow: answers.filter(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs > SLOW_MS).length,
  };
}
