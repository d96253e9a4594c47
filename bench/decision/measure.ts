import { OpenFeature } from '@openfeature/server-sdk';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { systemClock as clock } from '../../src/kit/time.ts';
import { createBreaker } from '../../src/routing/breaker.ts';
import { bucketHundredths } from '../../src/routing/bucket.ts';
import { decideByPercent, decideBySwitches, type PathDecision } from '../../src/routing/decision.ts';
import { createFaultSwitch } from '../../src/routing/faults.ts';
import { createFlagdSource } from '../../src/routing/flags/flag-source.ts';
import { createFlagEvaluationCounter, createPathMetrics } from '../../src/routing/metrics.ts';
import { createRouter } from '../../src/routing/router.ts';
import { createPaths } from '../../src/service/paths.ts';
import type { StatusUpdate, UpdateOutcome } from '../../src/violations/violation.ts';
import { median } from '../statistics.ts';
import type { DecisionCost } from './protocol.ts';

/** Environment: FLAG, FLAG_PORT, ITERATIONS. Says one DecisionCost over IPC. In a process of its own, which nothing else loads. */
const ROLLOUT = 'violation-status';
const TURNS = 9;
const SLOW_CALL_MS = 200;
const flag = process.env.FLAG as string;
const iterations = Number(process.env.ITERATIONS);
const log = pino({ level: 'silent' });
const registry = new Registry();
const source = createFlagdSource({
  flag,
  flagd: { host: '127.0.0.1', port: Number(process.env.FLAG_PORT) },
  log,
  clock,
});
const countEvaluation = createFlagEvaluationCounter({ registry, rollout: ROLLOUT });
const metrics = createPathMetrics({ registry, rollout: ROLLOUT, clock });
const breaker = createBreaker({ slowCallMs: SLOW_CALL_MS, clock });
const switches = { useDomain: true, ceiling: undefined };
// The domain's client that the source has just made: the SDK call alone, over the same provider.
const client = OpenFeature.getClient('sluice/1');

const flagPercent = async ({ violationId, handledBy = '' }: StatusUpdate) => {
  const reading = await source.read({ targetingKey: violationId, handled_by: handledBy });
  countEvaluation(reading);
  return reading.percent;
};

// As the router does it: `shouldUseDomain`, and the count.
async function decide(update: StatusUpdate): Promise<PathDecision> {
  const decided = decideBySwitches(switches, undefined, breaker.state());
  const decision =
    decided ??
    decideByPercent(await flagPercent(update), switches.ceiling, () => bucketHundredths(ROLLOUT, update.violationId));
  metrics.countDecision(decision);
  return decision;
}

const route = createRouter<StatusUpdate, UpdateOutcome>({
  rollout: ROLLOUT,
  switches,
  key: ({ violationId }) => violationId,
  flagPercent,
  paths: createPaths({
    domain: async () => ({ kind: 'updated' }),
    legacy: async () => ({ kind: 'updated' }),
    breaker,
    metrics,
    faults: createFaultSwitch(clock),
    clock,
    withinMs: { domain: 1_000, legacy: 5_000 },
  }),
  settle: async () => undefined,
  applied: { kind: 'updated' },
  breaker,
  metrics,
  logged: () => ({}),
  log,
});

const measured = {
  bareSdkUs: (update: StatusUpdate) =>
    client.getNumberDetails(flag, 0, { targetingKey: update.violationId, handled_by: update.handledBy ?? '' }),
  decisionUs: decide,
  routedDomainUs: (update: StatusUpdate) => route(update, undefined),
} satisfies Record<keyof DecisionCost, (update: StatusUpdate) => Promise<unknown>>;

const update = (at: number): StatusUpdate => ({
  violationId: String(1 + (at % 1_000)),
  status: 'confirmed',
  handledBy: 'bench',
  requestId: 'bench',
  writeId: 'bench',
});

async function usPerCall(call: (update: StatusUpdate) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let at = 0; at < iterations; at++) {
    await call(update(at));
  }
  return ((performance.now() - startedAt) * 1000) / iterations;
}

async function measureInTurns(): Promise<DecisionCost> {
  const turns: Record<keyof DecisionCost, number[]> = { bareSdkUs: [], decisionUs: [], routedDomainUs: [] };
  const names = Object.keys(turns) as (keyof DecisionCost)[];
  for (let turn = -1; turn < TURNS; turn++) {
    for (const name of names) {
      const us = await usPerCall(measured[name]);
      // The first turn warms up.
      if (turn >= 0) {
        turns[name].push(us);
      }
    }
  }
  return {
    bareSdkUs: median(turns.bareSdkUs),
    decisionUs: median(turns.decisionUs),
    routedDomainUs: median(turns.routedDomainUs),
  };
}

const deadline = Date.now() + 10_000;
while ((await source.readDefault()).reason !== 'STATIC' && Date.now() < deadline) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const { reason, percent } = await source.readDefault();
if (reason !== 'STATIC' || percent !== 50) {
  throw new Error(`the flag is not there: ${reason}`);
}
process.send?.(await measureInTurns(), () => process.exit(0));
