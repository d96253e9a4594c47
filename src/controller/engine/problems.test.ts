import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProblems } from './problems.ts';

function telling() {
  const told: string[] = [];
  let nowMs = 0;
  const problems = createProblems({ monotonic: () => nowMs }, (_name, text) => told.push(text));
  return {
    told,
    /** Once a second, for so long. */
    seconds: (count: number, text: (at: number) => string | undefined) => {
      for (let at = 0; at < count; at += 1) {
        problems.report('lever', text(at));
        nowMs += 1_000;
      }
    },
    now: problems.now,
  };
}

describe('a problem', () => {
  test('is told at once, and once while it stays as it is', () => {
    const { told, seconds } = telling();
    seconds(3_600, () => 'The lever fails: 403');
    assert.deepEqual(told, ['The lever fails: 403.']);
  });

  test('that is over is told as over', () => {
    const { told, seconds, now } = telling();
    seconds(3, () => 'The lever fails: 403');
    assert.deepEqual(now(), [{ name: 'lever', text: 'The lever fails: 403' }]);
    seconds(3, () => undefined);
    assert.deepEqual(told, ['The lever fails: 403.', 'Over: The lever fails: 403.']);
    assert.deepEqual(now(), []);
  });

  test('that comes and goes each second is summed: a handful of lines an hour', () => {
    const { told, seconds } = telling();
    seconds(3_600, (at) => (at % 2 === 0 ? 'scrape does not answer: timeout' : undefined));
    assert.ok(told.length <= 9, told.join('\n'));
    assert.match(
      told.at(-1) ?? '',
      /^(Still|Over): scrape does not answer: timeout; (it came )?\d+ times in 10 min\.$/,
    );
  });

  test('whose text has another id each time is one problem', () => {
    const { told, seconds } = telling();
    seconds(3_600, (at) => `refused: request 0c1d2e3f-0000-4000-8000-${String(at).padStart(12, '0')}, try ${at}`);
    assert.ok(told.length <= 8, told.join('\n'));
  });

  test('that turns into another one is told again at once', () => {
    const { told, seconds } = telling();
    seconds(2, () => 'The lever fails: answered 403');
    seconds(2, () => 'The lever fails: no such file');
    assert.deepEqual(told, ['The lever fails: answered 403.', 'The lever fails: no such file.']);
  });
});
