#!/usr/bin/env node
import { run } from './cli/program.ts';
import { runMain } from './kit/run-main.ts';
import { systemClock } from './kit/time.ts';

// `sluice … | head` has had enough: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

await runMain(() => run(process.argv.slice(2), process.env, systemClock));
