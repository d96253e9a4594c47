import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { served, statusFixture, verdict } from '../../../test/support/status-fixture.ts';
import type { StatusAnswer } from '../../contract/schemas.ts';
import { createPaint } from '../terminal/output.ts';
import { widthOf } from '../terminal/text.ts';
import { renderStatus, renderSummary, signatureOf } from './status.ts';

const VIEW = { paint: createPaint(false), columns: 80 };
const render = (changes: Partial<StatusAnswer> = {}) => renderStatus(statusFixture(changes), VIEW);
const inPhase = (phase: StatusAnswer['state']['phase'], percent: number, why: string | null = null) => ({
  state: { phase, percent, phrase: `${phase} ${percent} %`, since: '2026-03-01T10:00:00.000Z', verified: null, why },
});

describe('the ladder', () => {
  test('says which stages need the functional checks', () => {
    const stages = statusFixture().stages.map((stage) => ({ ...stage, needsVerify: stage.percent === 50 }));
    assert.match(render({ stages }), /○ {2}50 % .*needs approval, needs sluice verify\n/);
  });

  test('says of the stage that is served what they found, and that it needs them until then', () => {
    const stages = statusFixture().stages.map((stage) => ({ ...stage, needsVerify: stage.percent === 25 }));
    const { state } = statusFixture();
    assert.match(render({ stages }), /▶ {2}25 % .*18 min left, needs sluice verify\n/);
    assert.match(render({ stages, state: { ...state, verified: 'passed' } }), /▶ {2}25 % .*18 min left, verified\n/);
    assert.match(render({ state: { ...state, verified: 'failed' } }), /▶ {2}25 % .*left, sluice verify failed\n/);
    const held = render({ stages, timeLeftMs: 0, holding: '25 % waits for `sluice verify`' });
    assert.match(held, /^! held: 25 % waits for `sluice verify`$/m);
    assert.doesNotMatch(held, /time does not count/);
  });

  test('shows what is done, where the rollout is and for how long, and what comes', () => {
    assert.match(
      render(),
      /✔ {3}5 % {2}5 min\n.*✔ {2}10 % .*\n.*▶ {2}25 % {2}30 min {2}█{8}░{12} 18 min left\n.*○ {2}50 % .*needs approval\n.*○ 100 %.*\n.*○ watch {2}24 h/,
    );
  });

  test('says how to approve while approval is waited for', () => {
    const text = render({ ...inPhase('awaiting-approval', 25), timeLeftMs: 0 });
    assert.match(text, /▶ {2}25 % .*█{20} done/);
    assert.match(text, /○ {2}50 % .*waits for approval: sluice approve/);
  });

  test('has nothing done and nothing current before a start and after a rollback to 0 %', () => {
    for (const phase of ['idle', 'rolled-back'] as const) {
      const text = render({ ...inPhase(phase, 0), healthyMs: null, timeLeftMs: null });
      assert.doesNotMatch(text.slice(0, text.indexOf('Percent')), /[✔▶]/);
    }
  });

  test('says that a rollback to a stage stays there until it is resumed', () => {
    const text = render({ ...inPhase('rolled-back', 10, 'alert DomainErrors'), healthyMs: null, timeLeftMs: null });
    assert.match(text, /▶ {2}10 % .*rolled back to here; sluice resume goes on/);
    assert.match(text, /why: alert DomainErrors/);
  });

  test('counts the watch after the last stage, also while it is paused', () => {
    for (const phase of ['complete', 'paused'] as const) {
      const text = render({ ...inPhase(phase, 100), healthyMs: 43_200_000, timeLeftMs: 43_200_000 });
      assert.match(text, /✔ 100 %/);
      assert.match(text, /▶ watch .*█{10}░{10} 12 h left/);
    }
    assert.match(render({ ...inPhase('complete', 100), timeLeftMs: 0 }), /✔ watch .*over/);
  });

  test('takes a last stage that is paused for the stage', () => {
    const text = render({ ...inPhase('paused', 100), healthyMs: 3_600_000, timeLeftMs: 3_600_000 });
    assert.match(text, /▶ 100 % .*1 h left, paused/);
  });

  test('shows a percent that is no stage of the plan where it belongs', () => {
    assert.match(render(inPhase('paused', 7)), /✔ {3}5 %.*\n.*▶ {3}7 % .*not a stage of the plan\n.*○ {2}10 %/);
  });
});

describe('what is not well', () => {
  test('is at the top, and nothing is there of a rollout that is well', () => {
    assert.doesNotMatch(render(), /^!/m);
    const change = statusFixture().change ?? assert.fail();
    const text = render({
      holding: 'p95 (scrape) is no-data: no domain requests in the window',
      controller: {
        instance: 'c-1',
        leading: false,
        journal: 'away',
        buffered: 3,
        noRaise: 'the database is unreachable',
      },
      sources: [{ name: 'prometheus', problem: 'answered 503' }],
      configured: {
        percent: null,
        where: 'flags.json',
        lever: 'file',
        problem: 'this is not valid JSON',
        way: null,
        unguarded: ['p25', 'p50'],
        failing: 'The lever fails: the folder is closed',
      },
      served: [served('a', { breakerOpen: true })],
      change: { ...change, confirmedAt: null, waitingFor: ['b'] },
    });
    const warnings = text.split('\n\n')[1] ?? '';
    for (const expected of [
      /time does not count: p95 \(scrape\) is no-data/,
      /c-1 answers and stands by: the database is unreachable/,
      /the journal is unreachable/,
      /3 events wait for the journal/,
      /source prometheus: answered 503/,
      /^! The lever fails: the folder is closed$/m,
      /^! At 0 % the flag's targeting may still send requests to domain \(by p25, p50\)/m,
      /flag is not usable: this is not valid JSON/,
      /not served yet by b/,
      /breaker of a is open/,
    ]) {
      assert.match(warnings, expected);
    }
    assert.match(text, /▶ {2}25 % .*18 min left, held/);
  });

  test('shows replicas that serve another percent or do not say', () => {
    const text = render({
      served: [served('a'), served('b', { percent: 10 }), served('c', { percent: null, missing: 'timeout: 1 s' })],
    });
    assert.match(text, /10 % {2}b; not what is wanted/);
    assert.match(text, /– {2}c; timeout: 1 s/);
  });

  test('says that a change cannot be confirmed where no replica is read, and waits for none', () => {
    const change = { ...(statusFixture().change ?? assert.fail()), confirmedAt: null };
    const status = { served: [], change, readsNoReplicas: true };
    assert.match(render(status), /written \+12 ms, cannot be confirmed:\n {2}SIGNALS=alerts reads no replicas/);
    assert.doesNotMatch(render(status), /waiting for|no replica has reported/);
    assert.match(renderSummary(statusFixture(status), 25), /wanted; cannot be confirmed: SIGNALS=alerts reads/);
  });

  test('is shown too where nothing is known yet', () => {
    const text = render({ served: [], verdicts: [], change: null });
    assert.match(text, /no replica has reported yet/);
    assert.match(text, /none has a verdict yet/);
  });
});

test('after a change it says who serves it, and who does not yet', () => {
  assert.equal(renderSummary(statusFixture(), 25), 'Now observing 25 %: 25 % is served by every replica (2).');
  const late = statusFixture({ served: [served('a'), served('b', { percent: 10 })] });
  assert.match(renderSummary(late, 25), /25 % is not served yet by b\. Check again with: sluice status$/);
  assert.match(renderSummary(statusFixture({ served: [] }), 25), /no replica has reported/);
  assert.match(renderSummary(statusFixture(), 50), /not served yet by sluice-0, sluice-1\. The flag says 25 %\./);
});

describe('a guard', () => {
  test('says what a breach does, how sure it is, and its detail', () => {
    const text = render({
      verdicts: [
        verdict('p95', { kind: 'breached', value: 0.35, limitText: '200ms', evidence: 1.4, detail: 'since 4 s' }),
        verdict('errors', { kind: 'too-few-samples', samples: 3, evidence: 0.5 }),
      ],
    });
    assert.match(text, /p95 +350 ms {2}200ms +1,204 +proven {2}scrape {2}✖ breached\n {4}a breach drops .*; since 4 s/);
    assert.match(text, /errors .* 50 % {2}scrape {2}… too few samples/);
  });
});

test('everything fits 80 columns, whatever the names, and colours change no column', () => {
  const long = 'a-name-that-is-as-long-as-names-may-be-1';
  const changes = {
    holding: `${long} is source-error: http://prometheus.monitoring.svc.cluster.local:9090/api/v1/query?${'x'.repeat(200)}`,
    served: [served(`http://${long}.${long}.svc.cluster.local:8081/metrics`, { missing: '超时'.repeat(60) })],
    verdicts: [
      verdict(long, {
        source: 'prometheus',
        kind: 'too-few-samples',
        samples: 1_234_567,
        detail: `${long} `.repeat(9),
      }),
    ],
  };
  const text = render(changes);
  for (const line of text.split('\n')) {
    assert.ok(widthOf(line) <= 80, `${widthOf(line)}: ${line}`);
  }
  const colored = renderStatus(statusFixture(changes), { paint: createPaint(true), columns: 80 });
  assert.notEqual(colored, text);
  assert.equal(stripVTControlCharacters(colored), text);
});

test('times and numbers that move by themselves are no change, and everything else is', () => {
  const base = signatureOf(statusFixture());
  assert.equal(signatureOf(statusFixture({ at: '2026-03-01T10:12:19.000Z', timeLeftMs: 1, healthyMs: 2 })), base);
  assert.notEqual(signatureOf(statusFixture({ wanted: 50 })), base);
  assert.notEqual(signatureOf(statusFixture({ holding: 'p95 is no-data' })), base);
  const { state } = statusFixture();
  assert.notEqual(signatureOf(statusFixture({ state: { ...state, verified: 'passed' } })), base);
  assert.notEqual(signatureOf(statusFixture({ served: [served('sluice-0', { breakerOpen: true })] })), base);
});
