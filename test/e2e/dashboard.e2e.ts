import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../../src/dev/until.ts';
import { startSystemOfProcesses } from '../support/system/system.ts';
import { readDashboard } from './support/dashboard.ts';
import { startLoad } from './support/k6.ts';
import { planOf } from './support/plans.ts';
import { startHealthyAt } from './support/steps.ts';
import { findTestTools } from './support/tools.ts';
import { watchByPrometheus } from './support/watch.ts';

/** The dashboard asks for what there is: each of its queries has an answer while real replicas serve. */
const tools = await findTestTools();
const STEP_SECONDS = 15;
const VALUES = { rollout: 'violation-status', instance: '.*', __range: '1m', __interval: `${STEP_SECONDS}s` };
const ANSWER_WITHIN_MS = 60_000;

describe('the Grafana dashboard', { skip: tools.skipWithout('k6', 'prometheus') }, () => {
  test('has data behind every panel, variable and annotation, after a climb, a failing path and a rollback', async () => {
    const { queries, annotations } = await readDashboard(VALUES);
    assert.ok(queries.length > 25, `${queries.length} queries`);
    await using system = await startSystemOfProcesses();
    const controller = await system.startController({ plan: planOf({ percent: 25, observe: '10m' }) });
    await using prometheus = await watchByPrometheus(system, { controllers: [controller.address] });
    await using load = await startLoad(system);
    // The mark of a promotion compares with what was wanted 15 s before.
    await until(
      'Prometheus has looked for 16 s',
      async () => (await prometheus.query('sluice_rollout_percent_wanted offset 16s')).length > 0,
      ANSWER_WITHIN_MS,
    );
    await startHealthyAt(25, controller);
    await system.replicas.setFaults({ domain: { errorPercent: 100 } });
    await controller.until('rolled-back', 0, ANSWER_WITHIN_MS);
    await controller.untilConfirmed(0);
    await system.replicas.setFaults({});

    const unanswered = new Set(queries);
    await until(
      'every query has data',
      async () => {
        for (const query of unanswered) {
          if ((await prometheus.queryRange(query.expression, 1)).length > 0) {
            unanswered.delete(query);
          }
        }
        return unanswered.size === 0;
      },
      ANSWER_WITHIN_MS,
    ).catch(() => {
      assert.deepEqual([...unanswered], [], 'these have no data');
    });
    // Asked as Grafana asks: with a step that is the variable's. One promotion and one rollback are one mark each.
    await until(
      'a step has passed since the rollback',
      async () => (await prometheus.query(`sluice_rollout_percent_wanted offset ${STEP_SECONDS}s == 0`)).length > 0,
      ANSWER_WITHIN_MS,
    );
    for (const { name, expression, stepSeconds } of annotations) {
      assert.equal(stepSeconds, STEP_SECONDS);
      const marks = await prometheus.queryRange(expression, STEP_SECONDS);
      assert.deepEqual(
        marks.map((values) => values.length),
        [1],
        name,
      );
      assert.ok(
        marks.flat().every((value) => value > 0),
        `Grafana leaves out marks of 0: ${name}`,
      );
    }
    await load.finish();
  });

  test('names its data source by a variable everywhere, and overlaps no panels', async () => {
    const { panels, sources } = await readDashboard(VALUES);
    assert.deepEqual([...new Set(sources)], [`\${datasource}`]);
    for (const [at, one] of panels.entries()) {
      for (const other of panels.slice(at + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y;
        assert.ok(apart, `${one.title} lies over ${other.title}`);
      }
      assert.ok(one.x + one.w <= 24, `${one.title} is wider than the page`);
    }
  });
});
