import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { EventAnswer } from '../../contract/schemas.ts';
import type { StageEvidence } from '../../rollout/evidence-schema.ts';
import { writeReport } from './document.ts';
import { ofThisRollout, type ReportFacts, stageRecords } from './facts.ts';
import { markOfChecks, markOfVerdict, overall } from './marks.ts';

/** What a real controller recorded of a rollout that climbed and was rolled back at 100 %, with short stages. */
const recorded = JSON.parse(readFileSync(new URL('golden/recorded.json', import.meta.url), 'utf8')) as Pick<
  ReportFacts,
  'endpoint' | 'status' | 'points'
> & { readonly events: readonly EventAnswer[] };

const facts = (events = ofThisRollout(recorded.events)): ReportFacts => ({
  at: recorded.status.at,
  endpoint: recorded.endpoint,
  status: recorded.status,
  events,
  points: recorded.points,
});

const report = (events?: readonly EventAnswer[], now?: StageEvidence) =>
  writeReport(facts(events), now, { language: 'en', format: 'md' });

/** UPDATE_GOLDEN=yes writes the files anew; look at what changed before you keep it. */
for (const [language, format] of [
  ['en', 'md'],
  ['zh', 'md'],
  ['en', 'html'],
] as const) {
  test(`the report of a recorded rollout is the one in golden/report.${language}.${format}`, () => {
    const file = new URL(`golden/report.${language}.${format}`, import.meta.url);
    const text = writeReport(facts(), undefined, { language, format });
    if (process.env.UPDATE_GOLDEN === 'yes') {
      writeFileSync(file, text);
    }
    assert.equal(text, readFileSync(file, 'utf8'));
  });
}

describe('without evidence', () => {
  test('no cell of the report says ✅', () => {
    const text = writeReport(
      { ...facts([]), points: [], status: { ...recorded.status, verdicts: [], served: [] } },
      undefined,
      { language: 'en', format: 'md' },
    );
    assert.ok(!text.replace(/^Generated at .*$/m, '').includes('✅'));
    assert.match(text, /⏳/);
  });

  test('a percent that nobody can see served is not said to be waited for', () => {
    const entered = ofThisRollout(recorded.events).filter(({ kind }) => kind !== 'confirmed');
    const status = { ...recorded.status, served: [], readsNoReplicas: true };
    const text = writeReport({ ...facts(entered), status }, undefined, { language: 'en', format: 'md' });
    assert.match(text, /\| Percent served \| cannot be confirmed: SIGNALS=alerts reads no replicas \|/);
    assert.doesNotMatch(text, /\| Percent served \| ⏳/);
  });

  test('a stage that is under way is not passed, however healthy it is', () => {
    const started = ofThisRollout(recorded.events).slice(0, 1);
    const now: StageEvidence = { percent: 5, healthyMs: 3_000, verdicts: [], measured: null };
    assert.match(report(started, now), /\| State \| ⏳ under way \|/);
    assert.match(report(started, now), /\| Observation \| ⏳ 3 s healthy of 4 s \|/);
    assert.match(report(started, now), /No rollback in this rollout \| ⏳/);
  });

  test('a check that was left out proves nothing, and one that failed beats all that passed', () => {
    const check = (result: 'passed' | 'failed' | 'skipped') => ({
      name: 'a',
      path: 'domain' as const,
      result,
      detail: '',
    });
    assert.equal(markOfChecks([check('skipped')]), '⏳');
    assert.equal(markOfChecks([check('passed'), check('skipped')]), '✅');
    assert.equal(markOfChecks([check('passed'), check('failed')]), '❌');
    assert.equal(markOfChecks([]), '⏳');
  });

  test('a guard that could not say is neither healthy nor breached, and leaves the whole without evidence', () => {
    const [verdict] = recorded.status.verdicts;
    for (const kind of ['no-data', 'too-few-samples', 'source-error'] as const) {
      assert.equal(markOfVerdict({ ...(verdict as NonNullable<typeof verdict>), kind }), '⏳');
    }
    assert.equal(overall(['✅', '⏳']), '⏳');
    assert.equal(overall(['✅', '❌', '⏳']), '❌');
    assert.equal(overall([]), '⏳');
  });
});

describe('the stages', () => {
  test('are reported by the last time they were entered: what a rollback undid is not passed', () => {
    const states = stageRecords(facts(), undefined).map(({ percent, state }) => [percent, state]);
    assert.deepEqual(states, [
      [5, 'passed'],
      [25, 'passed'],
      [100, 'rolled-back'],
    ]);
  });

  test('belong to the rollout that was begun last', () => {
    const [begun] = ofThisRollout(recorded.events);
    const again = { ...(begun as EventAnswer), eventId: 'again', at: '2027-01-01T00:00:00.000Z' };
    assert.deepEqual(ofThisRollout([again, ...recorded.events]), [again]);
  });
});

test('what people and machines wrote is text: no markup of theirs reaches the page or the tables', () => {
  const [begun] = ofThisRollout(recorded.events);
  const evil = {
    ...(begun as EventAnswer),
    text: 'a | b\n<script>alert(1)</script> [x](javascript:y)',
    actor: '<img src=x>',
  };
  const markdown = report([evil]);
  assert.doesNotMatch(markdown, /(?<!\\)<script|(?<!\\)\]\(/);
  assert.match(markdown, /a \\\| b \\<script/);
  const html = writeReport(facts([evil]), undefined, { language: 'en', format: 'html' });
  assert.ok(!html.includes('<script') && !html.includes('<img'));
});
