import { addReading, beginEvidence, type Evidence } from '../../rollout/evidence.ts';
import type { Plan } from '../../rollout/plan.ts';
import { isComingOrGoing, type SourceReading } from '../../rollout/reading.ts';
import { fromSaved, toSaved } from '../../rollout/saved-counts.ts';
import { judge, type Verdict } from '../../rollout/verdict.ts';
import type { LegacyBaseline } from './ports.ts';

/** What every source has reported of the stage that is served, and what the guards make of it. */
export function createWatch(plan: Plan, sources: readonly string[], nowMs: number) {
  const evidence = new Map<string, Evidence>();
  const verdicts = new Map<string, readonly Verdict[]>();
  for (const source of sources) {
    evidence.set(source, beginEvidence(plan, nowMs, sources.length));
  }

  return {
    take: (source: string, reading: SourceReading, atMs: number): void => {
      const before = evidence.get(source) ?? beginEvidence(plan, atMs, sources.length);
      const after = addReading(plan, before, reading, atMs);
      evidence.set(source, after);
      verdicts.set(source, judge(plan, source, after, atMs));
    },
    /** A new stage: nothing seen so far counts for it. */
    beginStage: (atMs: number): void => {
      verdicts.clear();
      for (const [source, before] of evidence) {
        evidence.set(source, beginEvidence(plan, atMs, sources.length, before));
      }
    },
    /** Of every source; none until each has been read since the stage began. */
    verdicts: (): readonly Verdict[] =>
      verdicts.size < sources.length ? breachesOf(verdicts) : Array.from(verdicts.values()).flat(),
    /** Of each source that has one. */
    legacyBaseline: (): LegacyBaseline | undefined => {
      const known = Array.from(evidence).flatMap(([source, { legacyBaseline: counts }]) =>
        counts === undefined ? [] : [[source, toSaved(counts)] as const],
      );
      return known.length === 0 ? undefined : Object.fromEntries(known);
    },
    /** What another controller knew of legacy, or this one before a restart: for a source that has not seen enough of it itself. */
    inherit: (saved: LegacyBaseline): void => {
      for (const [source, own] of evidence) {
        const counts = saved[source] ?? Object.values(saved)[0];
        if (own.legacyBaseline === undefined && counts !== undefined) {
          evidence.set(source, { ...own, legacyBaseline: fromSaved(counts) });
        }
      }
    },
    evidence: (source: string): Evidence | undefined => evidence.get(source),
    problems: (): readonly { readonly name: string; readonly problem: string | null }[] =>
      sources.map((name) => ({ name, problem: problemOf(evidence.get(name)?.reading) })),
  };
}

/** One source is enough for a breach, while health takes all of them. */
function breachesOf(verdicts: ReadonlyMap<string, readonly Verdict[]>): readonly Verdict[] {
  return Array.from(verdicts.values())
    .flat()
    .filter(({ kind }) => kind === 'breached');
}

function problemOf(reading: SourceReading | undefined): string | null {
  if (reading === undefined) {
    return 'not read yet';
  }
  if (reading.kind === 'failed') {
    return `${reading.why}: ${reading.detail}`;
  }
  const missing = reading.missing.filter(({ why }) => !isComingOrGoing(why));
  return missing.length === 0
    ? null
    : missing.map(({ replica, why, detail }) => `${replica} ${why}: ${detail}`).join('; ');
}

export type Watch = ReturnType<typeof createWatch>;
