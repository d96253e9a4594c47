import { StatusAnswer } from '../../contract/schemas.ts';
import { jsonAnswer, type Route, route } from '../../kit/http/route.ts';
import { phrase } from '../../rollout/command.ts';
import { attempts, type Counts } from '../../rollout/counters.ts';
import { holding } from '../../rollout/decide.ts';
import { valueOfMeasure } from '../../rollout/judge-requests.ts';
import type { Plan } from '../../rollout/plan.ts';
import { recentCounts } from '../../rollout/spans.ts';
import { beganAt, percentOf, timeLeftMs } from '../../rollout/state.ts';
import type { Engine } from '../engine/engine.ts';
import { describeReason, flagProblem } from '../engine/event-text.ts';
import type { FlagLever } from '../engine/ports.ts';
import { describeVerdict } from '../engine/stage-evidence.ts';
import { unguardedIn } from '../engine/unguarded.ts';
import type { ApiParts } from './parts.ts';

/** GET /api/status: what is now. */
export const status = ({ statusJson, may }: ApiParts): Route =>
  route({
    method: 'get',
    path: '/api/status',
    operationId: 'readStatus',
    access: may.read,
    answers: { 200: jsonAnswer('Now.', StatusAnswer) },
    handle: (ctx) => {
      ctx.type = 'application/json';
      ctx.body = statusJson();
    },
  });

const RATES_OVER_MS = 10_000;

type StatusSource = {
  readonly plan: Plan;
  readonly lever: Pick<FlagLever, 'name' | 'where'>;
  readonly instance: string;
  readonly snapshot: ReturnType<Engine['snapshot']>;
};

/** Everything an SRE asks first, as the API answers it. */
export function describeStatus({ plan, lever, instance, snapshot }: StatusSource): StatusAnswer {
  const { state, flag, served, change, verdicts, nowMs } = snapshot;
  const began = beganAt(state);
  return {
    rollout: plan.rollout,
    flag: plan.flag,
    planHash: plan.hash,
    at: iso(nowMs),
    state: {
      phase: state.phase,
      phrase: phrase(state),
      percent: percentOf(state),
      since: state.phase === 'idle' ? null : iso(state.sinceMs),
      verified: ('healthyMs' in state ? state.verified : undefined) ?? null,
      why: 'why' in state ? describeReason(state.why) : null,
    },
    began: began === undefined ? null : iso(began),
    stages: plan.stages.map((stage) => ({ ...stage })),
    watchMs: plan.watchMs,
    confidence: plan.confidence,
    minSamples: plan.minSamples,
    leaseMs: plan.leaseMs ?? null,
    healthyMs: 'healthyMs' in state ? state.healthyMs : null,
    timeLeftMs: timeLeftMs(plan, state) ?? null,
    holding: percentOf(state) === 0 ? null : (holding(plan, state, verdicts) ?? null),
    wanted: percentOf(state),
    configured: {
      percent: flag?.kind === 'read' ? flag.percent : null,
      where: lever.where,
      lever: lever.name,
      problem: flag === undefined ? 'not read yet' : (flagProblem(flag) ?? null),
      way: snapshot.rehearsal?.kind === 'works' ? snapshot.rehearsal.way : null,
      unguarded: asArray(unguardedIn({ flag, state, wallMs: nowMs })),
      failing: snapshot.leverProblem ?? null,
    },
    served: [
      ...(served?.kind === 'read' ? served.replicas : []).map(({ replica, servedPercent, breakerOpen }) => ({
        replica,
        percent: servedPercent ?? null,
        breakerOpen: breakerOpen ?? null,
        missing: null,
      })),
      ...(served?.kind === 'read' ? served.missing : []).map(({ replica, why, detail }) => ({
        replica,
        percent: null,
        breakerOpen: null,
        missing: `${why}: ${detail}`,
      })),
    ],
    readsNoReplicas: snapshot.readsNoReplicas,
    verdicts: verdicts.map((verdict) => describeVerdict(plan, verdict)),
    sources: snapshot.problems.map((each) => ({ ...each })),
    paths: describePaths(plan, snapshot),
    change:
      change === undefined
        ? null
        : {
            percent: change.percent,
            seenAt: iso(change.seenAtMs),
            writtenAt: iso(change.writtenAtMs),
            confirmedAt: change.seen.kind === 'confirmed' ? iso(change.seen.atMs) : null,
            waitingFor: change.seen.kind === 'waiting' ? [...change.seen.for] : [],
          },
    controller: {
      instance,
      leading: snapshot.leading,
      journal: snapshot.journalIsAway ? 'away' : 'written',
      buffered: snapshot.buffered,
      noRaise: snapshot.noRaise ?? null,
    },
  };
}

function describePaths(plan: Plan, { evidence, nowMs }: StatusSource['snapshot']): StatusAnswer['paths'] {
  const over = (windowMs: number) =>
    recentCounts({ spans: evidence?.spans ?? [] }, { ...plan, minSamples: 0 }, windowMs, nowMs);
  const [short, long] = [over(RATES_OVER_MS), over(60_000)];
  const describe = (recent: Counts, counts: Counts) => ({
    requestsPerSecond: attempts(recent) / (RATES_OVER_MS / 1_000),
    errorShare: valueOfMeasure('error-rate', counts) ?? null,
    p95Seconds: valueOfMeasure('latency-p95', counts) ?? null,
    meanSeconds: valueOfMeasure('latency-mean', counts) ?? null,
  });
  return { domain: describe(short.domain, long.domain), legacy: describe(short.legacy, long.legacy) };
}

const asArray = (texts: readonly string[] | undefined) => (texts === undefined ? null : [...texts]);

const iso = (ms: number) => new Date(ms).toISOString();
