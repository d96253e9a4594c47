import type { Logger } from 'pino';
import type { ConsistencyRequest, VerificationRequest } from '../../contract/schemas.ts';
import type { Percent } from '../../kit/percent.ts';
import { type Clock, createQueue } from '../../kit/time.ts';
import type { Command } from '../../rollout/command.ts';
import { decide, type Input } from '../../rollout/decide.ts';
import type { Plan } from '../../rollout/plan.ts';
import type { SourceReading } from '../../rollout/reading.ts';
import { IDLE, percentOf, type Reason, type State, servedSince } from '../../rollout/state.ts';
import type { Decision, Knowledge } from '../../rollout/transitions.ts';
import { judgeCheck } from '../../rollout/verdict.ts';
import { attend, NO_ATTENTION } from './attention.ts';
import { disobedient } from './confirmation.ts';
import { eventOf, flagProblem, note } from './event-text.ts';
import { createFollower } from './follower.ts';
import type { Measuring } from './measuring.ts';
import type { ControlMetrics } from './metrics.ts';
import { isAboutMismatches, nameMismatches } from './mismatches.ts';
import type {
  FlagLever,
  FlagReading,
  FlagWrite,
  FlagWritten,
  Journal,
  Leadership,
  MismatchStore,
  SavedRollout,
  SignalSource,
} from './ports.ts';
import { createRecorder } from './recorder.ts';
import { readCheck, readVerification } from './reported.ts';
import { intended, ownStands } from './saved.ts';
import { evidenceOf } from './stage-evidence.ts';
import { createWatch } from './watch.ts';

export type LoopParts = {
  readonly plan: Plan;
  readonly sources: readonly SignalSource[];
  /** Tells what replicas serve; undefined where nothing can, and then no change is ever confirmed. */
  readonly witness: SignalSource | undefined;
  readonly lever: FlagLever;
  readonly journal: Journal;
  readonly mismatches: MismatchStore;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tickMs: number;
  readonly metrics: ControlMetrics;
  readonly measuring: Measuring;
  /** A stage that holds for longer is told of. */
  readonly holdAfterMs: number;
};

export type CommandOutcome =
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'not-leader'; readonly why: string };

const LEVER_WITHIN_MS = 2_000;
const SAVE_EVERY_MS = 2_000;
/** Who stands by leaves this long to the leader before it drops the flag itself. */
const STANDBY_GRACE_MS = 2_000;
const JOURNAL_EVERY_MS = 1_000;
const READ_WITHIN_MS = { scrape: 1_000, prometheus: 3_000 } as const;
const MOST_ALERTS = 1_000;

export type RolloutLoop = ReturnType<typeof createRolloutLoop>;

/**
 * Joins signals, decisions and the lever. Each source, the flag and the journal are read in loops of their own, so that a slow one
 * holds up no other; what they bring is taken in one at a time.
 */
export function createRolloutLoop(parts: LoopParts) {
  const { plan, sources, witness, lever, journal, leadership, clock, log, tickMs, metrics, measuring } = parts;
  const stop = new AbortController();
  const recorder = createRecorder(journal, log);
  const watch = createWatch(
    plan,
    sources.map(({ name }) => name),
    clock.now(),
  );
  const running = new Set<Promise<void>>();
  const exclusive = createQueue();
  const savesInOrder = createQueue();

  let state: State = IDLE;
  /** Whether `state` came from the journal, or was decided without it and has to go there. */
  let origin: 'unknown' | 'journal' | 'own' = 'unknown';
  let revision = 0;
  let settled = true;
  let journalIsAway = true;
  let savedAtMs = 0;
  let ledAtMs = Number.NEGATIVE_INFINITY;
  let flag: FlagReading | undefined;
  let writes = 0;
  let leverProblem = '';
  let served: SourceReading | undefined;
  let breachAtMs: number | undefined;
  const alerts = new Set<string>();
  let attention = NO_ATTENTION;
  const sourceProblems = new Map<string, string | null>();

  const follower = createFollower({
    witness,
    clock,
    recorder,
    metrics,
    stop: stop.signal,
    run,
    writeAgain: (percent, signal) =>
      exclusive(async () => {
        if (!signal.aborted && percentOf(state) === percent) {
          await write({ percent, expected: undefined });
        }
      }),
    onConfirmed: () => void save(),
  });

  // Decisions

  const leads = () => leadership.leading() && !journalIsAway && origin !== 'unknown';

  function noRaise(): string | undefined {
    if (!leadership.leading()) {
      return journalIsAway ? 'the database is away' : 'this controller stands by: another one leads';
    }
    if (journalIsAway || origin === 'unknown' || recorder.buffered() > 0) {
      return 'the journal cannot be written';
    }
    if (flag?.kind !== 'read') {
      return `the flag gives no percent (${flagProblem(flag) ?? 'not read yet'})`;
    }
    if (!settled) {
      return 'the flag is not written yet';
    }
    if (served === undefined) {
      return witness === undefined ? 'nothing tells what the replicas serve' : 'the replicas have not been read yet';
    }
    const wrong = disobedient(served, percentOf(state), false);
    return wrong.length === 0 ? undefined : `not every replica serves ${percentOf(state)} %: ${wrong.join(', ')}`;
  }

  const verdicts = () => [...watch.verdicts(), ...judgeCheck(plan, state)];

  const evidence = () => evidenceOf(plan, state, verdicts(), measuring);

  const knowledge = (): Knowledge => ({ nowMs: clock.now(), verdicts: verdicts(), noRaise: noRaise() });

  async function step(input: Input, seenAtMs: number): Promise<Decision> {
    const decision = decide(plan, state, input, knowledge());
    if (decision.kind === 'changed' && mayCarryOut(decision, input)) {
      return carryOut(decision, seenAtMs);
    }
    if (decision.kind === 'none') {
      state = decision.state;
    }
    return decision;
  }

  /** Who stands by changes nothing by itself, except that it drops the flag when the leader does not. */
  function mayCarryOut(decision: Extract<Decision, { kind: 'changed' }>, input: Input): boolean {
    if (leads() || input.kind === 'command' || input.kind === 'alert') {
      return true;
    }
    if (decision.event === 'rolled-back') {
      breachAtMs ??= clock.now();
      const somebodyLeads = !journalIsAway && clock.now() - ledAtMs > STANDBY_GRACE_MS;
      return !somebodyLeads || clock.now() - breachAtMs >= STANDBY_GRACE_MS;
    }
    // With nobody leading, a flag that was lowered by hand is still taken over.
    return decision.event === 'adopted' && decision.to < decision.from && journalIsAway;
  }

  async function carryOut(decision: Extract<Decision, { kind: 'changed' }>, seenAtMs: number): Promise<Decision> {
    const { from, to, event } = decision;
    if (to > from && event !== 'adopted') {
      return raise(decision, seenAtMs);
    }
    const sinceMs = servedSince(state) ?? seenAtMs;
    const told = eventOf(decision, clock.now(), evidence());
    enter(decision.state);
    recorder.record(told);
    if (event === 'rolled-back') {
      settled = false;
      metrics.countRollback(decision.why);
      await lower(seenAtMs);
      nameRecords(decision.why, sinceMs);
    } else if (event === 'adopted') {
      follower.begin({ percent: to, lowers: to < from, seenAtMs, writtenAtMs: seenAtMs });
      settled = decision.why.kind !== 'lease';
    }
    void save();
    return decision;
  }

  /** The journal first, then the flag, then the state: whatever breaks in between leaves the old percent, or an intent to take up. */
  async function raise(decision: Extract<Decision, { kind: 'changed' }>, seenAtMs: number): Promise<Decision> {
    const { from, to } = decision;
    const refuse = (why: string): Decision => ({ kind: 'refused', state, why });
    if (!(await save(decision.state))) {
      return refuse('the journal could not be written; the percent stays');
    }
    const written = await write({ percent: to, expected: from });
    if (written.kind !== 'written') {
      void save();
      const why = `the flag was not raised to ${to} %: ${describeUnwritten(written)}`;
      tellLeverProblem(why);
      return refuse(why);
    }
    leverProblem = '';
    const raised = eventOf(decision, clock.now(), evidence());
    enter(decision.state);
    recorder.record(raised);
    follower.begin({ percent: to, lowers: false, seenAtMs, writtenAtMs: clock.now() });
    void save();
    return decision;
  }

  /** Needs the lever and nothing else. Tried again with each look at the flag until it is done. */
  async function lower(seenAtMs: number): Promise<void> {
    const percent = percentOf(state);
    const written = await write({ percent, expected: undefined });
    if (written.kind !== 'written' && !isLowerAlready(written, percent)) {
      tellLeverProblem(`the flag could not be lowered to ${percent} %: ${describeUnwritten(written)}`);
      return;
    }
    leverProblem = '';
    settled = true;
    follower.begin({ percent, lowers: true, seenAtMs, writtenAtMs: clock.now() });
  }

  /** Counted on both sides, so that a look at the flag that overlaps it is known for one. */
  async function write({ percent, expected }: Pick<FlagWrite, 'percent' | 'expected'>): Promise<FlagWritten> {
    writes += 1;
    const written = await lever.write(
      { percent, expected, leaseUntilMs: leaseFor(percent) },
      clock.timeout(LEVER_WITHIN_MS),
    );
    writes += 1;
    return written;
  }

  function tellLeverProblem(problem: string): void {
    if (problem !== leverProblem) {
      leverProblem = problem;
      recorder.record(note({ kind: 'trouble', text: `${problem}.`, details: {} }, clock.now()));
    }
  }

  /** After the flag, and without holding anything up: which records a rollback for mismatches is about. */
  function nameRecords(why: Reason, sinceMs: number): void {
    if (isAboutMismatches(plan, why)) {
      run(
        nameMismatches(parts.mismatches, sinceMs, clock, stop.signal).then(
          (named) => named && recorder.record(note(named, clock.now())),
        ),
      );
    }
  }

  const leaseFor = (percent: Percent) =>
    plan.leaseMs === undefined || percent === 0 ? undefined : clock.now() + plan.leaseMs;

  function enter(next: State): void {
    const isOther = percentOf(next) !== percentOf(state) || servedSince(next) !== servedSince(state);
    state = next;
    origin = 'own';
    breachAtMs = undefined;
    if (isOther) {
      watch.beginStage(clock.now());
    }
  }

  function run(work: Promise<void>): void {
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  // Signals

  async function readSource(source: SignalSource): Promise<void> {
    const askedAtMs = clock.now();
    const reading = await source.read(AbortSignal.any([stop.signal, clock.timeout(READ_WITHIN_MS[source.name])]));
    if (stop.signal.aborted) {
      return;
    }
    await exclusive(async () => {
      if (source === witness) {
        served = reading;
      }
      if (source === (witness ?? sources[0])) {
        measuring.take(reading, percentOf(state), clock.now());
      }
      watch.take(source.name, reading, clock.now());
      tellSourceProblems();
      await step({ kind: 'tick' }, askedAtMs);
      tellAttention();
    });
  }

  function tellAttention(): void {
    const seen = { plan, state, verdicts: verdicts(), nowMs: clock.now(), holdAfterMs: parts.holdAfterMs };
    const { next, notes } = attend(attention, seen);
    attention = next;
    // Who stands by sees the same, and leaves the telling to the leader.
    for (const each of leads() ? notes : []) {
      recorder.record(note(each, clock.now()));
    }
  }

  function tellSourceProblems(): void {
    for (const { name, problem } of watch.problems()) {
      const before = sourceProblems.get(name);
      sourceProblems.set(name, problem);
      if (before !== undefined && (before === null) !== (problem === null)) {
        const text = problem === null ? `${name} tells again.` : `${name} does not tell: ${problem}.`;
        recorder.record(note({ kind: 'trouble', text, details: {} }, clock.now()));
      }
    }
  }

  // The flag

  async function readFlag(): Promise<void> {
    const before = writes;
    const reading = await lever.read(AbortSignal.any([stop.signal, clock.timeout(LEVER_WITHIN_MS)]));
    await exclusive(async () => {
      // A reading that was under way while the flag was written tells of neither before nor after.
      if (before === writes && !stop.signal.aborted) {
        await takeFlag(reading);
      }
    });
  }

  async function takeFlag(reading: FlagReading): Promise<void> {
    const problem = flagProblem(reading);
    if (problem !== flagProblem(flag)) {
      const text = problem === undefined ? 'The flag can be read again.' : `The flag gives no percent: ${problem}.`;
      recorder.record(note({ kind: 'trouble', text, details: {} }, clock.now()));
    }
    flag = reading;
    if (origin === 'unknown' && journalIsAway && reading.kind === 'read' && reading.percent !== percentOf(state)) {
      // Started without a journal: what the flag says is guarded, and nothing is promoted.
      state = provisional(reading.percent, clock.now());
      watch.beginStage(clock.now());
    }
    if (origin === 'unknown' || reading.kind !== 'read') {
      return settled ? undefined : lower(clock.now());
    }
    if (!settled) {
      return lower(clock.now());
    }
    const hasRunOut = reading.leaseUntilMs !== undefined && reading.leaseUntilMs <= clock.now();
    const percent = hasRunOut ? 0 : reading.percent;
    if (percent !== percentOf(state)) {
      await step({ kind: 'flag-edited', percent, ...(hasRunOut && { by: 'lease' as const }) }, clock.now());
    } else if (leads()) {
      await renewLease(percent, reading.leaseUntilMs);
    }
  }

  async function renewLease(percent: Percent, leaseUntilMs: number | undefined): Promise<void> {
    const wanted = leaseFor(percent);
    const isFresh = (leaseUntilMs ?? 0) - clock.now() > ((plan.leaseMs ?? 0) * 2) / 3;
    if (wanted === undefined || isFresh) {
      return;
    }
    const written = await write({ percent, expected: percent });
    if (written.kind !== 'written') {
      tellLeverProblem(`the lease was not renewed: ${describeUnwritten(written)}`);
    }
  }

  // The journal

  /** @param intent the state that a raise is about to lead to. @returns whether it is saved. */
  function save(intent?: State): Promise<boolean> {
    return savesInOrder(() => saveNow(intent));
  }

  async function saveNow(intent: State | undefined): Promise<boolean> {
    if (!leadership.leading() || origin === 'unknown') {
      return false;
    }
    const saved: SavedRollout = { revision, state, intent, settled, unconfirmed: follower.unconfirmed() };
    try {
      if (await journal.save(saved)) {
        revision = saved.revision + 1;
        savedAtMs = clock.now();
        ledAtMs = clock.now();
        journalIsAway = false;
        origin = origin === 'own' && state !== saved.state ? 'own' : 'journal';
        return true;
      }
      // Somebody else has written: what is there is read again before anything more is said.
      await load();
    } catch (error) {
      tellJournalIsAway(error as Error);
    }
    return false;
  }

  async function load(): Promise<void> {
    const saved = await journal.load();
    journalIsAway = false;
    revision = saved?.revision ?? 0;
    for (const id of alerts.size === 0 ? await journal.alertIds() : []) {
      alerts.add(id);
    }
    if (origin === 'own' && (leadership.leading() || saved === undefined || ownStands(state, saved.state))) {
      return;
    }
    if (saved !== undefined) {
      const next = intended(saved, flag);
      const isOther = percentOf(next) !== percentOf(state);
      state = next;
      settled = saved.settled;
      follower.inherit(saved.unconfirmed);
      if (isOther) {
        watch.beginStage(clock.now());
      }
    } else if (origin === 'unknown') {
      state = IDLE;
    }
    origin = 'journal';
  }

  async function keepJournal(): Promise<void> {
    await recorder.flush();
    await exclusive(async () => {
      try {
        if (origin !== 'journal' || !leadership.leading() || journalIsAway) {
          if (flag === undefined) {
            return;
          }
          const wasUnknown = origin === 'unknown';
          await load();
          if (wasUnknown) {
            recorder.record(
              note(
                { kind: 'leading', text: `Goes on: ${leadership.leading() ? 'leading' : 'standing by'}.`, details: {} },
                clock.now(),
              ),
            );
          }
        }
        if (settled && leads()) {
          follower.goOn(percentOf(state));
        }
        if (leadership.leading() && (origin === 'own' || clock.now() - savedAtMs >= SAVE_EVERY_MS)) {
          await save();
        }
      } catch (error) {
        tellJournalIsAway(error as Error);
      }
    });
    if (!journalIsAway) {
      await measuring.keep(leads());
    }
  }

  function tellJournalIsAway(error: Error): void {
    if (!journalIsAway) {
      recorder.record(
        note({ kind: 'trouble', text: `The journal is away: ${error.message}.`, details: {} }, clock.now()),
      );
    }
    journalIsAway = true;
  }

  // Outside

  async function command(asked: Command): Promise<CommandOutcome> {
    const seenAtMs = clock.now();
    return exclusive(async (): Promise<CommandOutcome> => {
      if (!leads() && asked.name !== 'rollback') {
        return { kind: 'not-leader', why: noRaise() ?? 'this controller does not lead yet' };
      }
      const decision = await step({ kind: 'command', command: asked }, seenAtMs);
      switch (decision.kind) {
        case 'changed':
          return { kind: 'done', text: eventOf(decision, seenAtMs).text };
        case 'refused':
          recorder.record(
            note(
              {
                kind: 'refused',
                actor: asked.actor,
                text: `${asked.name} by ${asked.actor} was refused: ${decision.why}`,
                details: {},
              },
              seenAtMs,
            ),
          );
          return { kind: 'refused', why: decision.why };
        case 'none':
          return { kind: 'done', text: 'Nothing to change.' };
      }
    });
  }

  /** Functional checks that somebody made: a fact of the stage that is served. */
  async function verified(request: VerificationRequest): Promise<CommandOutcome> {
    return exclusive(async (): Promise<CommandOutcome> => {
      if (!leads()) {
        return { kind: 'not-leader', why: noRaise() ?? 'this controller does not lead yet' };
      }
      const { verdict, note: told } = readVerification(request, percentOf(state));
      if (verdict !== undefined) {
        await step({ kind: 'verified', passed: verdict === 'passed' }, clock.now());
      }
      recorder.record(note(told, clock.now()));
      await save();
      return { kind: 'done', text: told.text };
    });
  }

  /** What a check of the data found: a fact, which a guard on mismatches acts on at once. */
  async function checked(request: ConsistencyRequest): Promise<CommandOutcome> {
    const seenAtMs = clock.now();
    return exclusive(async (): Promise<CommandOutcome> => {
      if (!leads()) {
        return { kind: 'not-leader', why: noRaise() ?? 'this controller does not lead yet' };
      }
      const { checked: found, note: told } = readCheck(request, percentOf(state));
      recorder.record(note(told, seenAtMs));
      await step({ kind: 'checked', checked: found }, seenAtMs);
      const decision = await step({ kind: 'tick' }, seenAtMs);
      await save();
      const more = decision.kind === 'changed' ? ` ${eventOf(decision, seenAtMs).text}` : '';
      return { kind: 'done', text: `${told.text}${more}` };
    });
  }

  /** @returns whether the alert was new. Told again, it changes nothing. */
  async function alert(id: string, name: string): Promise<boolean> {
    const seenAtMs = clock.now();
    return exclusive(async () => {
      if (alerts.has(id)) {
        return false;
      }
      alerts.add(id);
      for (const oldest of alerts.size > MOST_ALERTS ? [...alerts].slice(0, alerts.size - MOST_ALERTS) : []) {
        alerts.delete(oldest);
      }
      await step({ kind: 'alert', id, alert: name }, seenAtMs);
      return true;
    });
  }

  /** Runs `work` again and again, `everyMs` after it began; a slow one is not doubled. */
  async function every(everyMs: number, work: () => Promise<void>): Promise<void> {
    while (!stop.signal.aborted) {
      const beganAt = clock.monotonic();
      try {
        await work();
      } catch (error) {
        log.error({ err: error }, 'unexpected error in the control loop');
      }
      await clock.sleep(Math.max(0, everyMs - (clock.monotonic() - beganAt)), stop.signal);
    }
  }

  return {
    start: (): void => {
      for (const source of sources) {
        run(every(tickMs, () => readSource(source)));
      }
      if (witness !== undefined && !sources.includes(witness)) {
        run(
          every(tickMs, async () => {
            served = await witness.read(AbortSignal.any([stop.signal, clock.timeout(READ_WITHIN_MS.scrape)]));
            measuring.take(served, percentOf(state), clock.now());
          }),
        );
      }
      run(every(tickMs, readFlag));
      run(every(JOURNAL_EVERY_MS, keepJournal));
    },
    command,
    alert,
    verified,
    checked,
    listen: recorder.listen,
    history: async (limit: number) => {
      const remembered = () => ({ events: recorder.remembered(limit), journal: 'away' as const });
      if (journalIsAway) {
        return remembered();
      }
      try {
        await recorder.flush();
        const events = await journal.history(limit);
        return { events, journal: 'written' as const };
      } catch {
        return remembered();
      }
    },
    /** What is known of the stage that is served; undefined at 0 %. */
    evidence,
    snapshot: () => ({
      nowMs: clock.now(),
      state,
      flag,
      served,
      change: follower.change(),
      verdicts: verdicts(),
      evidence: sources.map(({ name }) => watch.evidence(name)).find((each) => each !== undefined),
      problems: watch.problems(),
      leading: leads(),
      journalIsAway,
      buffered: recorder.buffered(),
      noRaise: noRaise(),
    }),
    stop: async (): Promise<void> => {
      stop.abort();
      await Promise.all(running);
      await exclusive(async () => {
        await save();
        await recorder.flush();
        await measuring.close(leads());
      });
    },
  };
}

/** Without a journal: the flag's percent, guarded and never promoted. */
function provisional(percent: Percent, nowMs: number): State {
  return percent === 0 ? IDLE : { phase: 'observing', percent, sinceMs: nowMs, healthyMs: 0, countedAtMs: nowMs };
}

/** Somebody else was there first: what the flag says is taken over with the next look at it. */
function isLowerAlready(written: FlagWritten, percent: Percent): boolean {
  return written.kind === 'conflict' && written.found.kind === 'read' && written.found.percent <= percent;
}

function describeUnwritten(written: Exclude<FlagWritten, { kind: 'written' }>): string {
  switch (written.kind) {
    case 'conflict':
      return 'somebody else changed it at the same time';
    case 'refused':
      return written.problems.join('; ');
    case 'unreachable':
      return written.why;
  }
}
