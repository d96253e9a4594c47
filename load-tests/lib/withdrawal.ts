import { countOf, type K6Data, latencyOf, valueIn } from './k6-data.ts';

/** How the service left the domain path after a fault. Milliseconds count from the fault. */
export type Withdrawal = {
  readonly fault: string;
  readonly domainRequestsBefore: number;
  readonly domainRequestsAfter: number;
  /** When the last client was sent that domain was tried for; 0 where there was none. */
  readonly lastDomainMs: number;
  /** When every replica was seen to serve 0 %; null where that did not come. */
  readonly servedOffMs: number | null;
};

export const BREACH = {
  before: 'domain_before_fault',
  after: 'domain_after_fault',
  duration: 'domain_with_fault_duration',
  servedOff: 'served_off',
} as const;

export const readWithdrawal = (data: K6Data, fault: string): Withdrawal => ({
  fault,
  domainRequestsBefore: countOf(data, BREACH.before),
  domainRequestsAfter: countOf(data, BREACH.after),
  lastDomainMs: valueIn(data, BREACH.after, 'max'),
  servedOffMs: countOf(data, BREACH.servedOff) === 0 ? null : valueIn(data, BREACH.servedOff, 'max'),
});

export function describeWithdrawal(found: Withdrawal, data: K6Data): string[] {
  const { fault, domainRequestsBefore, domainRequestsAfter, lastDomainMs, servedOffMs } = found;
  const { p95Ms, maxMs } = latencyOf(data, BREACH.duration);
  const slow = `P95 ${p95Ms.toFixed(1)} ms, slowest ${maxMs.toFixed(1)} ms`;
  return [
    `domain requests: ${domainRequestsBefore} before the fault (${fault}), ${domainRequestsAfter} after it`,
    ...(domainRequestsAfter === 0
      ? []
      : [`fault to last domain request: ${lastDomainMs.toFixed(0)} ms; those were ${slow}`]),
    servedOffMs === null
      ? 'not every replica was seen to serve 0 %'
      : `fault to every replica at 0 %: ${servedOffMs.toFixed(0)} ms`,
  ];
}
