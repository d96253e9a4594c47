/** @returns the next 32 random bits, as an unsigned number. */
export type RandomBits = () => number;

/** sfc32 (Chris Doty-Humphrey, PractRand): fast, and the same stream for the same `seeds` on every machine. */
export function seededBits(...seeds: readonly number[]): RandomBits {
  let [a, b, c] = [seeds[0] ?? 0, seeds[1] ?? 0, seeds[2] ?? 0].map((seed) => seed | 0) as [number, number, number];
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Seeds that differ in a few bits lead to streams that have nothing in common only after some rounds.
  for (let round = 0; round < 20; round++) {
    next();
  }
  return next;
}

/** Draws from a Poisson distribution by Walker's alias method (ACM TOMS 3, 1977): two random words, whatever the mean. */
export function poissonSampler(mean: number): (bits: RandomBits) => number {
  const spread = 12 * Math.sqrt(mean) + 24;
  const lowest = Math.max(0, Math.floor(mean - spread));
  const size = 2 ** Math.ceil(Math.log2(mean + spread - lowest + 1));
  const { chance, alias } = aliasTable(poissonWeights(mean, lowest, size));
  const mask = size - 1;
  return (bits) => {
    const slot = bits() & mask;
    return lowest + (bits() < (chance[slot] as number) ? slot : (alias[slot] as number));
  };
}

/** The Poisson chances of `lowest` and the `size − 1` counts after it; what is outside is below 10⁻¹⁵. */
function poissonWeights(mean: number, lowest: number, size: number): Float64Array {
  const weights = new Float64Array(size);
  if (mean === 0) {
    weights[0] = 1;
    return weights;
  }
  let logFactorial = 0;
  for (let count = 1; count <= lowest; count++) {
    logFactorial += Math.log(count);
  }
  for (let at = 0; at < size; at++) {
    const count = lowest + at;
    logFactorial += at > 0 ? Math.log(count) : 0;
    weights[at] = Math.exp(count * Math.log(mean) - mean - logFactorial);
  }
  return weights;
}

function aliasTable(weights: Float64Array): { chance: Float64Array; alias: Int32Array } {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const scaled = weights.map((weight) => (weight / total) * weights.length);
  const chance = new Float64Array(weights.length).fill(2 ** 32);
  const alias = Int32Array.from(weights, (_, at) => at);
  const below = [...scaled.keys()].filter((at) => (scaled[at] as number) < 1);
  const above = [...scaled.keys()].filter((at) => (scaled[at] as number) >= 1);
  while (below.length > 0 && above.length > 0) {
    const [small, large] = [below.pop() as number, above.pop() as number];
    chance[small] = (scaled[small] as number) * 2 ** 32;
    alias[small] = large;
    scaled[large] = (scaled[large] as number) - (1 - (scaled[small] as number));
    ((scaled[large] as number) < 1 ? below : above).push(large);
  }
  return { chance, alias };
}
