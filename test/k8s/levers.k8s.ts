import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FlagLever } from '../../src/controller/engine/ports.ts';
import { createConfigMapLever } from '../../src/controller/levers/configmap-lever.ts';
import { createFeatureFlagLever } from '../../src/controller/levers/featureflag-lever.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import { FLAG } from '../support/system/flags.ts';
import { type Cluster, type Kind, KUBECONFIG, openCluster, skipWithoutCluster } from './support/cluster.ts';

/** The levers on a real API server, with the least rights that they need. */
const skip = skipWithoutCluster;

const GOOD = { state: 'ENABLED', variants: { off: 0, p5: 5, p10: 10, p25: 25 }, defaultVariant: 'p5' };
const OTHER = { state: 'ENABLED', variants: { a: 'x', b: 'y' }, defaultVariant: 'a' };
const flagsText = (defaultVariant: string) =>
  `${JSON.stringify({ flags: { other: OTHER, [FLAG]: { ...GOOD, defaultVariant } } }, null, 2)}\n`;
const never = new AbortController().signal;
const to = (percent: number, expected: number | undefined) => ({ percent, expected, leaseUntilMs: undefined });

async function leverOn(cluster: Cluster, kind: Kind): Promise<FlagLever> {
  const place = {
    kubeConfig: await cluster.limitedTo(kind),
    namespace: cluster.namespace,
    name: 'flags',
    flag: FLAG,
    clock,
  };
  return kind === 'configmap' ? createConfigMapLever(place) : createFeatureFlagLever(place);
}

for (const kind of ['configmap', 'featureflag'] as const) {
  describe(`the ${kind} lever on a real API server`, { skip }, () => {
    test('raises and lowers the percent and changes nothing else, with get and patch on the one object', async () => {
      await using cluster = await openCluster(KUBECONFIG);
      await cluster.put(kind, flagsText('p5'));
      const lever = await leverOn(cluster, kind);
      assert.deepEqual(await lever.write(to(25, 5), never), { kind: 'written' });
      assert.deepEqual(JSON.parse(await cluster.held(kind)), JSON.parse(flagsText('p25')));
      assert.deepEqual(await lever.write(to(0, undefined), never), { kind: 'written' });
      assert.deepEqual(JSON.parse(await cluster.held(kind)), JSON.parse(flagsText('off')));
      assert.equal((await lever.read(never)).kind, 'read');
    });

    test('does not raise over a person who lowered the percent', async () => {
      await using cluster = await openCluster(KUBECONFIG);
      await cluster.put(kind, flagsText('off'));
      const lever = await leverOn(cluster, kind);
      const written = await lever.write(to(25, 5), never);
      assert.deepEqual(written, { kind: 'conflict', found: { kind: 'read', percent: 0, leaseUntilMs: undefined } });
      assert.deepEqual(JSON.parse(await cluster.held(kind)), JSON.parse(flagsText('off')));
    });

    test('drops the flag while others edit the same object, and loses no edit of theirs', async () => {
      await using cluster = await openCluster(KUBECONFIG);
      await cluster.put(kind, flagsText('p25'));
      const lever = await leverOn(cluster, kind);
      const names = Array.from({ length: 30 }, (_, at) => `theirs-${at}`);
      let editing = true;
      const theirs = (async () => {
        for (const name of names) {
          await cluster.addFlag(kind, name, OTHER);
        }
        editing = false;
      })();
      // As often as there is time for, so that edits meet: up, and down again.
      for (let turn = 0; editing; turn += 1) {
        await lever.write(turn % 2 === 0 ? to(0, undefined) : to(25, 0), never);
      }
      await theirs;
      assert.deepEqual(await lever.write(to(0, undefined), never), { kind: 'written' });
      const { flags } = JSON.parse(await cluster.held(kind));
      assert.equal(flags[FLAG].defaultVariant, 'off');
      assert.deepEqual(Object.keys(flags).sort(), [FLAG, 'other', ...names].sort());
    });

    test('says what the API server refused, and changes nothing, without the right to patch', async () => {
      await using cluster = await openCluster(KUBECONFIG);
      await cluster.put(kind, flagsText('p5'));
      const place = {
        kubeConfig: await cluster.limitedTo(kind === 'configmap' ? 'featureflag' : 'configmap'),
        namespace: cluster.namespace,
        name: 'flags',
        flag: FLAG,
        clock,
      };
      const lever = kind === 'configmap' ? createConfigMapLever(place) : createFeatureFlagLever(place);
      const written = await lever.write(to(0, undefined), never);
      assert.equal(written.kind, 'refused');
      assert.match(JSON.stringify(written), /answered 403: .*forbidden/);
      assert.deepEqual(JSON.parse(await cluster.held(kind)), JSON.parse(flagsText('p5')));
    });
  });
}
