import { writeFile } from 'node:fs/promises';
import { runMain, stopSignal } from '../../src/kit/run-main.ts';
import { measureSeries, missingTools } from './measure.ts';
import { HELP, type ReactionOptions, readOptions } from './options.ts';
import { renderReaction, type SeriesResult, targetsOf } from './report.ts';
import { SERIES } from './series.ts';

/** `npm run bench:reaction`: from a broken path to the last request that took it. See `--help`. */
async function main({ breaches, only, jsonFile }: ReactionOptions, signal: AbortSignal): Promise<void> {
  const results: SeriesResult[] = [];
  for (const series of SERIES.filter(({ name }) => name.includes(only))) {
    const missing = await missingTools(series);
    if (missing) {
      console.error(`left out ${series.name}: ${missing}`);
      continue;
    }
    const progress = (done: number) => console.error(`${series.name}: ${done} of ${breaches}`);
    results.push({ series, breaches: await measureSeries(series, breaches, progress, signal) });
    if (jsonFile !== undefined) {
      await writeFile(jsonFile, `${JSON.stringify(results)}\n`);
    }
  }
  console.log(renderReaction(results));
  process.exitCode = results.flatMap(targetsOf).every(({ met }) => met) ? 0 : 1;
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
  } else {
    await main(options, stopSignal('SIGHUP'));
  }
}, 'The measurement failed');
