import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { STATUSES } from '../violations/violation.ts';
import type { SeenRecord } from './finding.ts';
import { Judgement, type RecordedChange, type Values } from './judge.ts';
import { planRepair, planUndo, type RecordPlan } from './repair-plan.ts';

type Written = { readonly record: SeenRecord; readonly changes: readonly RecordedChange[] };
type Field = keyof Values;

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 12, minute)).toISOString();
const NEW: Values = { status: 'pending', notes: null, handled_by: null, handled_at: null };

/** A record after these updates, one a minute, each by the rule. */
function write(...updates: readonly Partial<Values>[]): Written {
  let now = NEW;
  const changes = updates.map((update, index): RecordedChange => {
    const before = now;
    now = { ...before, handled_at: at(index + 1), ...update };
    return {
      version: index + 1,
      path: 'legacy',
      changedAt: at(index + 1),
      before,
      after: now,
      repeats: undefined,
      isContext: false,
    };
  });
  return { record: { id: '42', ...now, version: updates.length } as SeenRecord, changes };
}

function judge({ record, changes }: Written) {
  const judgement = new Judgement('42', record);
  for (const change of changes) {
    judgement.take(change);
  }
  return judgement.finish();
}

/** What is planned for a record whose check is of now, or of what it was. */
const plan = (now: Written, checked = now): RecordPlan =>
  planRepair({ seen: checked.record, findings: judge(checked) }, { ...now, repairedBy: undefined });

const inRecord = ({ record, changes }: Written, damage: Partial<SeenRecord>): Written => ({
  record: { ...record, ...damage },
  changes,
});
const inChange = (
  { record, changes }: Written,
  version: number,
  side: 'before' | 'after',
  damage: Partial<Values>,
): Written => ({
  record,
  changes: changes.map((each) => (each.version === version ? { ...each, [side]: { ...each[side], ...damage } } : each)),
});
const without = ({ record, changes }: Written, version: number): Written => ({
  record,
  changes: changes.filter((each) => each.version !== version),
});

/** The fields that a plan changes, and why; or why it changes nothing. */
function planned(history: Written) {
  const made = plan(history);
  if (made.kind !== 'change') {
    return made.why;
  }
  const fields = (['status', 'notes', 'handled_by', 'handled_at'] as const).filter(
    (field) => made.before[field] !== made.after[field],
  );
  return {
    changed: Object.fromEntries(fields.map((field) => [field, made.after[field]])),
    version: made.after.version,
    why: made.reasons.map(({ field, text }) => `${field}: ${text}`),
  };
}

const three = write(
  { status: 'confirmed', notes: 'first', handled_by: 'ana' },
  { notes: 'second' },
  { status: 'resolved' },
);

describe('what a damaged record becomes', () => {
  test('a record that differs becomes what its last change left, in the fields that differ', () => {
    assert.deepEqual(planned(inRecord(three, { status: 'pending', notes: null, handled_at: at(59) })), {
      changed: { status: 'resolved', notes: 'second', handled_at: at(3) },
      version: 4,
      why: ['status', 'notes', 'handled_at'].map((field) => `${field}: what its last change, 3, left`),
    });
  });

  test('a record that lost its last change has it again, and goes on after the history', () => {
    const stale = inRecord(three, { ...(three.changes[1]?.after as SeenRecord), version: 2 });
    assert.deepEqual(planned(stale), {
      changed: { status: 'resolved', handled_at: at(3) },
      version: 4,
      why: [
        'status: what its last change, 3, left',
        'handled_at: what its last change, 3, left',
        'version: the record counts 2, its history 3',
      ],
    });
  });

  test('what the history has none of is none again', () => {
    const { changed, why } = planned(inRecord(write({ status: 'resolved' }), { notes: 'from nowhere' })) as never;
    assert.deepEqual([changed, why], [{ notes: null }, ['notes: the history has none']]);
  });

  test('a value that was lost is the last one there was, unless the record has one again', () => {
    const lost = write({ notes: 'first' }, { notes: 'second' }, { notes: null }, { status: 'resolved' });
    assert.deepEqual(planned(lost), {
      changed: { notes: 'second' },
      version: 5,
      why: ['notes: the last value there was, which change 3 began from'],
    });
    const again = write({ handled_by: 'ana' }, { handled_by: null }, { handled_by: 'bob' });
    assert.deepEqual(planned(again), { changed: {}, version: 4, why: ['handled_by: kept: the record is past that'] });
    const differs = inRecord(lost, { notes: 'from nowhere' });
    assert.deepEqual((planned(differs) as { changed: object }).changed, { notes: 'second' });
  });

  test('a time that went backwards becomes the latest one, of the history alone where the record differs from it', () => {
    const back = write({ handled_at: at(30) }, { handled_at: at(10) });
    assert.deepEqual(planned(back), {
      changed: { handled_at: at(30) },
      version: 3,
      why: ['handled_at: the latest time there is'],
    });
    assert.deepEqual((planned(inRecord(back, { handled_at: at(59) })) as { changed: object }).changed, {
      handled_at: at(30),
    });
    const forever = write({ handled_at: 'infinity' }, { handled_at: at(10) });
    assert.deepEqual((planned(forever) as { changed: object }).changed, { handled_at: 'infinity' });
  });

  test('an unknown status becomes the last known one; one that is past is left alone', () => {
    assert.deepEqual(planned(write({ status: 'confirmed' }, { status: 'odd' })), {
      changed: { status: 'confirmed' },
      version: 3,
      why: ['status: the last known status, which change 2 began from'],
    });
    assert.deepEqual(planned(write({ status: 'odd' }, { status: 'resolved' })), {
      changed: {},
      version: 3,
      why: ['status: kept: the record is past that'],
    });
    assert.deepEqual(planned(inRecord(three, { status: 'odd' })), {
      changed: { status: 'resolved' },
      version: 4,
      why: ['status: what its last change, 3, left'],
    });
  });

  test('gaps, broken chains and doubled changes are kept and settled', () => {
    assert.deepEqual(planned(without(three, 2)), {
      changed: {},
      version: 4,
      why: ['version: change 2 is missing: kept as it is; it stays visible in the history'],
    });
    assert.deepEqual(planned(inChange(three, 2, 'before', { notes: null })), {
      changed: {},
      version: 4,
      why: [
        'notes: change 2 began from nothing, and the one before left "first": kept as it is; it stays visible in the history',
      ],
    });
    const doubled = { ...three, changes: three.changes.flatMap((each) => (each.version === 2 ? [each, each] : each)) };
    assert.deepEqual((planned(doubled) as { changed: object }).changed, {});
  });

  test('what the record counts and the history has not is never overwritten by what is older', () => {
    const made = planned(without(three, 3));
    assert.deepEqual(made, {
      changed: {},
      version: 4,
      why: ['version: change 3 is missing: kept as it is; it stays visible in the history'],
    });
    assert.deepEqual((planned({ ...three, changes: [] }) as { changed: object }).changed, {});
  });
});

describe('what is refused', () => {
  const damaged = inRecord(three, { status: 'pending' });

  test('a status that nobody can know', () => {
    const person = /a person must decide: set it through the service, then check again$/;
    const odd = write({ status: 'confirmed' }, { status: 'odd' });
    for (const history of [
      inRecord(odd, { status: 'resolved' }),
      inRecord(without(three, 3), { status: 'odd' }),
      inChange(write({ status: 'odd' }), 1, 'before', { status: 'odder' }),
    ]) {
      assert.match(planned(history) as string, person);
    }
  });

  test('a time of handling that nobody can know', () => {
    assert.match(planned({ ...inRecord(three, { handled_at: null }), changes: [] }) as string, /^handled_at: neither/);
  });

  test('a record that two last changes disagree about', () => {
    const other = inChange(three, 3, 'after', { status: 'confirmed' }).changes.slice(-1);
    const history = { record: { ...three.record, status: 'pending' }, changes: [...three.changes, ...other] };
    assert.match(planned(history) as string, /^status: there are 2 changes 3, and they disagree/);
  });

  test('a record that is gone, or that the check did not see', () => {
    const findings = judge(damaged);
    const seen = damaged.record;
    const gone = planRepair({ seen, findings }, { ...damaged, record: undefined, repairedBy: undefined });
    assert.deepEqual(gone, { kind: 'refuse', before: undefined, why: 'the record no longer exists' });
    const unseen = planRepair({ seen: undefined, findings }, { ...damaged, repairedBy: undefined });
    assert.equal(unseen.kind, 'refuse');
  });

  test('a record that changed since the check in any column', () => {
    for (const change of [
      { status: 'confirmed' },
      { notes: 'newer' },
      { handled_by: null },
      { handled_at: at(4) },
      { version: 4 },
    ]) {
      assert.deepEqual(plan(inRecord(damaged, change), damaged).kind, 'refuse');
      assert.match((plan(inRecord(damaged, change), damaged) as { why: string }).why, /^changed since the check/);
    }
  });

  test('a history that changed since the check, though the record did not', () => {
    const grown = write(...[1, 2, 3, 4].map((minute) => ({ handled_at: at(minute) })));
    for (const now of [
      { ...damaged, changes: grown.changes },
      inChange(damaged, 3, 'after', { status: 'confirmed' }),
      inChange(damaged, 3, 'after', { status: 'pending' }),
    ]) {
      assert.match((plan(now, damaged) as { why: string }).why, /^changed since the check/);
    }
  });

  test('a record of which the check has not named everything, which the repair would settle unseen', () => {
    const more = without(damaged, 2);
    assert.deepEqual(plan(more, damaged), {
      kind: 'refuse',
      before: more.record,
      why: 'more is wrong than this check found, history-gap (version) at change 2: check again, without --since',
    });
  });

  test('a version that cannot be counted further', () => {
    assert.match(planned(inRecord(three, { version: 2_147_483_647 })) as string, /cannot be counted/);
  });
});

test('a record that this check was answered for is left, whatever became of it', () => {
  const history = inRecord(three, { status: 'pending' });
  const left = planRepair({ seen: history.record, findings: judge(history) }, { ...three, repairedBy: 'r' });
  assert.deepEqual(left, { kind: 'leave', before: three.record, why: 'repair r has done it' });
});

const FIELDS = ['status', 'notes', 'handled_by', 'handled_at'] as const;
const text = fc.constantFrom(null, '', 'a', 'b', 'c');
const time = fc.integer({ min: 1, max: 59 }).map(at);
const values = fc.record({
  status: fc.constantFrom(...STATUSES, 'odd'),
  notes: text,
  handled_by: text,
  handled_at: fc.option(time, { nil: null }),
});
const fields = fc
  .tuple(values, fc.subarray([...FIELDS], { minLength: 1 }))
  .map(([all, some]) => Object.fromEntries(some.map((field) => [field, all[field]])));
const version = fc.integer({ min: 1, max: 5 });
type Damage = (history: Written) => Written;
const damage: fc.Arbitrary<Damage> = fc.oneof(
  fields.map(
    (each): Damage =>
      (history) =>
        inRecord(history, each),
  ),
  fc.integer({ min: 0, max: 9 }).map(
    (each): Damage =>
      (history) =>
        inRecord(history, { version: each }),
  ),
  fc.tuple(version, fields).map(
    ([v, each]): Damage =>
      (history) =>
        inChange(history, v, 'before', each),
  ),
  fc.tuple(version, fields).map(
    ([v, each]): Damage =>
      (history) =>
        inChange(history, v, 'after', { ...each, handled_at: each.handled_at ?? at(1) }),
  ),
  version.map(
    (v): Damage =>
      (history) =>
        without(history, v),
  ),
  version.map(
    (v): Damage =>
      (history) => ({
        ...history,
        changes: history.changes.flatMap((each) => (each.version === v ? [each, each] : each)),
      }),
  ),
);
const update = fc.record(
  { status: fc.constantFrom(...STATUSES), notes: fc.constantFrom('a', 'b'), handled_by: fc.constantFrom('a', 'b') },
  { requiredKeys: ['status'] },
);
const damagedHistories = fc
  .tuple(fc.array(update, { minLength: 1, maxLength: 5 }), fc.array(damage, { minLength: 1, maxLength: 3 }))
  .map(([writes, damages]) => damages.reduce((history, each) => each(history), write(...writes)))
  .filter((history) => judge(history).length > 0);

describe('whatever is wrong with a record', () => {
  const eachPlan = (check: (history: Written, made: RecordPlan & { kind: 'change' }) => void) => {
    let made = 0;
    fc.assert(
      fc.property(damagedHistories, (history) => {
        const one = plan(history);
        assert.notEqual(one.kind, 'leave');
        if (one.kind === 'change') {
          made += 1;
          check(history, one);
        } else {
          assert.match((one as { why: string }).why, /a person must/);
        }
      }),
      { numRuns: 2_000 },
    );
    assert.ok(made > 500, `${made} of 2000 were repaired`);
  };

  test('the repaired record and its history pass the check', () => {
    eachPlan(({ changes }, { before, after }) => {
      const repair: RecordedChange = {
        version: after.version,
        path: 'repair',
        changedAt: at(59),
        before,
        after,
        repeats: undefined,
        isContext: false,
      };
      assert.deepEqual(judge({ record: after, changes: [...changes, repair] }), []);
    });
  });

  test('a field that nothing was found about is never changed', () => {
    eachPlan((history, { before, after }) => {
      const found = new Set<string>(judge(history).map(({ field }) => field));
      for (const field of FIELDS) {
        assert.ok(before[field] === after[field] || found.has(field), field);
      }
    });
  });

  test('each value is one that the record or its history has, and the version is the next of both', () => {
    eachPlan(({ record, changes }, { after }) => {
      for (const field of FIELDS) {
        const known = [
          record[field],
          ...changes.flatMap((each) => [each.before[field as Field], each.after[field as Field]]),
        ];
        assert.ok(known.includes(after[field]), field);
      }
      const next = Math.max(record.version, ...changes.map((each) => each.version)) + 1;
      assert.deepEqual([after.id, after.version], [record.id, next]);
    });
  });
});

describe('what is taken back', () => {
  const before = inRecord(three, { status: 'pending' }).record;
  const after: SeenRecord = { ...three.record, version: 4 };
  const repaired = { writeId: 'w', before, after };

  test('a repair that nothing came after', () => {
    const undone = planUndo(repaired, { record: after, lastWriteId: 'w', isUndone: false });
    assert.deepEqual(undone, { kind: 'change', before: after, after: before, reasons: [] });
  });

  test('no repair that the record or the history went on from', () => {
    for (const now of [
      { record: { ...after, version: 5 }, lastWriteId: 'later' },
      { record: { ...after, notes: 'newer' }, lastWriteId: 'w' },
      { record: after, lastWriteId: 'later' },
      { record: after, lastWriteId: undefined },
      { record: undefined, lastWriteId: 'w' },
    ]) {
      assert.equal(planUndo(repaired, { ...now, isUndone: false }).kind, 'refuse');
    }
  });

  test('nothing twice', () => {
    assert.equal(planUndo(repaired, { record: after, lastWriteId: 'w', isUndone: true }).kind, 'leave');
  });
});
