/** A violation as it was written, or as it is read back. */
export type Violation = {
  readonly status: string;
  readonly notes: string | null;
  readonly handled_by: string | null;
  /** One more with each change that was applied. */
  readonly version: number;
};

export const FIELDS = ['status', 'notes', 'handled_by', 'version'] as const;
export type Field = (typeof FIELDS)[number];

export const differences = (expected: Violation, actual: Violation): Field[] =>
  FIELDS.filter((field) => expected[field] !== actual[field]);
