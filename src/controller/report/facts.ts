import type { EventAnswer, StatusAnswer } from '../../contract/schemas.ts';
import { entersStage, isDecision, leavesStage } from '../../rollout/event.ts';
import type { Details } from '../../rollout/event-schema.ts';
import type { MeasurementAnswer, StageEvidence } from '../../rollout/evidence-schema.ts';

/** All that a report may say anything by: what the API answers, and nothing else. */
export type ReportFacts = {
  readonly at: string;
  readonly endpoint: string | null;
  readonly status: StatusAnswer;
  /** Of the rollout that the report is about, the oldest first. */
  readonly events: readonly EventAnswer[];
  readonly points: readonly MeasurementAnswer[];
};

export type Check = Omit<Details['verified']['checks'][number], 'ms'>;

/** What became of one stage of the plan. */
export type StageRecord = {
  readonly percent: number;
  readonly observeMs: number;
  readonly needsApproval: boolean;
  readonly state: 'ahead' | 'underway' | 'passed' | 'rolled-back';
  readonly entered: EventAnswer | undefined;
  readonly left: EventAnswer | undefined;
  /** When every replica was seen to serve it. */
  readonly confirmedAt: string | undefined;
  /** As it was when the stage was left, or is now; undefined where nobody knows. */
  readonly evidence: StageEvidence | undefined;
  /** Whether the plan itself found that the stage was healthy for its time. */
  readonly servedItsTime: boolean;
  /** Functional checks made in the stage; the newest of each name and path. */
  readonly checks: readonly Check[];
};

/** The events since the rollout was last begun: what was before it is another rollout. */
export function ofThisRollout(newestFirst: readonly EventAnswer[]): readonly EventAnswer[] {
  const began = newestFirst.findIndex(
    ({ kind, from }) => kind === 'started' || (kind === 'adopted' && (from === 0 || from === null)),
  );
  return (began === -1 ? newestFirst : newestFirst.slice(0, began + 1)).toReversed();
}

/** @param now what is known of the stage that is under way. */
export function stageRecords({ status, events }: ReportFacts, now: StageEvidence | undefined): readonly StageRecord[] {
  return status.stages.map(({ percent, observeMs, needsApproval }): StageRecord => {
    const enteredAt = events.findLastIndex(
      ({ kind, from, to }) => to === percent && from !== percent && entersStage(kind),
    );
    const entered = events[enteredAt];
    const since = enteredAt === -1 ? [] : events.slice(enteredAt + 1);
    const leftAt = since.findIndex(({ kind, from }) => from === percent && leavesStage(kind));
    const left = since[leftAt];
    const within = leftAt === -1 ? since : since.slice(0, leftAt);
    const isUnderway = entered !== undefined && left === undefined;
    return {
      percent,
      observeMs,
      needsApproval,
      state: entered === undefined ? 'ahead' : isUnderway ? 'underway' : hasFallen(left) ? 'rolled-back' : 'passed',
      entered,
      left,
      confirmedAt: within
        .concat(left ? since.slice(leftAt) : [])
        .find(({ kind, to }) => kind === 'confirmed' && to === percent)?.at,
      evidence: isUnderway ? now : left && evidenceOf(left),
      servedItsTime: [...within, ...(left ? [left] : [])].some(isByPlan),
      checks: newestChecks(within),
    };
  });
}

const evidenceOf = (event: EventAnswer) => (isDecision(event) ? event.details.evidence : undefined);
/** The plan decides only what follows a stage that was healthy for its time. */
const isByPlan = (event: EventAnswer) => isDecision(event) && event.details.why?.kind === 'plan';

const hasFallen = (left: EventAnswer | undefined) => left !== undefined && (left.to ?? 0) < (left.from ?? 0);

function newestChecks(events: readonly EventAnswer[]): readonly Check[] {
  const newest = new Map<string, Check>();
  for (const { kind, details } of events) {
    for (const check of kind === 'verified' ? (details.checks ?? []) : []) {
      newest.set(`${check.path} ${check.name}`, check);
    }
  }
  return Array.from(newest.values());
}
