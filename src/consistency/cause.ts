import { isEarlier } from './time-order.ts';

/** Whose doing a finding may be. */
export type Cause = {
  /** Null where nobody knows: it may be domain's. */
  readonly path: string | null;
  /** When it was done, ISO 8601. Null where no path ever changed the record: both set handled_at with each change. */
  readonly at: string | null;
};

export const causeOf = ({ path, changedAt }: { readonly path: string; readonly changedAt: string }): Cause => ({
  path,
  at: changedAt,
});

export const unknown = (at: string | null): Cause => ({ path: null, at });

type Handled = { readonly handled_at: string | null };

/** A handled_at that is later than the one that was left was set by a change that the history lacks, or by hand. */
export const unrecorded = (left: Handled, found: Handled): readonly Cause[] =>
  isEarlier(left.handled_at, found.handled_at) ? [unknown(found.handled_at)] : [];

/** Of several that a finding may be due to, the latest that may be domain's; the first where none may be. */
export function suspect(first: Cause, ...others: readonly Cause[]): Cause {
  const [one, ...more] = [first, ...others].filter(({ path }) => path === null || path === 'domain');
  return one === undefined ? first : more.reduce((last, next) => (isEarlier(last.at, next.at) ? next : last), one);
}
