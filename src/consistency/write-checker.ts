import { Counter, type Registry } from 'prom-client';
import type { StatusUpdate } from '../violations/violation.ts';
import { type Comparison, compareWrite, FIELDS, type Written } from './compare.ts';

/** Beyond this many waiting writes, more are not checked: a check must never be what slows a request. */
const QUEUE_LIMIT = 1_000;

export type Mismatch = Comparison & { readonly update: StatusUpdate; readonly path: string };

/** What was written, and where differences are kept. */
export type WriteStore = {
  /** @returns undefined where there is no such write. */
  readonly load: (writeId: string) => Promise<Written | undefined>;
  readonly keep: (mismatches: readonly Mismatch[]) => Promise<void>;
};

type Options = {
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
  /** Takes an applied write into the sample, or not; returns at once. */
  readonly offer: (update: StatusUpdate) => void;
  /** Ends with the check that is under way; what waits is not checked. */
  readonly close: () => Promise<void>;
};

/** Reads sampled writes back, one at a time and off every response's path, and counts field by field what differs. */
export function createWriteChecker(options: Options): WriteChecker {
  const { rollout, registry, store, samplePercent, random, onMismatch, onFailure } = options;
  const checks = new Counter({
    name: 'sluice_consistency_checks_total',
    help: 'Checks of single writes against the domain rule, by field: match or mismatch; and writes not checked: dropped, failed.',
    labelNames: ['rollout', 'field', 'result'],
    registers: [registry],
  });
  for (const field of FIELDS) {
    checks.inc({ rollout, field, result: 'match' }, 0);
    checks.inc({ rollout, field, result: 'mismatch' }, 0);
  }
  for (const result of ['dropped', 'failed']) {
    checks.inc({ rollout, field: 'all', result }, 0);
  }
  const waiting: StatusUpdate[] = [];
  let closed = false;
  let working: Promise<void> | undefined;

  async function check(update: StatusUpdate): Promise<void> {
    try {
      const written = await store.load(update.writeId);
      if (written === undefined) {
        throw new Error(`an acknowledged write of violation ${update.violationId} is not in the history`);
      }
      const comparisons = compareWrite(written, update);
      for (const { field, matches } of comparisons) {
        checks.inc({ rollout, field, result: matches ? 'match' : 'mismatch' });
      }
      const mismatches = comparisons
        .filter(({ matches }) => !matches)
        .map((comparison): Mismatch => ({ ...comparison, update, path: written.path }));
      if (mismatches.length > 0) {
        onMismatch(mismatches);
        await store.keep(mismatches);
      }
    } catch (error) {
      checks.inc({ rollout, field: 'all', result: 'failed' });
      onFailure(error);
    }
  }

  async function work(): Promise<void> {
    for (let update = waiting.shift(); update !== undefined && !closed; update = waiting.shift()) {
      await check(update);
    }
    working = undefined;
  }

  return {
    offer: (update) => {
      if (closed || random() * 100 >= samplePercent) {
        return;
      }
      if (waiting.length >= QUEUE_LIMIT) {
        checks.inc({ rollout, field: 'all', result: 'dropped' });
        return;
      }
      waiting.push(update);
      working ??= work();
    },
    close: async () => {
      closed = true;
      await working;
    },
  };
}
