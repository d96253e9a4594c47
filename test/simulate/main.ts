import { availableParallelism } from 'node:os';
import { readArguments } from './arguments.ts';
import { replay } from './replay.ts';
import { search } from './search.ts';

const MOST_WORKERS = 2;
const asked = readArguments(process.argv.slice(2));

if (asked.kind === 'replay') {
  process.exitCode = await replay(asked);
} else {
  const { seed, seconds, hours, workers = Math.min(MOST_WORKERS, availableParallelism()) } = asked;
  const until = hours === undefined ? `for ${seconds} s` : `until ${hours} h`;
  console.log(`Simulating from seed ${seed} ${until}.`);
  const startedAt = performance.now();
  const limits =
    hours === undefined ? { seconds, hours: Number.POSITIVE_INFINITY } : { hours, seconds: Number.POSITIVE_INFINITY };
  let simulated = '';
  process.exitCode = await search({ seed, workers, ...limits }, (line) => {
    simulated = /([\d,]+) simulated hours/.exec(line)?.[1] ?? simulated;
    console.log(line);
  });
  const minutes = (performance.now() - startedAt) / 60_000;
  const rate = Math.round(Number(simulated.replaceAll(',', '')) / minutes).toLocaleString('en');
  console.log(`In ${minutes.toFixed(1)} min: ${rate} simulated hours a minute.`);
}
