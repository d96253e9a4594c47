import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { FlagWritten } from '../../src/controller/engine/ports.ts';
import {
  CUSTOM,
  customBench,
  FLAG,
  fileBench,
  flags,
  GOOD,
  jsonOf,
  MAP,
  mapBench,
  never,
  OTHER,
  to,
} from '../support/levers.ts';

/** Somebody breaks the flags, and a rollback goes through all the same. */
const SPOILT = { other: { ...OTHER, state: 'on' } };
const DOWN = jsonOf(flags({ defaultVariant: 'off' }));
const problemsOf = (written: FlagWritten) => (written.kind === 'refused' ? written.problems.join() : written.kind);

for (const [name, bench] of [
  ['file', fileBench],
  ['ConfigMap (API server: a stand-in)', mapBench],
  ['FeatureFlag (API server: a stand-in)', customBench],
] as const) {
  describe(`the lever over a ${name} that somebody breaks`, () => {
    test('rolls back after a restart to what the rehearsal kept, and keeps that anew', async () => {
      await using at = await bench();
      assert.equal((await at.lever.rehearse(never)).kind, 'works');
      await at.edit(jsonOf(flags({ defaultVariant: 'p25' }, SPOILT)));
      const anew = at.anew();
      assert.equal((await anew.rehearse(never)).kind, 'works');
      assert.deepEqual(await anew.write(to(0, undefined), never), { kind: 'written' });
      assert.equal(await at.held(), DOWN);
      await anew.rehearse(never);
      await at.edit(jsonOf(flags({}, SPOILT)));
      assert.deepEqual(await at.anew().write(to(0, undefined), never), { kind: 'written' });
      assert.equal(await at.held(), DOWN);
    });

    test('does not take what is broken for good, and keeps it from nobody', async () => {
      await using at = await bench();
      await at.lever.rehearse(never);
      await at.edit(jsonOf(flags({}, SPOILT)));
      await at.lever.rehearse(never);
      await at.anew().rehearse(never);
      assert.deepEqual(await at.anew().write(to(0, undefined), never), { kind: 'written' });
      assert.equal(await at.held(), DOWN);
    });

    test('refuses a stage while another flag spoils the file and nothing good was kept; 0 is written into it, and said not to be served', async () => {
      await using at = await bench();
      await at.edit(jsonOf(flags({ defaultVariant: 'p25' }, SPOILT)));
      const refused = await at.lever.write(to(10, undefined), never);
      assert.equal(refused.kind === 'refused' && refused.by, 'content');
      const rehearsed = await at.lever.rehearse(never);
      assert.match(
        rehearsed.kind === 'fails' ? rehearsed.why : '',
        /flags\.other\.state.*no good flags were read before/,
      );
      assert.match(problemsOf(await at.lever.write(to(0, undefined), never)), /flags\.other\.state.*no good flags/);
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' }, SPOILT)));
      await at.edit(DOWN);
      assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
    });

    test('is lowered whatever is wrong with another flag that flagd passes over', async () => {
      await using at = await bench();
      const others = { other: { ...OTHER, targeting: { startswith: ['a', 'b'] } } };
      await at.edit(jsonOf(flags({ defaultVariant: 'p25' }, others)));
      assert.deepEqual(await at.lever.write(to(10, undefined), never), { kind: 'written' });
      assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' }, others)));
    });
  });
}

test('a file that is gone is written anew after a restart', async () => {
  await using at = await fileBench();
  await at.lever.rehearse(never);
  await rm(at.file);
  assert.deepEqual(await at.anew().write(to(0, undefined), never), { kind: 'written' });
  assert.equal(await at.held(), DOWN);
});

test('where there is no room beside, good flags are offered to the second place, which is asked after a restart', async () => {
  await using at = await customBench();
  let spared: string | undefined;
  const spare = {
    get: () => spared,
    offer: (text: string) => {
      spared = text;
      return undefined;
    },
  };
  const large = { other: { ...OTHER, metadata: { text: 'x'.repeat(300_000) } } };
  const good = jsonOf(flags({ defaultVariant: 'p25' }, large));
  await at.edit(good);
  assert.deepEqual(await at.anew(spare).rehearse(never), { kind: 'works', way: 'patch' });
  assert.deepEqual(JSON.parse(spared ?? ''), JSON.parse(good));
  await at.edit(jsonOf(flags({ defaultVariant: 'p25' }, SPOILT)));
  assert.deepEqual(await at.anew(spare).write(to(0, undefined), never), { kind: 'written' });
  assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' }, large)));
});

test('where there is room beside, the second place is not offered anything', async () => {
  await using at = await fileBench();
  const spare = { get: () => undefined, offer: (): never => assert.fail('it is kept beside the file') };
  assert.deepEqual(await at.anew(spare).rehearse(never), { kind: 'works', way: 'replace' });
});

test('beside a file at most five broken ones are kept, the newest', async () => {
  await using at = await fileBench();
  await at.lever.read(never);
  for (let round = 1; round <= 7; round += 1) {
    await at.edit(jsonOf(flags({ defaultVariant: 'p25' }, { ...SPOILT, notes: { ...GOOD, round } })));
    assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
  }
  const broken = (await at.names()).filter((name) => name.includes('.broken-'));
  assert.equal(broken.length, 5);
});

for (const [name, bench, path] of [
  ['ConfigMap', mapBench, MAP],
  ['FeatureFlag', customBench, CUSTOM],
] as const) {
  describe(`what is kept in a ${name} (API server: a stand-in)`, () => {
    const annotationsOf = (at: Awaited<ReturnType<typeof bench>>) =>
      (at.api.get(path).metadata.annotations ?? {}) as Record<string, string>;
    const brokenIn = (at: Awaited<ReturnType<typeof bench>>) =>
      Object.keys(annotationsOf(at)).filter((key) => key.startsWith('sluice/broken-'));
    const withOthers = (round: number, bytes: number) =>
      jsonOf(
        flags(
          { defaultVariant: 'p25' },
          { ...SPOILT, notes: { ...OTHER, metadata: { round, text: 'x'.repeat(bytes) } } },
        ),
      );

    test('is the last of five broken ones, large as they are, and every rollback goes through', async () => {
      await using at = await bench();
      await at.lever.rehearse(never);
      for (let round = 1; round <= 5; round += 1) {
        await at.edit(withOthers(round, 90_000));
        assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
        assert.equal(await at.held(), DOWN);
      }
      const kept = brokenIn(at);
      assert.equal(kept.length, 1);
      assert.match(annotationsOf(at)[kept[0] as string] ?? '', /"round": 5/);
      assert.ok(annotationsOf(at)['sluice/last-good'], 'the good one is still there');
    });

    test('is nothing where there is no room for it: the rollback goes before the copy', async () => {
      await using at = await bench();
      await at.lever.read(never);
      await at.edit(withOthers(1, 300_000));
      assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
      assert.deepEqual(brokenIn(at), []);
      assert.equal(at.api.patches.length, 1);
    });

    test('is given up where the API server refuses the rollback with it', async () => {
      await using at = await bench();
      await at.lever.rehearse(never);
      at.api.refuseAnnotations(422);
      await at.edit(withOthers(1, 100));
      assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
      assert.equal(await at.held(), DOWN);
      assert.deepEqual(annotationsOf(at), {});
    });

    test('is no reason to fail where another controller kept or removed something meanwhile', async () => {
      await using at = await bench();
      await at.lever.rehearse(never);
      await at.edit(withOthers(1, 100));
      await at.lever.write(to(0, undefined), never);
      for (const left of [{ 'sluice/last-good': 'x' }, undefined]) {
        await at.edit(withOthers(2, 100));
        at.api.beforePatch(() => {
          const { metadata, ...rest } = at.api.get(path);
          at.api.put(path, { ...rest, metadata: { ...metadata, annotations: left } });
        });
        assert.deepEqual(await at.lever.write(to(0, undefined), never), { kind: 'written' });
        assert.equal(await at.held(), DOWN);
      }
    });

    test('is said not to be, where flags are too large to be kept', async () => {
      await using at = await bench();
      await at.edit(jsonOf(flags({}, { other: { ...OTHER, metadata: { text: 'x'.repeat(300_000) } } })));
      const rehearsed = await at.lever.rehearse(never);
      assert.equal(rehearsed.kind, 'works');
      assert.match(
        (rehearsed.kind === 'works' && rehearsed.unkept) || '',
        /the annotations would have 30\d{4} bytes.*allowed: 204800/,
      );
      assert.equal(at.api.patches.length, 0);
    });

    test('is written once, not with each rehearsal, and leaves the flags alone', async () => {
      await using at = await bench();
      const before = await at.held();
      for (let round = 0; round < 3; round += 1) {
        await at.lever.rehearse(never);
      }
      assert.equal(at.api.patches.length, 1);
      assert.equal(await at.held(), before);
    });
  });
}

test('a ConfigMap of which no key holds the flag any more is put back under the key that did, after a restart', async () => {
  await using at = await mapBench();
  await at.lever.rehearse(never);
  await at.edit('{"flags": {');
  assert.deepEqual(await at.anew().write(to(0, undefined), never), { kind: 'written' });
  assert.equal(JSON.parse(await at.held()).flags[FLAG].defaultVariant, 'off');
});
