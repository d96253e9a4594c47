import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Violation } from '../violations/violation.ts';
import { applyStatusUpdate, STATUSES, type Status } from '../violations/violation.ts';
import type { SeenRecord } from './finding.ts';
import { Judgement, type RecordedChange, type Values } from './judge.ts';

type Written = { readonly record: SeenRecord | undefined; readonly changes: readonly RecordedChange[] };

const text = fc.option(fc.string({ maxLength: 8 }), { nil: null });
const time = fc.date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2030-01-01') });
const violation: fc.Arbitrary<Violation> = fc.record({
  id: fc.constant('42'),
  status: fc.constantFrom(...STATUSES),
  notes: text,
  handledBy: text,
  handledAt: fc.option(time, { nil: null }),
  version: fc.constant(0),
});
const update = fc.record(
  {
    status: fc.constantFrom(...STATUSES),
    now: time,
    notes: fc.string({ maxLength: 8 }),
    handledBy: fc.string({ maxLength: 8 }),
  },
  { requiredKeys: ['status', 'now'] },
);
const updates = fc.array(update, { minLength: 1, maxLength: 8 });

const AT = '2026-03-01T12:00:00.000Z';
const valuesOf = ({ status, notes, handledBy, handledAt }: Violation): Values => ({
  status,
  notes,
  handled_by: handledBy,
  handled_at: handledAt?.toISOString() ?? null,
});

/** What the domain's rule makes of these updates. `spoil` stands in for a path that writes something else. */
function write(
  initial: Violation,
  given: readonly (typeof update extends fc.Arbitrary<infer T> ? T : never)[],
  spoil: (after: Violation, before: Violation) => Violation = (after) => after,
): Written & { readonly record: SeenRecord } {
  let now = initial;
  const changes = given.map((each): RecordedChange => {
    const before = now;
    now = spoil(applyStatusUpdate(before, each, each.now), before);
    return {
      version: now.version,
      path: 'legacy',
      changedAt: AT,
      before: valuesOf(before),
      after: valuesOf(now),
      repeats: undefined,
      isContext: false,
    };
  });
  return { record: recordOf(now), changes };
}
const recordOf = (now: Violation) => ({ id: '42', ...valuesOf(now), version: now.version }) as SeenRecord;

function judge({ record, changes }: Written) {
  const judgement = new Judgement('42', record);
  for (const change of changes) {
    judgement.take(change);
  }
  return judgement.finish();
}
const found = (seen: Written) => judge(seen).map(({ version, kind, field }) => [version, kind, field].join(' '));

/** A true history and the version of one of its changes, to be damaged. */
const histories = fc.tuple(violation, updates).chain(([initial, given]) =>
  fc.record({
    initial: fc.constant(initial),
    given: fc.constant(given),
    at: fc.integer({ min: 1, max: given.length }),
  }),
);
const holds = (check: (given: typeof histories extends fc.Arbitrary<infer T> ? T : never) => void) =>
  fc.assert(fc.property(histories, check));
const replace = (
  changes: readonly RecordedChange[],
  at: number,
  edit: (change: RecordedChange) => Partial<RecordedChange>,
) => changes.map((change) => (change.version === at ? { ...change, ...edit(change) } : change));
const another = (status: string | null) => STATUSES.find((each) => each !== status) as Status;

test('a true history of a record is clean, whatever was written and when', () => {
  holds(({ initial, given }) => assert.deepEqual(found(write(initial, given)), []));
});

test('a record that nobody has changed is fine, whatever it holds', () => {
  fc.assert(
    fc.property(violation, (initial) => assert.deepEqual(found({ record: recordOf(initial), changes: [] }), [])),
  );
  const odd = { id: '42', status: 'odd', notes: null, handled_by: null, handled_at: null, version: 0 };
  assert.deepEqual(found({ record: odd, changes: [] }), []);
});

test('a history outlives its record', () => {
  holds(({ initial, given }) => assert.deepEqual(found({ ...write(initial, given), record: undefined }), []));
});

test('each field of a record that is not what its last change left is a finding of the record, with both values', () => {
  holds(({ initial, given }) => {
    const { record, changes } = write(initial, given);
    const damages = {
      status: another(record.status),
      notes: `${record.notes}!`,
      handled_by: null,
      handled_at: '2031-01-01T00:00:00.000Z',
    };
    for (const [field, actual] of Object.entries(damages)) {
      const expected = record[field as keyof SeenRecord];
      const damaged = { ...record, [field]: actual };
      const wanted =
        expected === actual
          ? []
          : [{ violationId: '42', version: 0, kind: 'record-differs', field, expected, actual, seen: damaged }];
      const findings = judge({ record: damaged, changes }).map(({ cause: _, ...finding }) => finding);
      assert.deepEqual(findings, wanted);
    }
  });
});

test('a record that counts less than its history differs, in its fields too', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    assert.deepEqual(found({ record: { ...record, version: at - 1 }, changes }), ['0 record-differs version']);
  });
});

test('a change that is missing is a gap, at the beginning, in the middle and at the end, and no other finding', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const findings = judge({ record, changes: changes.filter(({ version }) => version !== at) });
    assert.deepEqual(
      findings.map(({ version, kind, field, expected, actual }) => [version, kind, field, expected, actual]),
      [[at, 'history-gap', 'version', String(at), String(at - 1)]],
    );
  });
});

test('several missing changes in a row are one gap, with how many they are', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const [gap, ...more] = judge({ record, changes: changes.filter(({ version }) => version > at) });
    assert.deepEqual([gap?.version, gap?.expected, gap?.actual, more], [1, String(at), '0', []]);
  });
});

test('a change that began from something else than the one before it left is named, one finding a field', () => {
  holds(({ initial, given, at }) => {
    fc.pre(at > 1);
    const { record, changes } = write(initial, given);
    const { before, after } = changes[at - 1] as RecordedChange;
    const damages: Partial<Values>[] = [
      { status: another(before.status) },
      { handled_at: '2019-01-01T00:00:00.000Z' },
      ...(after.notes === null ? [] : [{ notes: `${before.notes}!` }]),
      ...(after.handled_by === null ? [] : [{ handled_by: `${before.handled_by}!` }]),
    ];
    for (const damage of damages) {
      const damaged = replace(changes, at, (change) => ({ before: { ...change.before, ...damage } }));
      assert.deepEqual(found({ record, changes: damaged }), [`${at} broken-chain ${Object.keys(damage)[0]}`]);
    }
  });
});

test('a time of handling that went backwards, or was lost, is found at its change only', () => {
  holds(({ initial, given, at }) => {
    for (const [ms, lost] of [
      [1, false],
      [3_600_000, false],
      [0, true],
    ] as const) {
      const damaged = write(initial, given, (after, before) => {
        const earlier = before.handledAt && new Date(before.handledAt.getTime() - ms);
        return after.version === at ? { ...after, handledAt: lost ? null : (earlier ?? after.handledAt) } : after;
      });
      const hasBefore = at > 1 || initial.handledAt !== null;
      assert.deepEqual(found(damaged), hasBefore ? [`${at} handled-at-backwards handled_at`] : []);
    }
  });
});

test('a time of handling is held against what the change before left, too', () => {
  holds(({ initial, given, at }) => {
    fc.pre(at < given.length);
    const { record, changes } = write(initial, given);
    const late = replace(changes, at, ({ after }) => ({ after: { ...after, handled_at: '2031-01-01T00:00:00.000Z' } }));
    const next = at + 1;
    assert.deepEqual(found({ record, changes: late }), [
      `${next} broken-chain handled_at`,
      `${next} handled-at-backwards handled_at`,
    ]);
  });
});

test('times that PostgreSQL knows and JavaScript does not keep their order', () => {
  const at = (...times: (string | null)[]) => {
    const values = (handledAt: string | null) => ({
      status: 'pending',
      notes: null,
      handled_by: null,
      handled_at: handledAt,
    });
    const changes = times.slice(1).map((after, index) => ({
      version: index + 1,
      path: 'legacy',
      changedAt: AT,
      before: values(times[index] as string | null),
      after: values(after),
      repeats: undefined,
      isContext: false,
    }));
    return found({ record: undefined, changes });
  };
  const ascending = [
    null,
    '-infinity',
    '-000044-03-15T00:00:00.000Z',
    '2026-03-01T12:00:00.000Z',
    '+012026-01-01T00:00:00.000Z',
    'infinity',
  ];
  assert.deepEqual(at(...ascending), []);
  for (let index = 1; index < ascending.length; index += 1) {
    const pair = [ascending[index], ascending[index - 1]] as string[];
    assert.deepEqual(at(...pair), ['1 handled-at-backwards handled_at'], pair.join(' '));
  }
});

test('a status outside the set is found where it was written, and in the record that has it', () => {
  holds(({ initial, given, at }) => {
    const damaged = write(initial, given, (after) =>
      after.version === at ? { ...after, status: 'gone' as Status } : after,
    );
    const ofRecord = at === given.length ? ['0 unknown-status status'] : [];
    assert.deepEqual(found(damaged), [`${at} unknown-status status`, ...ofRecord]);
  });
});

test('notes and handled_by that a change left empty are lost, and those that never were are not', () => {
  holds(({ initial, given, at }) => {
    for (const [name, field] of [
      ['notes', 'notes'],
      ['handledBy', 'handled_by'],
    ] as const) {
      let had = false;
      const damaged = write(initial, given, (after, before) => {
        if (after.version !== at) {
          return after;
        }
        had = before[name] !== null;
        return { ...after, [name]: null };
      });
      assert.deepEqual(found(damaged), had ? [`${at} value-lost ${field}`] : []);
    }
  });
});

test('a second change of one write is named, with the write and the change that came first', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const repeats = { writeId: 'a-write', first: '7/1', byDomain: false };
    const [finding, ...more] = judge({ record, changes: replace(changes, at, () => ({ repeats })) });
    assert.deepEqual([finding?.version, finding?.kind, finding?.field], [at, 'applied-twice', 'write_id']);
    assert.deepEqual([finding?.expected, finding?.actual, more], ['7/1', 'a-write', []]);
  });
});

test('changes of one version are one finding, with how many there are', () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 2, max: 4 }), ({ initial, given, at }, copies) => {
      const { record, changes } = write(initial, given);
      const doubled = changes.flatMap((change) => (change.version === at ? Array(copies).fill(change) : [change]));
      const [finding, ...more] = judge({ record, changes: doubled });
      assert.deepEqual([finding?.version, finding?.kind, finding?.field], [at, 'applied-twice', 'version']);
      assert.deepEqual([finding?.expected, finding?.actual, more], ['1', String(copies), []]);
    }),
  );
});

test('two writers that both made the same version are that finding only, whichever of them was later', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const { before, after } = changes[at - 1] as RecordedChange;
    const other = {
      ...(changes[at - 1] as RecordedChange),
      after: { ...after, handled_at: before.handled_at ?? after.handled_at },
    };
    const [first, second] = [changes.toSpliced(at - 1, 0, other), changes.toSpliced(at, 0, other)];
    assert.deepEqual(found({ record, changes: first }), [`${at} applied-twice version`]);
    fc.pre(at > 1 && at === given.length);
    const last = { ...record, handled_at: other.after.handled_at };
    assert.deepEqual(found({ record: last, changes: second }), [`${at} applied-twice version`]);
    const elsewhere = { ...other, before: { ...before, status: another(before.status) } };
    const broken = [`${at} applied-twice version`, `${at} broken-chain status`];
    assert.deepEqual(found({ record: last, changes: changes.toSpliced(at, 0, elsewhere) }), broken);
  });
});

test('a repair settles each kind of finding of the changes before it', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const odd = { status: 'odd', notes: null, handled_by: null, handled_at: '2019-01-01T00:00:00.000Z' };
    const spoilt = changes.map((change) =>
      change.version < at
        ? {
            ...change,
            after: odd,
            before: { ...odd, notes: 'x' },
            repeats: { writeId: 'w', first: '7/1', byDomain: false },
          }
        : { ...change, path: change.version === at ? 'repair' : 'legacy' },
    );
    assert.deepEqual(found({ record, changes: spoilt }), []);
    const unrepaired = spoilt.map((change) => ({ ...change, path: 'legacy' }));
    assert.equal(found({ record, changes: unrepaired }).length > 0, at > 1);
  });
});

test('a repair settles what is at or before it, and neither what comes after nor the record itself', () => {
  holds(({ initial, given, at }) => {
    const { record, changes } = write(initial, given);
    const isEnd = at === given.length;
    const lost = changes.filter(({ version }) => version === at || version !== at - 1);
    const repaired = replace(lost, at, ({ after }) => ({
      path: 'repair',
      before: { status: 'odd', notes: 'odd', handled_by: null, handled_at: '2031-01-01T00:00:00.000Z' },
      after,
    }));
    assert.deepEqual(found({ record, changes: repaired }), []);
    const later = replace(repaired, at + 1, ({ after }) => ({ after: { ...after, status: 'odd' } }));
    const next = [`${at + 1} unknown-status status`];
    const after = at + 1 === given.length ? ['0 record-differs status'] : [`${at + 2} broken-chain status`];
    assert.deepEqual(found({ record, changes: later }), isEnd ? [] : [...next, ...after]);
    assert.deepEqual(found({ record: { ...record, notes: 'odd!!!!!!' }, changes: repaired }), [
      '0 record-differs notes',
    ]);
  });
});

test('the change before the time looked at is only what the next one has to begin from', () => {
  holds(({ initial, given, at }) => {
    fc.pre(at > 1);
    const { record, changes } = write(initial, given);
    const seen = replace(changes.slice(at - 2), at - 1, ({ after }) => ({
      isContext: true,
      before: { status: 'odd', notes: 'odd', handled_by: 'odd', handled_at: '2031-01-01T00:00:00.000Z' },
      after,
    }));
    assert.deepEqual(found({ record, changes: seen }), []);
    const damaged = replace(seen, at, (change) => ({
      before: { ...change.before, status: another(change.before.status) },
    }));
    assert.deepEqual(found({ record, changes: damaged }), [`${at} broken-chain status`]);
    assert.deepEqual(found({ record, changes: seen.filter(({ version }) => version !== at) }), [
      `${at} history-gap version`,
    ]);
    const first = changes[at - 1] as RecordedChange;
    assert.deepEqual(found({ record, changes: [first, ...changes.slice(at)] }), ['1 history-gap version']);
  });
});

test('a change that counts from below one is no change of this record', () => {
  const { record, changes } = write(
    { id: '42', status: 'pending', notes: null, handledBy: null, handledAt: null, version: 0 },
    [{ status: 'confirmed', now: new Date('2026-03-01') }],
  );
  const odd = { ...(changes[0] as RecordedChange), version: -3 };
  assert.deepEqual(found({ record, changes: [odd, ...changes] }), ['-3 history-gap version']);
});

const BEFORE = '2026-03-01T00:00:00.000Z';
const SINCE = '2026-03-02T00:00:00.000Z';
const LATER = '2026-03-03T00:00:00.000Z';

/** Two changes of one record, which stand until they are damaged. */
function twoChanges([first, second]: readonly [first: string, second: string], firstAt = BEFORE) {
  const values = (status: string, handledAt: string | null): Values => ({
    status,
    notes: 'a',
    handled_by: null,
    handled_at: handledAt,
  });
  const change = (version: number, path: string, before: Values, after: Values): RecordedChange => {
    const changedAt = after.handled_at as string;
    return { version, path, changedAt, before, after, repeats: undefined, isContext: false };
  };
  const [start, middle, end] = [values('pending', null), values('confirmed', firstAt), values('resolved', SINCE)];
  const changes = [change(1, first, start, middle), change(2, second, middle, end)] as const;
  const record: SeenRecord = { id: '42', ...end, status: 'resolved', version: 2 };
  return { record, changes };
}
const causes = (seen: Written) => judge(seen).map(({ kind, field, cause }) => [kind, field, cause?.path, cause?.at]);

describe('whose doing a finding may be', () => {
  test('of a record that is not what its last change left: that of the last change', () => {
    const { record, changes } = twoChanges(['domain', 'legacy']);
    assert.deepEqual(causes({ record: { ...record, notes: 'odd' }, changes }), [
      ['record-differs', 'notes', 'legacy', SINCE],
    ]);
    const other = twoChanges(['legacy', 'domain']);
    assert.deepEqual(causes({ ...other, record: { ...other.record, notes: 'odd' } }), [
      ['record-differs', 'notes', 'domain', SINCE],
    ]);
  });

  test('is not known where a record was handled after its last change, or its change is missing: then, it may be domain', () => {
    const { record, changes } = twoChanges(['legacy', 'legacy']);
    assert.deepEqual(causes({ record: { ...record, handled_at: LATER }, changes }), [
      ['record-differs', 'handled_at', null, LATER],
    ]);
    assert.deepEqual(causes({ record: { ...record, handled_at: LATER, version: 3 }, changes }), [
      ['history-gap', 'version', null, LATER],
    ]);
    assert.deepEqual(causes({ record, changes: changes.slice(0, 1) }), [['history-gap', 'version', null, SINCE]]);
  });

  test('of a version that was counted up by hand is as old as the time that the record was handled', () => {
    const { record, changes } = twoChanges(['legacy', 'legacy']);
    const old = { ...record, version: 9, handled_at: BEFORE };
    assert.deepEqual(causes({ record: old, changes }), [['history-gap', 'version', null, BEFORE]]);
    const never = { ...record, version: 9, handled_at: null };
    assert.deepEqual(causes({ record: never, changes: [] }).at(-1), ['history-gap', 'version', null, null]);
  });

  test('of a broken chain is that of either change, domain before legacy', () => {
    const broken = (first: string, second: string) => {
      const { record, changes } = twoChanges([first, second]);
      const [one, two] = changes;
      return causes({ record, changes: [one, { ...two, before: { ...two.before, notes: 'odd' } }] });
    };
    assert.deepEqual(broken('legacy', 'legacy'), [['broken-chain', 'notes', 'legacy', SINCE]]);
    assert.deepEqual(broken('legacy', 'domain'), [['broken-chain', 'notes', 'domain', SINCE]]);
    assert.deepEqual(broken('domain', 'legacy'), [['broken-chain', 'notes', 'domain', BEFORE]]);
  });

  test('of a gap between two changes is as old as what the later one found, unless that is domain', () => {
    const gap = (path: string) => {
      const { record, changes } = twoChanges(['legacy', path]);
      const [one, two] = changes;
      return causes({ record: { ...record, version: 3 }, changes: [one, { ...two, version: 3 }] });
    };
    assert.deepEqual(gap('legacy'), [['history-gap', 'version', null, BEFORE]]);
    assert.deepEqual(gap('domain'), [['history-gap', 'version', 'domain', SINCE]]);
  });

  test('of a write that is there twice is domain where either is', () => {
    const { record, changes } = twoChanges(['legacy', 'legacy']);
    const [one, two] = changes;
    const repeats = (byDomain: boolean) => ({ writeId: 'w', first: '7/1', byDomain });
    const of = (byDomain: boolean) => causes({ record, changes: [one, { ...two, repeats: repeats(byDomain) }] });
    assert.deepEqual(of(false), [['applied-twice', 'write_id', 'legacy', SINCE]]);
    assert.deepEqual(of(true), [['applied-twice', 'write_id', 'domain', SINCE]]);
    const copied = causes({ record, changes: [one, { ...two, path: 'domain' }, two] });
    assert.deepEqual(copied, [['applied-twice', 'version', 'domain', SINCE]]);
  });
});
