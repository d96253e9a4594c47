import { describeLatency, type K6Data, type Latency, latencyOf } from './k6-data.ts';

/** A run in parts of equal time, each with a latency of its own. */
export type Part = { readonly name: string; readonly latency: Latency };

export const partMetric = (part: number) => `part_${part}_duration`;

/** From 0. `progress` is the share of the run that is over: 0 to 1, the end included. */
export const partAt = (progress: number, parts: number): number => Math.min(Math.floor(progress * parts), parts - 1);

export const readParts = (data: K6Data, names: readonly string[]): Part[] =>
  names.map((name, part) => ({ name, latency: latencyOf(data, partMetric(part)) }));

export const describeParts = (parts: readonly Part[]): string[] =>
  parts.map(({ name, latency }) => `${name}: ${latency.requests} updates, ${describeLatency(latency)}`);

/** How many times slower the last part was than the first, by P95; null where one of them has nothing. */
export function driftOf(parts: readonly Part[]): number | null {
  const [first, last] = [parts.at(0)?.latency, parts.at(-1)?.latency];
  return !first?.p95Ms || !last?.requests ? null : last.p95Ms / first.p95Ms;
}
