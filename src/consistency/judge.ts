import type { ViolationId } from '../violations/violation.ts';
import { STATUSES } from '../violations/violation.ts';
import type { Finding, FindingField, FindingKind, SeenRecord } from './finding.ts';

const VALUES = ['status', 'notes', 'handled_by', 'handled_at'] as const;
const TEXTS = ['notes', 'handled_by'] as const;

/** What a change found or left; times as in SeenRecord. */
export type Values = Readonly<Record<(typeof VALUES)[number], string | null>>;

/** One row of the history. */
export type RecordedChange = {
  readonly version: number;
  readonly isRepair: boolean;
  readonly before: Values;
  readonly after: Values;
  /** Undefined unless another change, which came first, has the same write id; that one is named as `violation/version`. */
  readonly repeats: { readonly writeId: string; readonly first: string } | undefined;
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
    if (change.isRepair) {
      this.#settledThrough = change.version;
      this.#found = [];
    }
    const isCopy = change.version === this.#last?.version;
    this.#copies = isCopy ? this.#copies + 1 : 1;
    this.#base = isCopy ? this.#base : this.#last;
    this.#last = change;
    if (change.isContext || change.version <= this.#settledThrough) {
      return;
    }
    const { version, before, after, repeats } = change;
    const base = this.#base;
    if (isCopy) {
      this.#add(version, 'applied-twice', 'version', '1', String(this.#copies));
    } else {
      this.#countUpTo(version, base);
    }
    if (repeats !== undefined) {
      this.#add(version, 'applied-twice', 'write_id', repeats.first, repeats.writeId);
    }
    // Across a gap there is nothing that it should have begun from.
    if (base !== undefined && version === base.version + 1) {
      this.#compare(version, 'broken-chain', base.after, before);
    }
    const earliest = later(before.handled_at, base?.after.handled_at ?? null);
    if (isEarlier(after.handled_at, earliest)) {
      this.#add(version, 'handled-at-backwards', 'handled_at', earliest, after.handled_at);
    }
    this.#knowStatus(version, after.status);
    for (const field of TEXTS) {
      if (before[field] !== null && after[field] === null) {
        this.#add(version, 'value-lost', field, before[field], null);
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
      this.#knowStatus(0, record.status);
      if (record.version > counted) {
        // Its last change is the one that is missing: nobody knows what that left behind.
        this.#add(counted + 1, 'history-gap', 'version', String(record.version), String(counted));
      } else {
        if (record.version < counted) {
          this.#add(0, 'record-differs', 'version', String(counted), String(record.version));
        }
        if (last !== undefined) {
          this.#compare(0, 'record-differs', last.after, record);
        }
      }
    }
    return this.#found.length < 2 ? this.#found : unique(this.#found);
  }

  /** A gap says how many changes there should be by then, and how many there are before it. */
  #countUpTo(version: number, base: RecordedChange | undefined): void {
    const counted = Math.max(0, base?.version ?? 0);
    if (version < 1) {
      this.#add(version, 'history-gap', 'version', '1', String(version));
    } else if (version > counted + 1) {
      this.#add(counted + 1, 'history-gap', 'version', String(version - 1), String(counted));
    }
  }

  #compare(version: number, kind: FindingKind, expected: Values, actual: Values): void {
    for (const field of VALUES) {
      if (expected[field] !== actual[field]) {
        this.#add(version, kind, field, expected[field], actual[field]);
      }
    }
  }

  #knowStatus(version: number, status: string | null): void {
    if (!(STATUSES as readonly (string | null)[]).includes(status)) {
      this.#add(version, 'unknown-status', 'status', STATUSES.join(', '), status);
    }
  }

  #add(version: number, kind: FindingKind, field: FindingField, expected: string | null, actual: string | null): void {
    const seen = this.#record;
    this.#found.push({ violationId: this.#violationId, version, kind, field, expected, actual, seen });
  }
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  return Array.from(new Map(findings.map((each) => [`${each.version} ${each.kind} ${each.field}`, each])).values());
}

/** PostgreSQL's times as texts: ISO 8601, `infinity`, or years that JavaScript does not know. No time at all is earlier than any. */
function isEarlier(a: string | null, b: string | null): boolean {
  if (a === b || b === null) {
    return false;
  }
  if (a === null) {
    return true;
  }
  // Times of four-digit years, as nearly all are, sort as texts.
  return a.length === PLAIN_TIME && b.length === PLAIN_TIME ? a < b : orderOf(a) < orderOf(b);
}

export const later = (a: string | null, b: string | null): string | null => (isEarlier(a, b) ? b : a);
const PLAIN_TIME = '2026-03-01T12:00:00.000Z'.length;

function orderOf(time: string): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? (time === '-infinity' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : ms;
}
