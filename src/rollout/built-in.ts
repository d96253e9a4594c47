import { formatCount } from '../kit/format.ts';
import type { Evidence } from './evidence.ts';
import { type Judgement, limitNumber } from './judgement.ts';
import type { Guard, Plan } from './plan-types.ts';
import type { Restart } from './replica-history.ts';

/** A breaker probes 5 s and 15 s after it opened: open for longer, both probes failed. */
const BREAKER_PATIENCE_MS = 16_000;

/** The guard that every plan has: replicas that keep requests off the domain path by themselves. */
const BREAKER: Guard = {
  name: 'breaker',
  measure: 'breaker',
  limit: { kind: 'count', count: 0 },
  limitText: '0',
  windowMs: BREAKER_PATIENCE_MS,
  onBreach: 'off',
  test: 'threshold',
};

/** Crashes of one replica, each of which it came back from: it is no deploy, which begins each process once. */
const RESTARTS: Guard = {
  name: 'restarts',
  measure: 'restarts',
  limit: { kind: 'count', count: 2 },
  limitText: '2',
  windowMs: 15 * 60_000,
  onBreach: 'off',
  test: 'threshold',
};

export const BUILT_IN_NAMES: readonly string[] = [BREAKER.name, RESTARTS.name];

/** The guards that a plan need not name. A guard of its own on restarts takes the place of the one here. */
export const builtInsOf = ({ guards }: Pick<Plan, 'guards'>): readonly Guard[] =>
  guards.some(({ measure }) => measure === 'restarts') ? [BREAKER] : [BREAKER, RESTARTS];

export function judgeBreaker({ reading, openings }: Evidence): Judgement {
  const replicas =
    reading?.kind === 'read' ? reading.replicas.filter(({ breakerOpen }) => breakerOpen !== undefined) : [];
  const counted = { value: openings.size, samples: replicas.length };
  if (replicas.length === 0) {
    return { ...counted, kind: 'no-data', value: undefined, detail: 'no replica reports its breaker' };
  }
  if (openings.size === 0) {
    return { ...counted, kind: 'healthy' };
  }
  const persistent = Array.from(openings.values()).filter(({ forMs }) => forMs >= BREAKER_PATIENCE_MS).length;
  const detail = `open on ${Array.from(openings.keys()).join(', ')}`;
  return { ...counted, kind: 'breached', onBreach: persistent * 2 > replicas.length ? 'off' : 'hold', detail };
}

/**
 * One replica that restarts again and again takes the flag down; as many restarts of several hold the stage, for a deploy to the
 * addresses of before looks the same.
 */
export function judgeRestarts(guard: Guard, { reading, restarts }: Evidence, nowMs: number): Judgement {
  const replicas = reading?.kind === 'read' ? reading.replicas.filter((each) => each.startedAtMs !== undefined) : [];
  const recent = restarts.filter(({ atMs }) => nowMs - atMs < guard.windowMs);
  const byReplica = Array.from(Map.groupBy(recent, ({ replica }) => replica)).sort(
    ([, a], [, b]) => b.length - a.length,
  );
  const [worst] = byReplica;
  const counted = { value: worst?.[1].length ?? 0, samples: replicas.length };
  const limit = limitNumber(guard);
  if (recent.length <= limit || worst === undefined) {
    return replicas.length === 0
      ? { ...counted, kind: 'no-data', value: undefined, detail: 'no replica reports when its process began' }
      : { ...counted, kind: 'healthy', detail: byReplica.map(describeRestarts).join('; ') };
  }
  const most = byReplica.slice(0, MOST_NAMED);
  const others = byReplica.length - most.length;
  return {
    ...counted,
    kind: 'breached',
    ...(counted.value <= limit && { onBreach: 'hold' as const }),
    detail: `${most.map(describeRestarts).join('; ')}${others > 0 ? `; and ${formatCount(others)} more` : ''}`,
  };
}

const MOST_NAMED = 5;
const MOST_TIMES = 5;

/** `10.0.0.1:8081 restarted 3 times, at 12:00:01, 12:00:13, 12:00:40 UTC`. */
function describeRestarts([replica, restarts]: readonly [string, readonly Restart[]]): string {
  const times = restarts
    .slice(-MOST_TIMES)
    .map(({ startedAtMs }) => new Date(startedAtMs).toISOString().slice(11, 19))
    .join(', ');
  const last = restarts.length > MOST_TIMES ? 'last ' : '';
  return restarts.length === 1
    ? `${replica} restarted at ${times} UTC`
    : `${replica} restarted ${formatCount(restarts.length)} times, ${last}at ${times} UTC`;
}
