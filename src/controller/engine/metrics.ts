import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SourceReading } from '../../rollout/reading.ts';
import { PHASES, percentOf, type Reason, type State } from '../../rollout/state.ts';
import { VERDICTS, type Verdict } from '../../rollout/verdict.ts';
import type { FollowedChange } from './confirmation.ts';
import type { FlagLever } from './ports.ts';

const REACTION_BUCKETS_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60];

type Snapshot = {
  readonly state: State;
  readonly served: SourceReading | undefined;
  readonly verdicts: readonly Verdict[];
  readonly leading: boolean;
  readonly buffered: number;
  readonly leverProblem: string | undefined;
  readonly readsNoReplicas: boolean;
  readonly change: Pick<FollowedChange, 'seen'> | undefined;
};

export type ControlMetrics = ReturnType<typeof createControlMetrics>;

/** What may cause a rollback beside the plan's guards, whose names are then the causes. */
const CAUSES = ['breaker', 'restarts', 'alert', 'command', 'manual-edit', 'lease', 'plan'];

/** The controller's own metrics. */
export function createControlMetrics(registry: Registry, rollout: string, guards: readonly string[]) {
  const registers = [registry];
  const rollbacks = new Counter({
    name: 'sluice_rollbacks_total',
    help: 'Rollbacks by what caused them: the guard, alert, command or lease.',
    labelNames: ['rollout', 'cause'],
    registers,
  });
  const reaction = new Histogram({
    name: 'sluice_rollback_seconds',
    help: 'From seeing what asked for a rollback to the flag being written, and to every replica serving it.',
    labelNames: ['rollout', 'until'],
    buckets: REACTION_BUCKETS_SECONDS,
    registers,
  });
  const unauthorized = new Counter({
    name: 'sluice_unauthorized_total',
    help: 'Requests to the API refused for a missing or wrong token.',
    registers,
  });
  // A series that appears with its first event hides that event from increase(): all begin at 0.
  for (const cause of new Set([...guards, ...CAUSES])) {
    rollbacks.inc({ rollout, cause }, 0);
  }
  for (const until of ['written', 'confirmed']) {
    reaction.zero({ rollout, until });
  }
  return {
    countRollback: (why: Reason) =>
      rollbacks.inc({ rollout, cause: why.kind === 'guard' ? why.guard : why.kind.replace(' ', '-') }),
    observeRollback: (times: { seenAtMs: number; writtenAtMs: number; confirmedAtMs: number }) => {
      reaction.observe({ rollout, until: 'confirmed' }, (times.confirmedAtMs - times.seenAtMs) / 1_000);
      reaction.observe({ rollout, until: 'written' }, (times.writtenAtMs - times.seenAtMs) / 1_000);
    },
    countUnauthorized: () => unauthorized.inc(),
  };
}

/** Read when scraped: what a scrape says is what is so now. */
export function registerControlGauges(
  registry: Registry,
  rollout: string,
  lever: Pick<FlagLever, 'name'>,
  snapshot: () => Snapshot,
): void {
  const gauge: AddGauge = (name, help, labels, collect) =>
    new Gauge({
      name,
      help,
      labelNames: ['rollout', ...labels],
      registers: [registry],
      collect() {
        this.reset();
        const now = snapshot();
        collect((more, value) => this.set({ rollout, ...more }, value), now);
      },
    });
  addRolloutGauges(gauge, lever);
  addGuardGauges(gauge);
}

type AddGauge = (
  name: string,
  help: string,
  labels: readonly string[],
  collect: (set: (labels: Readonly<Record<string, string>>, value: number) => void, now: Snapshot) => void,
) => void;

function addRolloutGauges(gauge: AddGauge, lever: Pick<FlagLever, 'name'>): void {
  gauge('sluice_rollout_percent_wanted', 'Percent the rollout wants to be served.', [], (set, { state }) =>
    set({}, percentOf(state)),
  );
  gauge('sluice_rollout_percent_served', 'Percent each replica says it serves.', ['replica'], (set, { served }) => {
    for (const { replica, servedPercent } of served?.kind === 'read' ? served.replicas : []) {
      if (servedPercent !== undefined) {
        set({ replica }, servedPercent);
      }
    }
  });
  gauge('sluice_rollout_unconfirmed_replicas', 'Replicas that do not serve what was written yet.', [], (set, now) => {
    // Where no replica is read nobody knows: neither 0 nor 1 would be true.
    if (!now.readsNoReplicas) {
      set({}, now.change?.seen.kind === 'waiting' ? now.change.seen.for.length : 0);
    }
  });
  gauge('sluice_rollout_lever_failing', '1 while a rollback could not be written, or was not.', ['lever'], (set, now) =>
    set({ lever: lever.name }, now.leverProblem === undefined ? 0 : 1),
  );
  gauge('sluice_rollout_state', '1 for the state the rollout is in, 0 for the others.', ['state'], (set, { state }) => {
    for (const phase of PHASES) {
      set({ state: phase }, state.phase === phase ? 1 : 0);
    }
  });
  gauge('sluice_controller_leading', '1 while this controller is the one that may promote.', [], (set, { leading }) =>
    set({}, leading ? 1 : 0),
  );
  gauge('sluice_journal_buffered_events', 'Events that wait for the journal.', [], (set, { buffered }) =>
    set({}, buffered),
  );
}

function addGuardGauges(gauge: AddGauge): void {
  const perGuard = (name: string, help: string, value: (verdict: Verdict) => number | undefined) =>
    gauge(name, help, ['guard', 'source'], (set, { verdicts }) => {
      for (const verdict of verdicts) {
        const number = value(verdict);
        if (number !== undefined) {
          set({ guard: verdict.guard, source: verdict.source }, number);
        }
      }
    });
  perGuard('sluice_guard_value', "Each guard's value, in its limit's unit.", ({ value }) => value);
  perGuard('sluice_guard_limit', "Each guard's limit: seconds, a share of 1, a factor, a count.", ({ limit }) => limit);
  perGuard('sluice_guard_samples', 'Samples each guard has of this stage.', ({ samples }) => samples);
  const labels = ['guard', 'source', 'verdict'];
  gauge('sluice_guard_verdict', "1 for each guard's verdict, 0 for the others.", labels, (set, { verdicts }) => {
    for (const { guard, source, kind } of verdicts) {
      for (const verdict of VERDICTS) {
        set({ guard, source, verdict }, kind === verdict ? 1 : 0);
      }
    }
  });
}
