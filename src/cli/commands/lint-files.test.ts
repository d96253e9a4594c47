import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlan } from '../../rollout/plan.ts';
import { lintFiles, looksLikePlan, renderFinding, renderLintSummary, renderPlan } from './lint-files.ts';

const PLAN = `rollout: violation-status
flag: violation-percent
stages:
  - { percent: 5, observe: 5m }
guards:
  - { name: errors, measure: error-rate, limit: 1%, onBreach: off }
`;
const flags = (key: string) =>
  JSON.stringify({
    flags: { [key]: { state: 'ENABLED', variants: { off: 0, p5: 5 }, defaultVariant: 'off' } },
  });

test('a plan is known by its keys, even where it is broken, and manifests and flags are none', () => {
  assert.equal(looksLikePlan(PLAN), true);
  assert.equal(looksLikePlan(`${PLAN}  - { name: [`), true);
  assert.equal(looksLikePlan('apiVersion: v1\nkind: ConfigMap\nstages: 1\nguards: 2'), false);
  assert.equal(looksLikePlan(flags('a')), false);
});

test('flags are checked for the flag that the plan names, and --flag wins', () => {
  const files = [{ name: 'flags.json', text: flags('violation-percent') }];
  const plans = [{ name: 'rollout.yaml', text: PLAN }];
  assert.deepEqual(lintFiles(files, plans, undefined).findings, []);
  assert.deepEqual(lintFiles([...files, ...plans], [], undefined).findings, []);
  const [finding] = lintFiles(files, plans, 'another').findings;
  assert.equal(finding?.file, 'flags.json');
  assert.match(finding?.message ?? '', /there is no flag another/);
});

test("a plan's problems have its file and line", () => {
  const text = PLAN.replace('5m', 'soon');
  const {
    findings: [finding, ...more],
    plans,
  } = lintFiles([{ name: 'rollout.yaml', text }], [], undefined);
  assert.deepEqual(plans, []);
  assert.equal(more.length, 0);
  assert.match(renderFinding(finding as NonNullable<typeof finding>), /^rollout\.yaml:4:1: error: .*is "soon"/);
  assert.equal(renderLintSummary(1, [finding as NonNullable<typeof finding>]), '1 file: 1 error');
  assert.equal(renderLintSummary(2, []), '2 files: no problems');
});

test('a plan that is named twice is checked once', () => {
  const file = { name: 'rollout.yaml', text: PLAN.replace('5m', 'soon') };
  assert.equal(lintFiles([file], [file], undefined).findings.length, 1);
});

test('a plan that is right is named by its hash, as the controller names it', () => {
  const [plan, ...more] = lintFiles([{ name: 'rollout.yaml', text: PLAN }], [], undefined).plans;
  assert.equal(more.length, 0);
  const { hash } = parsePlan(PLAN);
  assert.equal(renderPlan(plan as NonNullable<typeof plan>), `rollout.yaml: plan ${hash} of violation-status`);
});
