import assert from 'node:assert/strict';
import { chmod, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, mock, test } from 'node:test';
import { FlagdCore } from '@openfeature/flagd-core';
import type { FlagLever } from '../../src/controller/engine/ports.ts';
import { createFileLever } from '../../src/controller/levers/file-lever.ts';
import { createKubernetesLever } from '../../src/controller/levers/kubernetes.ts';
import { until } from '../../src/dev/until.ts';
import { systemClock as clock } from '../../src/kit/time.ts';
import {
  CUSTOM,
  customBench,
  FLAG,
  fileBench,
  flags,
  folder,
  GOOD,
  jsonOf,
  MAP,
  mapBench,
  never,
  OTHER,
  READ,
  to,
} from '../support/levers.ts';

for (const [name, bench] of [
  ['file', fileBench],
  ['ConfigMap (API server: a stand-in)', mapBench],
  ['FeatureFlag (API server: a stand-in)', customBench],
] as const) {
  describe(`the lever over a ${name}`, () => {
    test('reads the percent, and raises it with no other flag touched', async () => {
      await using at = await bench();
      assert.deepEqual(await at.lever.read(never), { ...READ, percent: 5 });
      assert.deepEqual(await at.lever.write(to(10, 5), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'p10' })));
      assert.deepEqual(await at.lever.read(never), { ...READ, percent: 10 });
    });

    test('does not raise over a person who changed the percent, and says what they set', async () => {
      await using at = await bench();
      for (const [theirs, percent] of [
        ['off', 0],
        ['p25', 25],
      ] as const) {
        const text = jsonOf(flags({ defaultVariant: theirs }));
        await at.edit(text);
        const found = { ...READ, percent };
        assert.deepEqual(await at.lever.write(to(10, 5), never), { kind: 'conflict', found });
        assert.equal(await at.held(), text);
      }
      assert.equal((await at.lever.write(to(100, undefined), never)).kind, 'conflict');
    });

    test('lowers whatever a person set, unless that is lower already', async () => {
      await using at = await bench();
      await at.edit(jsonOf(flags({ defaultVariant: 'p25' })));
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
      assert.deepEqual(await at.lever.write(to(0, 0), never), { kind: 'written' });
      assert.deepEqual(await at.lever.write(to(5, 10), never), { kind: 'conflict', found: { ...READ, percent: 0 } });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
    });

    test('renews a lease only while the percent is what it was, and takes it away again', async () => {
      await using at = await bench();
      const before = await at.held();
      assert.deepEqual(await at.lever.write(to(5, 5, 4_000_000_000_000), never), { kind: 'written' });
      const leased = { kind: 'read', percent: 5, leaseUntilMs: 4_000_000_000_000 } as const;
      assert.deepEqual(await at.lever.read(never), leased);
      assert.equal((await at.lever.write(to(10, 10, 4_100_000_000_000), never)).kind, 'conflict');
      assert.deepEqual(await at.lever.read(never), leased);
      assert.deepEqual(await at.lever.write(to(5, 5), never), { kind: 'written' });
      assert.equal(await at.held(), before);
    });

    test('refuses to raise what lint finds wrong, and says where; lowers it all the same', async () => {
      await using at = await bench();
      const text = jsonOf(flags({ targeting: { startswith: ['a', 'b'] } }));
      await at.edit(text);
      const reading = await at.lever.read(never);
      assert.equal(reading.kind, 'unusable');
      const written = await at.lever.write(to(10, 5), never);
      assert.equal(written.kind, 'refused');
      assert.match(
        written.kind === 'refused' ? written.problems.join() : '',
        /:\d+:\d+: flags\..*startswith is no operator/,
      );
      assert.equal(await at.held(), text);
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
    });

    test('does not enable a DISABLED flag', async () => {
      await using at = await bench();
      await at.edit(jsonOf(flags({ state: 'DISABLED' })));
      assert.deepEqual(await at.lever.read(never), { ...READ, percent: 0 });
      assert.equal((await at.lever.write(to(5, 0), never)).kind, 'refused');
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ state: 'DISABLED', defaultVariant: 'off' })));
    });

    test('disables a flag for a rollback where that is asked for, and enables it for a raise', async () => {
      await using at = await bench();
      assert.deepEqual(await at.lever.write({ ...to(0, undefined), state: 'DISABLED' }, never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ state: 'DISABLED', defaultVariant: 'off' })));
      assert.deepEqual(await at.lever.read(never), { ...READ, percent: 0 });
      assert.equal((await at.lever.write({ ...to(10, 5), state: 'ENABLED' }, never)).kind, 'conflict');
      assert.deepEqual(await at.lever.write({ ...to(10, 0), state: 'ENABLED' }, never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'p10' })));
    });

    test('says which variants targeting may serve at 0 %, and of a flag that is DISABLED, or has a percent, none', async () => {
      await using at = await bench();
      const targeting = { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'p25', null] };
      await at.edit(jsonOf(flags({ targeting, defaultVariant: 'off' })));
      assert.deepEqual(await at.lever.read(never), { ...READ, percent: 0, unguarded: ['p25'] });
      for (const more of [{ state: 'DISABLED', defaultVariant: 'off' }, { defaultVariant: 'p5' }]) {
        await at.edit(jsonOf(flags({ targeting, ...more })));
        const reading = await at.lever.read(never);
        assert.equal(reading.kind === 'read' && reading.unguarded, undefined);
      }
    });

    test('puts the last good flags back for a rollback where the flags are broken, and keeps the broken ones', async () => {
      await using at = await bench();
      await at.lever.read(never);
      const broken = flags({ defaultVariant: 'p10' }, { other: { ...OTHER, state: 'on' } });
      await at.edit(jsonOf(broken));
      assert.equal((await at.lever.read(never)).kind, 'unusable');
      assert.equal((await at.lever.write(to(10, 5), never)).kind, 'refused');
      assert.equal(await at.held(), jsonOf(broken));
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
    });

    test('does nothing for a caller who has gone', async () => {
      await using at = await bench();
      const before = await at.held();
      const gone = AbortSignal.abort();
      assert.equal((await at.lever.read(gone)).kind, 'unreachable');
      assert.equal((await at.lever.write(to(0, 5), gone)).kind, 'unreachable');
      assert.equal(await at.held(), before);
    });
  });
}

describe('the file lever beside others', () => {
  test('loses no edit of two writers, nor of a person who replaces the file, and leaves nothing behind', async () => {
    await using at = await fileBench();
    const second = 'second-percent';
    await at.edit(jsonOf(flags({}, { [second]: GOOD, notes: OTHER })));
    const other = createFileLever({ file: at.file, flag: second, clock });
    const percentOf = async (lever: FlagLever) => {
      const reading = await lever.read(never);
      return reading.kind === 'read' ? reading.percent : JSON.stringify(reading);
    };
    const climb = async (lever: FlagLever) => {
      for (let percent = 6; percent <= 60; percent += 1) {
        // The raise is conditional: an edit lost to the other writer would show as a conflict.
        assert.deepEqual(await lever.write(to(percent, percent - 1), never), { kind: 'written' });
      }
    };
    await Promise.all([climb(at.lever), climb(other)]);
    assert.deepEqual([await percentOf(at.lever), await percentOf(other)], [60, 60]);
    assert.deepEqual(await at.names(), ['flags.json']);
  });

  test('takes a person who replaces the file meanwhile for what is there', async () => {
    await using at = await fileBench();
    for (let round = 0; round < 40; round += 1) {
      await at.edit(jsonOf(flags()));
      const theirs = `${at.file}.theirs`;
      await writeFile(theirs, jsonOf(flags({}, { other: { ...OTHER, metadata: { round } } })));
      const [written] = await Promise.all([at.lever.write(to(0, 5), never), rename(theirs, at.file)]);
      assert.deepEqual(written, { kind: 'written' });
      const now = JSON.parse(await at.held());
      // They came first, and the lever wrote over their text; or last, and theirs is what stands.
      assert.deepEqual(now.flags.other.metadata, { round });
    }
  });

  test('waits for a person who is writing the file in place, and takes it for broken only then', async () => {
    await using at = await fileBench();
    await at.edit('{"flags": {');
    const reading = at.lever.read(never);
    await at.edit(jsonOf(flags({ defaultVariant: 'p10' })));
    assert.deepEqual(await reading, { ...READ, percent: 10 });
  });

  test('keeps the mode of the file and the link that leads to it', async () => {
    await using at = await fileBench();
    const link = `${at.file}.link`;
    await chmod(at.file, 0o664);
    await symlink(at.file, link);
    const lever = createFileLever({ file: link, flag: FLAG, clock });
    assert.deepEqual(await lever.write(to(0, 5), never), { kind: 'written' });
    assert.equal(await readlink(link), at.file);
    assert.equal((await stat(at.file)).mode & 0o777, 0o664);
    assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
  });

  test('does not touch a file that says already what is wanted', async () => {
    await using at = await fileBench();
    const before = await stat(at.file);
    assert.deepEqual(await at.lever.write(to(5, 5), never), { kind: 'written' });
    assert.equal((await stat(at.file)).ino, before.ino);
  });
});

describe('the file lever over a file that cannot be read', () => {
  test('rolls back to the last good text, and keeps the broken one beside under its time', async () => {
    await using at = await fileBench();
    await at.lever.read(never);
    await at.edit('{"flags": {');
    assert.equal((await at.lever.read(never)).kind, 'unusable');
    assert.equal((await at.lever.write(to(10, 5), never)).kind, 'refused');
    assert.deepEqual(await at.names(), ['flags.json']);
    assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
    assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
    const [kept] = (await at.names()).filter((name) => /^flags\.json\.broken-\d{8}T\d{6}\.\d{3}Z$/.test(name));
    assert.equal(await readFile(join(at.file, '..', kept as string), 'utf8'), '{"flags": {');
  });

  test('refuses a rollback where no good text was ever read, and leaves the file for people', async () => {
    await using at = await fileBench();
    await at.edit('{"flags": {');
    const written = await at.lever.write(to(0, 5), never);
    assert.match(
      written.kind === 'refused' ? written.problems.join() : '',
      /not valid JSON.*no good flags were read before/,
    );
    assert.equal(await at.held(), '{"flags": {');
  });

  test('is unreachable while there is none, and writes it anew for a rollback', async () => {
    await using at = await fileBench();
    await at.lever.read(never);
    await rm(at.file);
    assert.equal((await at.lever.read(never)).kind, 'unreachable');
    assert.equal((await at.lever.write(to(10, 5), never)).kind, 'unreachable');
    assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
    assert.deepEqual(await at.names(), ['flags.json']);
    assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'off' })));
  });

  test('does not bring flags back that a person removed: it adds its own at 0 and nothing else', async () => {
    await using at = await fileBench();
    await at.lever.read(never);
    await at.edit(jsonOf({ flags: {} }));
    // Without the flag all is at 0 %: 5 % would be a raise.
    assert.equal((await at.lever.write(to(5, 10), never)).kind, 'refused');
    assert.equal(await at.held(), jsonOf({ flags: {} }));
    assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
    assert.deepEqual(Object.keys(JSON.parse(await at.held()).flags), [FLAG]);
  });
});

for (const [name, bench, path] of [
  ['ConfigMap', mapBench, MAP],
  ['FeatureFlag', customBench, CUSTOM],
] as const) {
  describe(`the lever over a ${name} beside others (API server: a stand-in)`, () => {
    test('writes a rollback although somebody edits between its read and its write, and loses no edit', async () => {
      await using at = await bench();
      at.api.beforePatch(
        () => void at.edit(jsonOf(flags({ defaultVariant: 'p25' }, { other: { ...OTHER, defaultVariant: 'b' } }))),
      );
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
      assert.equal(
        await at.held(),
        jsonOf(flags({ defaultVariant: 'off' }, { other: { ...OTHER, defaultVariant: 'b' } })),
      );
      assert.equal(at.api.patches.length, 2);
    });

    test('does not raise when the edit in between was of the percent, and does when it was not', async () => {
      await using at = await bench();
      at.api.beforePatch(() => void at.edit(jsonOf(flags({ defaultVariant: 'off' }))));
      assert.deepEqual(await at.lever.write(to(10, 5), never), { kind: 'conflict', found: { ...READ, percent: 0 } });
      const others = { other: { ...OTHER, defaultVariant: 'b' } };
      await at.edit(jsonOf(flags()));
      at.api.beforePatch(() => void at.edit(jsonOf(flags({}, others))));
      assert.deepEqual(await at.lever.write(to(10, 5), never), { kind: 'written' });
      assert.equal(await at.held(), jsonOf(flags({ defaultVariant: 'p10' }, others)));
    });

    test('distinguishes an API server that is silent, failing or unwilling, and never throws', async () => {
      await using at = await bench();
      at.api.fail('silence');
      const silent = await at.lever.read(never);
      assert.match(silent.kind === 'unreachable' ? silent.why : '', /default\/flags: the API server did not answer/);
      at.api.fail(503);
      assert.equal((await at.lever.write(to(0, 5), never)).kind, 'unreachable');
      at.api.fail(403);
      const refused = await at.lever.write(to(0, 5), never);
      assert.match(refused.kind === 'refused' ? refused.problems.join() : '', /answered 403: asked to fail/);
      at.api.fail(undefined);
      assert.deepEqual(await at.lever.write(to(0, 5), never), { kind: 'written' });
    });

    test('fails by name, already in the rehearsal, where an admission webhook changes the flag back', async () => {
      await using at = await bench();
      at.api.admit((thing) => {
        const text = jsonOf(flags({ defaultVariant: 'p25' }));
        return {
          ...thing,
          ...(path === MAP ? { data: { 'flags.json': text } } : { spec: { flagSpec: JSON.parse(text) } }),
        };
      });
      const rehearsed = await at.lever.rehearse(never);
      assert.match(
        rehearsed.kind === 'fails' ? rehearsed.why : '',
        /holds 25 % \(ENABLED\) and not 0 % \(ENABLED\): an admission webhook/,
      );
      const written = await at.lever.write(to(0, 5), never);
      assert.match(written.kind === 'refused' ? written.problems.join() : '', /holds 25 %/);
    });

    test('stops asking when its caller stops waiting', async () => {
      await using at = await bench();
      at.api.fail('silence');
      const caller = new AbortController();
      const writing = at.lever.write(to(0, 5), caller.signal);
      caller.abort(new Error('the controller is stopping'));
      const written = await writing;
      assert.match(written.kind === 'unreachable' ? written.why : '', /the controller is stopping/);
      const hungUp = at.api.abandoned();
      await at.lever.read(never);
      await until('the API server sees the client hang up', () => at.api.abandoned() > hungUp);
    });

    test('does not wait for credentials longer than for an answer', async () => {
      await using at = await bench();
      at.api.kubeConfig.addAuthenticator({
        isAuthProvider: () => true,
        applyAuthentication: () => new Promise(() => {}),
      });
      assert.equal((await at.lever.read(never)).kind, 'unreachable');
    });

    test('changes only what it must: everything else of the object is as it was, but for its version', async () => {
      await using at = await bench();
      const before = at.api.get(path);
      assert.deepEqual(await at.lever.write(to(10, 5, 4_000_000_000_000), never), { kind: 'written' });
      assert.deepEqual(await at.lever.write(to(5, 10), never), { kind: 'written' });
      for (const { steps } of at.api.patches) {
        // The version it was read at, and the one key that holds the flag.
        assert.deepEqual([steps.length, steps[0]?.path], [2, '/metadata/resourceVersion']);
        assert.match(steps[1]?.path ?? '', new RegExp(`^/data/flags.json$|^/spec/flagSpec/flags/${FLAG}$`));
      }
      const { metadata, ...now } = at.api.get(path);
      const { metadata: old, ...was } = before;
      assert.deepEqual(now, was);
      assert.deepEqual({ ...metadata, resourceVersion: old.resourceVersion }, old);
    });
  });
}

test('either lever is made by its kind, with the API server that kubectl has (API server: a stand-in)', async () => {
  await using maps = await mapBench();
  await using customs = await customBench();
  await using directory = await folder();
  for (const [kind, at] of [
    ['configmap', maps],
    ['featureflag', customs],
  ] as const) {
    const file = join(directory.path, kind);
    await writeFile(file, at.api.kubeConfig.exportConfig());
    const before = process.env.KUBECONFIG;
    process.env.KUBECONFIG = file;
    try {
      const lever = await createKubernetesLever({ kind, namespace: 'default', name: 'flags', flag: FLAG, clock });
      assert.deepEqual([lever.name, lever.where], [kind, 'default/flags']);
      assert.deepEqual(await lever.read(never), { ...READ, percent: 5 });
    } finally {
      if (before === undefined) {
        delete process.env.KUBECONFIG;
      } else {
        process.env.KUBECONFIG = before;
      }
    }
  }
});

describe('a lease, as flagd evaluates it', () => {
  after(() => mock.timers.reset());
  const rule = { if: [{ '==': [{ var: 'handled_by' }, 'qa'] }, 'p25', null] };
  const served = (text: string, handledBy: string) => {
    const core = new FlagdCore();
    core.setConfigurations(text);
    return core.resolve('number', FLAG, -1, { targetingKey: '42', handled_by: handledBy }).value;
  };

  test('falls to 0 for everybody by itself, not a second before, and a renewal puts it off', async () => {
    await using at = await fileBench();
    await at.edit(jsonOf(flags({ targeting: rule })));
    mock.timers.enable({ apis: ['Date'], now: 1_700_000_000_000 });
    assert.deepEqual(await at.lever.write(to(10, 5, 1_700_000_060_000), never), { kind: 'written' });
    let text = await at.held();
    const both = () => [served(text, 'ana'), served(text, 'qa')];
    mock.timers.setTime(1_700_000_059_999);
    assert.deepEqual(both(), [10, 25]);
    mock.timers.setTime(1_700_000_060_000);
    assert.deepEqual(both(), [0, 0]);
    const late = await at.lever.write(to(10, 10, 1_700_000_120_000), never);
    assert.equal(late.kind, 'conflict', 'what ran out is not renewed: it would raise 0 %');
    assert.deepEqual(await at.lever.write(to(10, 0, 1_700_000_120_000), never), { kind: 'written' });
    text = await at.held();
    assert.deepEqual(both(), [10, 25]);
    mock.timers.setTime(1_700_000_119_999);
    assert.deepEqual(await at.lever.write(to(10, 10, 1_700_000_180_000), never), { kind: 'written' });
    text = await at.held();
    mock.timers.setTime(1_700_000_120_000);
    assert.deepEqual(both(), [10, 25]);
    mock.timers.setTime(1_700_000_180_000);
    assert.deepEqual(both(), [0, 0]);
    assert.deepEqual(await at.lever.write(to(10, 0), never), { kind: 'written' });
    text = await at.held();
    assert.deepEqual(both(), [10, 25]);
    assert.deepEqual(JSON.parse(text).flags[FLAG].targeting, rule);
  });

  test('lets people change defaultVariant by hand while it runs', async () => {
    await using at = await fileBench();
    assert.deepEqual(await at.lever.write(to(10, 5, Date.now() + 3_600_000), never), { kind: 'written' });
    const text = (await at.held()).replace('"defaultVariant": "p10"', '"defaultVariant": "p25"');
    assert.equal(served(text, 'ana'), 25);
  });
});
