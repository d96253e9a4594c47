import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { relative } from 'node:path';
import { after } from 'node:test';
import { findLeft, startTracking } from './track.ts';

/**
 * Loaded before each test file. What the file leaves open fails it, by name, and is then ended, so that nothing holds up the run;
 * a file in which nothing happens any more fails with what it has open.
 */

/** What was just begun is there after a few turns of the event loop, and what was closed is gone after some more. */
const FEW_TURNS = 10;
const MOST_TURNS = 50_000;
/** For what nobody but its maker can end. */
const END_WITHIN_MS = 2_000;
/** From the last hook to the process's end. */
const SILENCE_AT_LAST_MS = 10_000;
/** Beyond what a test may take, for hooks. */
const SILENCE_BEYOND_MS = 60_000;
/** Before the first test the tools may have to be built. */
const SILENCE_AT_FIRST_MS = Number(process.env.SLUICE_TEST_SILENCE_MS ?? 22 * 60_000);
const LOOK_EVERY_MS = 1_000;

const file = relative(process.cwd(), process.argv[1] ?? '');

/** @returns what is open, a line each; it has been asked to end. */
function endLeft(): string {
  const left = findLeft();
  const said = left.map(({ what }) => `\n  ${what()}`).join('');
  left.forEach(({ end }) => void end());
  return said;
}

/** The same, of what stays open. */
async function settle(): Promise<string> {
  for (let turn = 0; turn < FEW_TURNS || (turn < MOST_TURNS && findLeft().length > 0); turn += 1) {
    await new Promise((next) => setImmediate(next));
  }
  return endLeft();
}

async function failWhereSomethingIsLeft(): Promise<void> {
  const left = await settle();
  assert.ok(left === '', `${file} left open:${left}`);
}

/** After the file's last hook, or the one that failed and kept the others from running. */
async function endFile(): Promise<void> {
  const left = await settle();
  if (left !== '') {
    console.error(`${file} is over, and has open:${left}`);
    process.exitCode = 1;
    setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
  }
}

/** @returns what has to hear of each sign of life, and for how long there may then be none. */
function watchForSilence(): (nextWithinMs: number) => void {
  let lastMs = performance.now();
  let withinMs = SILENCE_AT_FIRST_MS;
  setInterval(() => {
    if (performance.now() - lastMs > withinMs) {
      console.error(`${file}: nothing has happened for ${withinMs / 1_000} s; it has open:${endLeft()}`);
      process.exit(1);
    }
  }, LOOK_EVERY_MS).unref();
  return (nextWithinMs) => {
    lastMs = performance.now();
    withinMs = nextWithinMs;
  };
}

function watchFile(): void {
  startTracking();
  const hear = watchForSilence();
  const testTimeoutMs = Number(/--test-timeout=(\d+)/.exec(process.execArgv.join(' '))?.[1] ?? 0);
  const { start, end } = tracingChannel('node.test');
  start.subscribe(() => hear(testTimeoutMs + SILENCE_BEYOND_MS));
  end.subscribe((ended) => {
    const isOver = (ended as { readonly name: string }).name === '<root>';
    hear(isOver ? SILENCE_AT_LAST_MS : testTimeoutMs + SILENCE_BEYOND_MS);
    if (isOver) {
      void endFile();
    }
  });
  const outside = new AsyncResource('the file');
  // The file's first hook, for it is made first. What it makes comes after those that the file makes itself.
  after(() => outside.runInAsyncScope(() => after(failWhereSomethingIsLeft)));
}

if (process.env.NODE_TEST_CONTEXT !== undefined) {
  watchFile();
}
