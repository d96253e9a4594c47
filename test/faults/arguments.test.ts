import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from './arguments.ts';

test('without arguments: 200 schedules in five minutes, with a seed of their own', () => {
  assert.deepEqual(readArguments([]), {
    kind: 'run',
    runs: 200,
    limitMs: 300_000,
    seed: undefined,
    jsonFile: undefined,
  });
});

test('runs, hours and seed are taken, and a short run still has a minute', () => {
  const base = { kind: 'run', seed: undefined, jsonFile: undefined };
  assert.deepEqual(readArguments(['--runs', '3']), { ...base, runs: 3, limitMs: 60_000 });
  assert.deepEqual(readArguments(['--hours', '0.5', '--seed', '7', '--json', 'out.json']), {
    kind: 'run',
    runs: Number.POSITIVE_INFINITY,
    limitMs: 1_800_000,
    seed: 7,
    jsonFile: 'out.json',
  });
});

test('a replay takes its schedule and how often', () => {
  assert.deepEqual(readArguments(['--replay', '{}', '--times', '3']), {
    kind: 'replay',
    source: '{}',
    times: 3,
    jsonFile: undefined,
  });
});

test('help wins over everything else', () => {
  assert.deepEqual(readArguments(['--help', '--runs', 'many']), { kind: 'help' });
});

test('what is wrong is named', () => {
  const why = (...args: string[]) => {
    const read = readArguments(args);
    return read.kind === 'wrong' ? read.why : read.kind;
  };
  assert.match(why('--runs', 'many'), /--runs is "many"/);
  assert.match(why('--runs', '1.5'), /whole number/);
  assert.match(why('--runs', ''), /--runs/);
  assert.match(why('--hours', '0'), /--hours/);
  assert.match(why('--seed', '-1'), /--seed/);
  assert.match(why('--runs', '3', '--hours', '1'), /--runs: not with --hours/);
  assert.match(why('--replay', '{}', '--seed', '1'), /--seed: not with --replay/);
  assert.match(why('--times', '2'), /--times: only with --replay/);
  assert.match(why('--fast'), /--fast/);
  assert.match(why('three'), /three/);
});
