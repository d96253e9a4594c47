/**
 * Keeps what happened until it is certain in which stage. A status is a look back: replicas may serve the next percent a
 * moment before it says so; so only what is older than `settleMs` when the same stage is seen again surely belongs to it.
 * What happened about a change of stage belongs to none.
 */
export function createSettling<Item>(settleMs: number) {
  let stage: number | undefined;
  let waiting: { readonly atMs: number; readonly item: Item }[] = [];
  return {
    add: (item: Item, atMs: number): void => {
      if (stage !== undefined) {
        waiting.push({ atMs, item });
      }
    },
    /** What has settled in the stage that is seen now; undefined is no stage, such as a change under way. */
    see: (seen: number | undefined, nowMs: number): Item[] => {
      if (seen !== stage) {
        stage = seen;
        waiting = [];
        return [];
      }
      const settled = waiting.filter(({ atMs }) => nowMs - atMs > settleMs);
      waiting = waiting.filter(({ atMs }) => nowMs - atMs <= settleMs);
      return settled.map(({ item }) => item);
    },
  };
}
