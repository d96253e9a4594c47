import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePlan } from '../../src/rollout/plan.ts';

const SHORTER = 200;

const read = async (path: string) => parsePlan(await readFile(join(import.meta.dirname, path), 'utf8'), path);

test('the plan for load tests is the real one with its times divided by 200', async () => {
  const [real, scaled] = [await read('../../rollout.yaml'), await read('climb.yaml')];
  assert.deepEqual(
    scaled.stages,
    real.stages.map((stage) => ({ ...stage, observeMs: stage.observeMs / SHORTER })),
  );
  assert.equal(scaled.watchMs, real.watchMs / SHORTER);
  assert.equal(scaled.confidence, real.confidence);
});

test('it has the guards of the real one with their limits, but for the comparison with legacy', async () => {
  const [real, scaled] = [await read('../../rollout.yaml'), await read('climb.yaml')];
  const withoutWindow = ({ windowMs: _, ...guard }: (typeof real.guards)[number]) => guard;
  assert.deepEqual(
    scaled.guards.map(withoutWindow),
    real.guards.filter(({ limit }) => limit.kind !== 'ratio').map(withoutWindow),
  );
});
