import type { FaultKind } from '../schedule/kinds.ts';

/** Something that is wrong for a time. Only some faults may keep a write from being done at all. */
type Fault = { readonly kind: FaultKind; readonly mayRefuse: boolean; readonly fromMs: number };
export type FaultWindow = Fault & { readonly untilMs: number };

/** The faults that were under way together with one, at least for a moment. */
export type Others = () => readonly Fault[];

/** What was done when, in one schedule. Times are those of `performance.now()`. */
export function createFaultLog() {
  const windows: FaultWindow[] = [];
  const underWay = new Set<Fault>();
  const counts = new Map<FaultKind, number>();
  return {
    windows: (): readonly FaultWindow[] => windows,
    /** The kinds that have begun and not ended. */
    underWay: (): readonly FaultKind[] => Array.from(underWay, ({ kind }) => kind),
    counts: (): ReadonlyMap<FaultKind, number> => counts,
    /** Counts a fault that has really happened. */
    count: (kind: FaultKind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
    during: async (kind: FaultKind, mayRefuse: boolean, work: (others: Others) => Promise<void>) => {
      const own: Fault = { kind, mayRefuse, fromMs: performance.now() };
      underWay.add(own);
      try {
        await work(() => [
          ...windows.filter(({ untilMs }) => untilMs >= own.fromMs),
          ...Array.from(underWay).filter((fault) => fault !== own),
        ]);
      } finally {
        underWay.delete(own);
        windows.push({ ...own, untilMs: performance.now() });
      }
    },
  };
}

export type FaultLog = ReturnType<typeof createFaultLog>;
