export type Part = 'lever' | 'database' | 'replicas' | 'controllers' | 'clocks' | 'traffic';

/** Which parts of a world are disturbed, by how much at once, and since when they are not. */
export function createTroubles(now: () => number) {
  const parts = new Map<Part, { under: number; overAtMs: number }>();
  const of = (part: Part) => {
    const found = parts.get(part) ?? { under: 0, overAtMs: Number.NEGATIVE_INFINITY };
    parts.set(part, found);
    return found;
  };
  return {
    begin: (part: Part): void => {
      of(part).under += 1;
    },
    end: (part: Part): void => {
      const found = of(part);
      found.under -= 1;
      found.overAtMs = now();
    },
    once: (part: Part): void => {
      of(part).overAtMs = now();
    },
    quietForMs: (...asked: readonly Part[]): number =>
      Math.min(...asked.map((part) => (of(part).under > 0 ? 0 : now() - of(part).overAtMs))),
  };
}

export type Troubles = ReturnType<typeof createTroubles>;
