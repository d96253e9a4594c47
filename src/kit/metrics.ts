import { Counter, type CounterConfiguration } from 'prom-client';

/**
 * A counter of series that are known before they count. Each counts in a field of its own, and prom-client gets it when it is
 * scraped: to find a series by its labels costs more than all of a decision.
 */
export function createTallyCounter<L extends string>(configuration: CounterConfiguration<L>) {
  const all: { readonly labels: Record<L, string>; count: number }[] = [];
  new Counter<L>({
    ...configuration,
    collect() {
      for (const each of all) {
        this.inc(each.labels, each.count);
        each.count = 0;
      }
    },
  });
  return {
    /** @returns what counts one event of this series, or more at once; it begins at 0. */
    series: (labels: Record<L, string>): ((events?: number) => void) => {
      const one = { labels, count: 0 };
      all.push(one);
      return (events = 1) => {
        one.count += events;
      };
    },
  };
}

/** Seconds. 0.1 and 0.2 are bounds of their own: the limits on mean and P95 are counted, not interpolated. */
export const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10,
];
