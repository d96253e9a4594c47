import { writeFile } from 'node:fs/promises';
import { runMain, stopSignal } from '../../src/kit/run-main.ts';
import type { SeriesResult, Tree } from './compare.ts';
import { measureSeries, missingTools } from './measure.ts';
import { HELP, isOneOf, type ReactionOptions, readOptions } from './options.ts';
import { renderReaction, targetsOf } from './report.ts';
import { SERIES, type Series } from './series.ts';

/** `npm run bench:reaction`: from a broken path to the last request that took it. See `--help`. */
async function main(options: ReactionOptions, signal: AbortSignal): Promise<void> {
  const results: SeriesResult[] = [];
  try {
    await measureAll(options, results, signal);
  } finally {
    // Also where it broke off: what was measured is not lost.
    const measured = results.filter(({ breaches }) => breaches.length > 0);
    if (options.jsonFile !== undefined) {
      await writeFile(options.jsonFile, `${JSON.stringify(measured)}\n`);
    }
    console.log(renderReaction(measured));
    process.exitCode = targetsOf(measured).every(({ met }) => met) ? 0 : 1;
  }
}

/** Each series in each round, of this tree and of the baseline in turn. */
async function measureAll(options: ReactionOptions, results: SeriesResult[], signal: AbortSignal): Promise<void> {
  const { breaches, rounds, baseline } = options;
  const all = await seriesHere(options.only);
  const trees: readonly Tree[] = baseline === undefined ? ['this tree'] : ['this tree', 'the baseline'];
  const keep = (series: Series, tree: Tree, change: (result: SeriesResult) => SeriesResult) => {
    const known = results.findIndex((each) => each.series === series && each.tree === tree);
    const result = results[known] ?? { series, tree, breaches: [], answered: { answered: 0, refused: 0, failed: 0 } };
    results.splice(known === -1 ? results.length : known, 1, change(result));
  };
  for (let round = 0; round < rounds; round += 1) {
    const upTo = (share: number) => Math.round((breaches * share) / rounds);
    for (const series of all) {
      for (const tree of round % 2 === 0 ? trees : trees.toReversed()) {
        await measureSeries(
          {
            series,
            programs: tree === 'the baseline' ? baseline : undefined,
            breaches: upTo(round + 1) - upTo(round),
            onBreach: (breach) => {
              keep(series, tree, (result) => ({ ...result, breaches: [...result.breaches, breach] }));
            },
            onAnswered: ({ answered, refused, failed }) => {
              keep(series, tree, ({ answered: before, ...result }) => ({
                ...result,
                answered: {
                  answered: before.answered + answered,
                  refused: before.refused + refused,
                  failed: before.failed + failed,
                },
              }));
            },
          },
          signal,
        );
        console.error(`round ${round + 1} of ${rounds}: ${series.name}, ${tree}`);
      }
    }
  }
}

async function seriesHere(only: readonly string[]): Promise<readonly Series[]> {
  const here: Series[] = [];
  for (const series of SERIES.filter(isOneOf(only))) {
    const missing = await missingTools(series);
    if (missing) {
      console.error(`left out ${series.name}: ${missing}`);
    } else {
      here.push(series);
    }
  }
  return here;
}

await runMain(async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
  } else {
    await main(options, stopSignal('SIGHUP'));
  }
}, 'The measurement failed');
