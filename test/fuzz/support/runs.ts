/** `SLUICE_FUZZ_SEED` repeats a run, `SLUICE_FUZZ_RUNS` makes it longer: so many inputs for each property. */
const seed = numberFrom('SLUICE_FUZZ_SEED') ?? Math.floor(Math.random() * 2 ** 31);
const wanted = numberFrom('SLUICE_FUZZ_RUNS');

console.log(`SLUICE_FUZZ_SEED=${seed}`);

export const fuzzed = (numRuns: number) => ({ seed, numRuns: wanted ?? numRuns });

function numberFrom(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') {
    return undefined;
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${name} is ${text}; allowed: a whole number from 0`);
  }
  return value;
}
