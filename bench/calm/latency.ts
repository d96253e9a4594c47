/** The spread of ln(latency): with 0.5, P95 is 2.3 times the median, and P99 3.2 times. */
export const LOG_SPREAD = 0.5;
const Z95 = 1.6448536269514722;

/** @returns the share of requests above `limitMs` when latencies are log-normal with this P95. */
export function shareAbove(limitMs: number, p95Ms: number): number {
  return upperTail(Z95 + Math.log(limitMs / p95Ms) / LOG_SPREAD);
}

/** P(Z > z) of the normal distribution; Numerical Recipes' erfc, off by at most 1.2e-7 of the value. */
function upperTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const tail = 0.5 * t * Math.exp(-x * x + coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0));
  return z >= 0 ? tail : 1 - tail;
}
