import type { Registry } from 'prom-client';
import { createTallyCounter } from '../../kit/metrics.ts';
import { systemClock } from '../../kit/time.ts';
import type { Path } from '../../routing/path.ts';
import type { StatusUpdate, Violation } from '../violation.ts';
import { type Comparison, compareFound, compareReturned, FIELDS, type Field, type Found } from './compare.ts';

/** Beyond this many waiting writes, more are not checked: a check must never be what slows a request. */
const QUEUE_LIMIT = 1_000;
/** Writes are gathered for this long and read back together: one look-up for each would cost as much as the write. */
const GATHER_MS = 100;
const MOST_AT_ONCE = 200;

/** A write that was acknowledged, by the path that answered. */
type Acknowledged = { readonly update: StatusUpdate; readonly path: Path };

type Mismatch = Comparison & Acknowledged;

/** What was written, and where differences are kept. */
export type WriteStore = {
  /** What became of each, in their order. */
  readonly load: (updates: readonly StatusUpdate[]) => Promise<readonly Found[]>;
  readonly keep: (mismatches: readonly Mismatch[]) => Promise<void>;
};

type WriteCheckerParts = {
  readonly rollout: string;
  readonly registry: Registry;
  readonly store: WriteStore;
  /** How many of a hundred writes are checked. */
  readonly samplePercent: number;
  /** From 0 to 1, less than 1. */
  readonly random: () => number;
  readonly onMismatch: (mismatches: readonly Mismatch[]) => void;
  readonly onFailure: (error: unknown) => void;
};

export type WriteChecker = {
  /** Takes what the database returned of a write against what was to be written; returns at once. */
  readonly returned: (write: Acknowledged, expected: Violation, returned: Violation | undefined) => void;
  /** Takes an applied write into the sample, or not; returns at once. */
  readonly offer: (write: Acknowledged) => void;
  /** Checks what waits, and takes no more. */
  readonly close: () => Promise<void>;
};

/** Reads sampled writes back, some at a time and off every response's path, and counts field by field what differs. */
export function createWriteChecker(options: WriteCheckerParts): WriteChecker {
  const { rollout, registry, store, samplePercent, random, onMismatch, onFailure } = options;
  const checks = createTallyCounter({
    name: 'sluice_consistency_checks_total',
    help: 'Checks of single writes against the domain rule, by path and field: match or mismatch; and writes not checked: dropped, failed.',
    labelNames: ['rollout', 'path', 'field', 'result'],
    registers: [registry],
  });
  const countersOf = (path: Path) => {
    const seriesOf = (field: Field | 'all', result: string) => checks.series({ rollout, path, field, result });
    return {
      fields: new Map(
        FIELDS.map((field) => [field, { match: seriesOf(field, 'match'), mismatch: seriesOf(field, 'mismatch') }]),
      ),
      dropped: seriesOf('all', 'dropped'),
      failed: seriesOf('all', 'failed'),
    };
  };
  const counters = { legacy: countersOf('legacy'), domain: countersOf('domain') };
  const waiting: Acknowledged[] = [];
  const closing = new AbortController();
  let working: Promise<void> | undefined;
  const unreported: Mismatch[] = [];
  let reporting: Promise<void> | undefined;

  function fail(writes: readonly Acknowledged[], error: unknown): void {
    for (const { path } of writes) {
      counters[path].failed();
    }
    onFailure(error);
  }

  /** @returns what differs. */
  function compare(write: Acknowledged, found: Found): readonly Mismatch[] {
    try {
      const comparisons = compareFound(found, write.update);
      if (comparisons.length > 0) {
        return count(write, comparisons);
      }
      fail([write], new Error(`violation ${write.update.violationId} is gone, with its history`));
    } catch (error) {
      // A record may hold what no path writes, such as a time that is no date.
      fail([write], error);
    }
    return [];
  }

  function count(write: Acknowledged, comparisons: readonly Comparison[]): readonly Mismatch[] {
    for (const { field, matches } of comparisons) {
      counters[write.path].fields.get(field)?.[matches ? 'match' : 'mismatch']();
    }
    return comparisons.filter(({ matches }) => !matches).map((comparison) => ({ ...comparison, ...write }));
  }

  /** Beyond the bound they are counted and not named: a path that is wrong every time must not fill the memory. */
  function report(mismatches: readonly Mismatch[]): void {
    if (mismatches.length > 0 && unreported.length < QUEUE_LIMIT) {
      unreported.push(...mismatches);
      reporting ??= reportAll();
    }
  }

  async function reportAll(): Promise<void> {
    while (unreported.length > 0) {
      const mismatches = unreported.splice(0);
      onMismatch(mismatches);
      await store.keep(mismatches).catch(onFailure);
    }
    reporting = undefined;
  }

  async function check(writes: readonly Acknowledged[]): Promise<void> {
    let found: readonly Found[];
    try {
      found = await store.load(writes.map(({ update }) => update));
    } catch (error) {
      return fail(writes, error);
    }
    report(writes.flatMap((write, at) => compare(write, found[at] ?? 'gone')));
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      await systemClock.sleep(GATHER_MS, closing.signal);
      await check(waiting.splice(0, MOST_AT_ONCE));
    }
    working = undefined;
  }

  return {
    returned: (write, expected, returned) => {
      try {
        report(count(write, compareReturned(expected, returned)));
      } catch (error) {
        fail([write], error);
      }
    },
    offer: (write) => {
      if (closing.signal.aborted || random() * 100 >= samplePercent) {
        return;
      }
      if (waiting.length >= QUEUE_LIMIT) {
        counters[write.path].dropped();
        return;
      }
      waiting.push(write);
      working ??= work();
    },
    close: async () => {
      closing.abort();
      await working;
      await reporting;
    },
  };
}
