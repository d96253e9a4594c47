import type { Faults } from '../../src/routing/faults.ts';

/** What else goes on while the path is broken. */
export type Beside = 'nothing' | 'journal hangs' | 'readers';

export type Signal = 'scrape' | 'scrape, Prometheus down' | 'Prometheus' | 'Alertmanager';

/** The same fault by the same signal, again and again. */
export type Series = {
  readonly name: string;
  readonly signal: Signal;
  readonly fault: string;
  readonly faults: Faults;
  readonly percent: number;
  readonly perSecond: number;
  readonly beside: Beside;
  /** Milliseconds from the fault to the last domain request; none where the time is that of proof, not of looking. */
  readonly target?: { readonly p50?: number; readonly p95: number };
};

const FAILING = { fault: 'every call fails', faults: { domain: { errorPercent: 100 } } };
const ERRORS = { fault: 'one call in five fails', faults: { domain: { errorPercent: 20 } } };
const SLOW = { fault: 'every call takes 400 ms more', faults: { domain: { delayMs: 400 } } };
const BUSY = { percent: 25, perSecond: 100, beside: 'nothing' } as const;
const QUIET = { percent: 5, perSecond: 20, beside: 'nothing' } as const;

const DEAD = { p50: 1_200, p95: 1_700 };

export const SERIES: readonly Series[] = [
  { name: 'scrape/failing', signal: 'scrape', ...FAILING, ...BUSY, target: DEAD },
  { name: 'hanging/failing', signal: 'scrape', ...FAILING, ...BUSY, beside: 'journal hangs', target: DEAD },
  { name: 'readers/failing', signal: 'scrape', ...FAILING, ...BUSY, beside: 'readers', target: DEAD },
  { name: 'scrape/errors', signal: 'scrape', ...ERRORS, ...BUSY },
  { name: 'scrape/slow', signal: 'scrape', ...SLOW, ...BUSY, target: DEAD },
  { name: 'quiet/failing', signal: 'scrape', ...FAILING, ...QUIET, target: { p95: 8_000 } },
  {
    name: 'down/failing',
    signal: 'scrape, Prometheus down',
    ...FAILING,
    ...BUSY,
    target: DEAD,
  },
  { name: 'down/slow', signal: 'scrape, Prometheus down', ...SLOW, ...BUSY, target: DEAD },
  { name: 'prometheus/failing', signal: 'Prometheus', ...FAILING, ...BUSY, target: { p95: 3_000 } },
  { name: 'prometheus/slow', signal: 'Prometheus', ...SLOW, ...BUSY, target: { p95: 3_000 } },
  { name: 'alertmanager/failing', signal: 'Alertmanager', ...FAILING, ...BUSY, target: { p95: 6_000 } },
  { name: 'alertmanager/slow', signal: 'Alertmanager', ...SLOW, ...BUSY, target: { p95: 6_000 } },
];
