import { judgeCheck, type Verdict } from '../../rollout/verdict.ts';
import { type Role, roleOf, whyNoRaise } from './authority.ts';
import type { FiringAlerts } from './firing-alerts.ts';
import type { FlagKeeper } from './flag-keeper.ts';
import type { Holder } from './holder.ts';
import type { Intake } from './intake.ts';
import type { JournalKeeper } from './journal-keeper.ts';
import type { KeptMismatches } from './kept-mismatches.ts';
import { leverProblem } from './lanes.ts';
import type { EngineParts } from './parts.ts';
import type { Problems } from './problems.ts';
import type { Recorder } from './recorder.ts';
import type { Rehearsals } from './rehearsal.ts';
import { evidenceOf } from './stage-evidence.ts';
import type { Watch } from './watch.ts';

type FactsParts = Pick<EngineParts, 'plan' | 'leadership' | 'clock' | 'measuring' | 'witness' | 'tickMs'> & {
  readonly holder: Holder;
  readonly keeper: Pick<JournalKeeper, 'contact' | 'ledLast'>;
  readonly recorder: Pick<Recorder, 'buffered'>;
  readonly alerts: FiringAlerts;
  readonly watch: Watch;
  readonly problems: Problems;
  readonly rehearsals: Pick<Rehearsals, 'last'>;
  readonly flag: FlagKeeper['flag'];
  readonly served: Intake['served'];
  readonly kept: Pick<KeptMismatches, 'verdicts' | 'isUnread'>;
};

/** What the pieces ask of each other, as it is at the moment it is asked. */
export function createFacts(parts: FactsParts) {
  const { plan, leadership, clock, measuring, witness, holder, keeper, recorder, alerts, watch } = parts;
  const role = (): Role =>
    roleOf({
      held: holder.get(),
      leading: leadership.leading(),
      leadingSinceMs: leadership.sinceMs(),
      journal: keeper.contact(),
      ledLast: keeper.ledLast(),
      nowMs: clock.monotonic(),
      everyMs: parts.tickMs,
    });
  const verdicts = (): readonly Verdict[] => [
    ...watch.verdicts(),
    ...parts.kept.verdicts(),
    ...judgeCheck(plan, holder.state()),
  ];
  const firing = (): readonly string[] => alerts.now().map(({ name }) => name);
  return {
    role,
    verdicts,
    firing,
    leverProblem: () => leverProblem(parts.problems),
    /** What is known of the stage that is served; undefined at 0 %. */
    evidence: () => evidenceOf(plan, holder.state(), verdicts(), measuring),
    whyNoRaise: (): string | undefined =>
      whyNoRaise({
        role: role(),
        leading: leadership.leading(),
        held: holder.get(),
        bufferedEvents: recorder.buffered(),
        flag: parts.flag(),
        served: parts.served(),
        hasWitness: witness !== undefined,
        isMismatchUnread: parts.kept.isUnread(),
        firing: firing(),
        isLeverTried: parts.rehearsals.last() !== undefined,
        leverProblem: leverProblem(parts.problems),
      }),
  };
}
