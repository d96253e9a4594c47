/** A whole number from 0 to 100. */
export type Percent = number;

export function isPercent(value: unknown): value is Percent {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100;
}
