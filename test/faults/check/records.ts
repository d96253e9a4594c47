/** A record as it was made, before any write. Times are milliseconds of the epoch. */
export type InitialRecord = {
  readonly id: string;
  readonly status: string;
  readonly notes: string | null;
  readonly handledBy: string | null;
  readonly handledAtMs: number | null;
};

export type StoredRecord = InitialRecord & { readonly version: number };

export type StoredChange = {
  readonly violationId: string;
  readonly version: number;
  readonly requestId: string;
  readonly path: string;
  readonly changedAtMs: number;
  readonly before: Omit<InitialRecord, 'id'>;
  readonly after: Omit<InitialRecord, 'id'>;
};
