import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProblems } from './problems.ts';

function written() {
  const said: string[] = [];
  let nowMs = 0;
  const problems = createProblems({ monotonic: () => nowMs }, (_name, text) => said.push(text));
  return {
    said,
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
  test('is reported at once, and once while it stays as it is', () => {
    const { said, seconds } = written();
    seconds(3_600, () => 'The lever fails: 403');
    assert.deepEqual(said, ['The lever fails: 403.']);
  });

  test('that is over is reported as over', () => {
    const { said, seconds, now } = written();
    seconds(3, () => 'The lever fails: 403');
    assert.deepEqual(now(), [{ name: 'lever', text: 'The lever fails: 403' }]);
    seconds(3, () => undefined);
    assert.deepEqual(said, ['The lever fails: 403.', 'Over: The lever fails: 403.']);
    assert.deepEqual(now(), []);
  });

  test('that comes and goes each second is summed: a handful of lines an hour', () => {
    const { said, seconds } = written();
    seconds(3_600, (at) => (at % 2 === 0 ? 'scrape does not answer: timeout' : undefined));
    assert.ok(said.length <= 9, said.join('\n'));
    assert.match(
      said.at(-1) ?? '',
      /^(Still|Over): scrape does not answer: timeout; (it came )?\d+ times in 10 min\.$/,
    );
  });

  test('whose text has another id each time is one problem', () => {
    const { said, seconds } = written();
    seconds(3_600, (at) => `refused: request 0c1d2e3f-0000-4000-8000-${String(at).padStart(12, '0')}, try ${at}`);
    assert.ok(said.length <= 8, said.join('\n'));
  });

  test('whose text names another pod each time is one problem', () => {
    const { said, seconds } = written();
    const names = ['x2x4z', 'b9k1q', 'm4d7p', 'c0ffe', 'q7w8e', 'z1y2x', 'l8k7j'];
    seconds(3_600, (at) => `scrape does not answer: sluice-7d9f8b6c5-${names[at % names.length]} timeout`);
    assert.ok(said.length <= 6, said.join('\n'));
  });

  test('that turns into another one is reported again at once', () => {
    const { said, seconds } = written();
    seconds(2, () => 'The lever fails: answered 403');
    seconds(2, () => 'The lever fails: no such file');
    assert.deepEqual(said, ['The lever fails: answered 403.', 'The lever fails: no such file.']);
  });
});
