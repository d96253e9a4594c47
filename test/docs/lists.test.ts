import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AFTER_ROLLBACK, MEASURES, ON_BREACH, ROLLBACK_WITH, TESTS } from '../../src/rollout/plan-schema.ts';
import { PHASES } from '../../src/rollout/state.ts';
import { DECISIONS } from '../../src/routing/decision.ts';
import { STATUSES } from '../../src/violations/violation.ts';
import { inCode, read, table } from './pages.ts';

/** The same in both languages. */
const SERVICE_PAGES = ['docs/service.md', 'docs/zh/service.md'];
const CONTROLLER_PAGES = ['docs/controller.md', 'docs/zh/controller.md'];

for (const page of CONTROLLER_PAGES) {
  test(`${page} names every state`, () => {
    const [paragraph = ''] =
      read(page)
        .split(/^## (?:States|状态)\n\n/m)[1]
        ?.split('\n\n') ?? [];
    assert.deepEqual(inCode(paragraph.split(/[.。]/)[0] ?? ''), PHASES);
  });

  test(`${page} names what a plan may say of guards and rollbacks`, () => {
    const allowed = new Map(
      table(page, 'plan keys').map(([key = '', values = '']) => [
        inCode(key)[0],
        inCode(values.split(/[:：]/)[0] ?? ''),
      ]),
    );
    assert.deepEqual(allowed.get('measure'), MEASURES);
    assert.deepEqual(allowed.get('onBreach'), ON_BREACH);
    assert.deepEqual(allowed.get('test'), TESTS);
    assert.deepEqual(allowed.get('afterRollback'), AFTER_ROLLBACK);
    assert.deepEqual(allowed.get('rollbackWith')?.slice(0, 2), ROLLBACK_WITH);
  });
}

for (const page of SERVICE_PAGES) {
  test(`${page} names every status and every decision`, () => {
    const text = read(page);
    const statuses = /^\| 400 .*?`status`(.*?)[;；]/m.exec(text)?.[1] ?? '';
    assert.deepEqual(inCode(statuses), STATUSES);
    const decisions = /^\| `Rollout-Decision` \|[^|]*\|(.*)\|$/m.exec(text)?.[1] ?? '';
    assert.deepEqual(inCode(decisions), DECISIONS);
  });
}
