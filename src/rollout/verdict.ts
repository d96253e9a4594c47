import { formatCount } from '../kit/format.ts';
import { builtInsOf, judgeBreaker, judgeRestarts } from './built-in.ts';
import type { Evidence } from './evidence.ts';
import { judgeRequests } from './judge-requests.ts';
import { describe, type Judgement, limitNumber, type Verdict } from './judgement.ts';
import type { Guard, Plan } from './plan-types.ts';
import { isComingOrGoing, type SourceReading } from './reading.ts';
import { percentOf, type State } from './state.ts';

export { VERDICTS, type Verdict } from './judgement.ts';

/** Every guard's verdict, by one source's evidence. */
export function judge(plan: Plan, source: string, evidence: Evidence, nowMs: number): readonly Verdict[] {
  const all = [...plan.guards, ...builtInsOf(plan)].map((guard) =>
    describe(guard, source, judgeGuard(plan, guard, evidence, nowMs)),
  );
  const noData = whyNoData(evidence.reading);
  // A breach that was proven stays one; nothing else is known while the source gives no data.
  return noData === undefined
    ? all
    : all.map((verdict) =>
        verdict.kind === 'breached' ? verdict : { ...verdict, kind: 'source-error', detail: noData },
      );
}

function judgeGuard(plan: Plan, guard: Guard, evidence: Evidence, nowMs: number): Judgement {
  switch (guard.measure) {
    case 'breaker':
      return judgeBreaker(evidence);
    case 'restarts':
      return judgeRestarts(guard, evidence, nowMs);
    case 'mismatches':
      return judgeMismatches(guard, evidence);
    default:
      return judgeRequests(plan, guard, evidence, nowMs);
  }
}

function judgeMismatches(guard: Guard, { mismatches, samples }: Evidence): Judgement {
  return mismatches === undefined
    ? { kind: 'no-data', value: undefined, samples: 0, detail: 'no replica counts consistency checks' }
    : { kind: mismatches > limitNumber(guard) ? 'breached' : 'healthy', value: mismatches, samples };
}

/** Where a check of the data itself is the source of a verdict. */
export const VERIFIER = 'verifier';

/** What the last consistency check of this stage says, of each guard on mismatches; nothing where there was none. */
export function judgeCheck(plan: Plan, state: State): readonly Verdict[] {
  const checked = percentOf(state) > 0 && 'checked' in state ? state.checked : undefined;
  if (checked === undefined) {
    return [];
  }
  const { findings, changes, detail } = checked;
  return plan.guards
    .filter(({ measure }) => measure === 'mismatches')
    .map((guard) => {
      const kind = findings > limitNumber(guard) ? 'breached' : 'healthy';
      return describe(guard, VERIFIER, { kind, value: findings, samples: changes, detail });
    });
}

/** Where the database says what replicas found of single writes. */
const KEPT = 'database';

/** What replicas found in this stage, of each guard on mismatches; nothing where they found nothing. */
export function judgeKept(plan: Plan, { domain, others }: { readonly domain: number; readonly others: number }) {
  if (domain + others === 0) {
    return [];
  }
  const detail = others === 0 ? '' : `${formatCount(others)} more that legacy wrote, which is not held against domain`;
  return plan.guards
    .filter(({ measure }) => measure === 'mismatches')
    .map((guard): Verdict => {
      const kind = domain > limitNumber(guard) ? 'breached' : 'healthy';
      return describe(guard, KEPT, { kind, value: domain, samples: domain + others, detail });
    });
}

/** Why a source cannot vouch for health now; undefined when it has reported every replica. */
function whyNoData(reading: SourceReading | undefined): string | undefined {
  if (reading === undefined) {
    return 'not read yet';
  }
  if (reading.kind === 'failed') {
    return `${reading.why}: ${reading.detail}`;
  }
  const missing = reading.missing.find(({ why }) => !isComingOrGoing(why));
  return missing && `${missing.replica} ${missing.why}: ${missing.detail}`;
}
