import type { ViolationId } from '../violations/violation.ts';
import { STATUSES } from '../violations/violation.ts';
import { type Cause, causeOf, suspect, unknown, unrecorded } from './cause.ts';
import type { Finding, FindingField, FindingKind, SeenRecord } from './finding.ts';
import { earlier, isEarlier, later } from './time-order.ts';

const VALUES = ['status', 'notes', 'handled_by', 'handled_at'] as const;
const TEXTS = ['notes', 'handled_by'] as const;

/** What a change found or left; times as in SeenRecord. */
export type Values = Readonly<Record<(typeof VALUES)[number], string | null>>;

/** One row of the history. */
export type RecordedChange = {
  readonly version: number;
  readonly path: string;
  /** ISO 8601, by the database's clock. */
  readonly changedAt: string;
  readonly before: Values;
  readonly after: Values;
  /** Undefined unless another change, which came first, has the same write id; that one is named as `violation/version`. */
  readonly repeats: { readonly writeId: string; readonly first: string; readonly byDomain: boolean } | undefined;
  /** It is from before the time that is looked at: it only says what the change after it has to begin from. */
  readonly isContext: boolean;
};

/** Takes the changes of one record in the order of their versions, as many as there are, and says what is wrong with them. */
export class Judgement {
  readonly #violationId: ViolationId;
  readonly #record: SeenRecord | undefined;
  /** The last change taken, and the last one of a lower version. */
  #last: RecordedChange | undefined;
  #base: RecordedChange | undefined;
  #copies = 1;
  #settledThrough = Number.NEGATIVE_INFINITY;
  #found: Finding[] = [];

  constructor(violationId: ViolationId, record: SeenRecord | undefined) {
    this.#violationId = violationId;
    this.#record = record;
  }

  take(change: RecordedChange): void {
    if (change.path === 'repair') {
      this.#settledThrough = change.version;
      this.#found = [];
    }
    const previous = this.#last;
    const isCopy = change.version === previous?.version;
    this.#copies = isCopy ? this.#copies + 1 : 1;
    this.#base = isCopy ? this.#base : previous;
    this.#last = change;
    if (change.isContext || change.version <= this.#settledThrough) {
      return;
    }
    const { version, before, after, repeats } = change;
    const base = this.#base;
    const own = () => causeOf(change);
    if (isCopy) {
      const cause = () => suspect(own(), causeOf(previous));
      this.#add(version, 'applied-twice', 'version', '1', String(this.#copies), cause);
    } else {
      this.#countUpTo(change, base);
    }
    if (repeats !== undefined) {
      const cause = () => (repeats.byDomain ? { ...own(), path: 'domain' } : own());
      this.#add(version, 'applied-twice', 'write_id', repeats.first, repeats.writeId, cause);
    }
    // Across a gap there is nothing that it should have begun from.
    if (base !== undefined && version === base.version + 1) {
      const cause = () => suspect(own(), causeOf(base), ...unrecorded(base.after, before));
      this.#compare(version, 'broken-chain', base.after, before, cause);
    }
    const earliest = later(before.handled_at, base?.after.handled_at ?? null);
    if (isEarlier(after.handled_at, earliest)) {
      this.#add(version, 'handled-at-backwards', 'handled_at', earliest, after.handled_at, () =>
        suspect(own(), ...(base === undefined ? [] : [causeOf(base)])),
      );
    }
    this.#knowStatus(version, after.status, own);
    for (const field of TEXTS) {
      if (before[field] !== null && after[field] === null) {
        this.#add(version, 'value-lost', field, before[field], null, own);
      }
    }
  }

  /** @returns at most one finding for each version, kind and field. */
  finish(): readonly Finding[] {
    const record = this.#record;
    const last = this.#last;
    // A record that nobody has changed is as it was before Sluice, whatever that is.
    if (record !== undefined && (last !== undefined || record.version !== 0)) {
      const counted = last?.version ?? 0;
      const cause = () =>
        last === undefined ? unknown(record.handled_at) : suspect(causeOf(last), ...unrecorded(last.after, record));
      this.#knowStatus(0, record.status, cause);
      if (record.version > counted) {
        // Its last change is the one that is missing: nobody knows what that left behind.
        this.#add(counted + 1, 'history-gap', 'version', String(record.version), String(counted), () =>
          unknown(record.handled_at),
        );
      } else {
        if (record.version < counted) {
          this.#add(0, 'record-differs', 'version', String(counted), String(record.version), cause);
        }
        if (last !== undefined) {
          this.#compare(0, 'record-differs', last.after, record, cause);
        }
      }
    }
    return this.#found.length < 2 ? this.#found : unique(this.#found);
  }

  /** A gap says how many changes there should be by then, and how many there are before it. */
  #countUpTo(change: RecordedChange, base: RecordedChange | undefined): void {
    const { version } = change;
    const counted = Math.max(0, base?.version ?? 0);
    if (version < 1) {
      this.#add(version, 'history-gap', 'version', '1', String(version), () => causeOf(change));
    } else if (version > counted + 1) {
      // What is missing left the time that this change found.
      const { before, changedAt } = change;
      const cause = () => suspect(causeOf(change), unknown(earlier(before.handled_at ?? changedAt, changedAt)));
      this.#add(counted + 1, 'history-gap', 'version', String(version - 1), String(counted), cause);
    }
  }

  #compare(version: number, kind: FindingKind, expected: Values, actual: Values, cause: () => Cause): void {
    for (const field of VALUES) {
      if (expected[field] !== actual[field]) {
        this.#add(version, kind, field, expected[field], actual[field], cause);
      }
    }
  }

  #knowStatus(version: number, status: string | null, cause: () => Cause): void {
    if (!(STATUSES as readonly (string | null)[]).includes(status)) {
      this.#add(version, 'unknown-status', 'status', STATUSES.join(', '), status, cause);
    }
  }

  #add(
    version: number,
    kind: FindingKind,
    field: FindingField,
    expected: string | null,
    actual: string | null,
    cause: () => Cause,
  ): void {
    const seen = this.#record;
    this.#found.push({ violationId: this.#violationId, version, kind, field, expected, actual, seen, cause: cause() });
  }
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  return Array.from(new Map(findings.map((each) => [`${each.version} ${each.kind} ${each.field}`, each])).values());
}
