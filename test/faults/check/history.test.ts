import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sent } from '../load/write.ts';
import { checkHistory, type Seen } from './history.ts';
import type { InitialRecord, StoredChange } from './records.ts';

const NOW_MS = 1_800_000_000_000;
const first: InitialRecord = { id: '7', status: 'pending', notes: 'first', handledBy: null, handledAtMs: null };
const ok = (path: string) =>
  ({ kind: 'answered', status: 200, path, decision: 'rollout', body: '' }) as unknown as Sent['outcome'];
const write = (requestId: string, more: Partial<Sent> = {}): Sent => ({
  requestId,
  violationId: '7',
  status: 'confirmed',
  notes: `notes of ${requestId}`,
  handledBy: undefined,
  force: undefined,
  replica: 'replica-1',
  fromMs: 0,
  untilMs: 1,
  outcome: ok('domain'),
  ...more,
});
const change = (version: number, requestId: string, before: InitialRecord, more: object = {}): StoredChange => ({
  violationId: '7',
  version,
  requestId,
  path: 'domain',
  changedAtMs: NOW_MS + version,
  before,
  after: {
    status: 'confirmed',
    notes: `notes of ${requestId}`,
    handledBy: null,
    handledAtMs: NOW_MS + version,
    ...more,
  },
});

/** Two writes of one record, as they should be, unless `more` says otherwise. */
function seen(more: Partial<Seen> = {}): Seen {
  const one = change(1, 'a', first);
  const two = change(2, 'b', { id: '7', ...one.after });
  return {
    initial: [first],
    records: [{ id: '7', version: 2, ...two.after }],
    changes: [one, two],
    sent: [write('a'), write('b')],
    ...more,
  };
}
const [one, two] = seen().changes as [StoredChange, StoredChange];
const [record] = seen().records;
const alter = (it: StoredChange, after: object) => ({ ...it, after: { ...it.after, ...after } });

function assertFinds(damaged: Seen, ...expected: RegExp[]): void {
  const wrong = checkHistory(damaged);
  assert.equal(wrong.length, expected.length, wrong.join('\n'));
  for (const [at, pattern] of expected.entries()) {
    assert.match(wrong[at] as string, pattern);
  }
}

test('silent about two writes that are as they should be', () => {
  assertFinds(seen());
});

test('silent about a write without an answer or with a 503, whether it is there or not', () => {
  const dropped = { outcome: { kind: 'dropped', why: 'ECONNRESET' } } as const;
  const refused = { outcome: { ...ok('legacy'), status: 503 } as Sent['outcome'] };
  assertFinds(seen({ sent: [write('a', dropped), write('b', refused), write('c', dropped), write('d', refused)] }));
});

test('a write that was acknowledged and is not there', () => {
  assertFinds(seen({ sent: [write('a'), write('b'), write('c')] }), /c was answered 200, and is not in the history/);
});

test('a write that was applied twice, by whatever path', () => {
  const again = { ...change(3, 'b', { id: '7', ...two.after }), path: 'legacy' };
  assertFinds(
    seen({ changes: [one, two, again], records: [{ id: '7', version: 3, ...again.after }] }),
    /change 3 .*was made by legacy, and its answer says domain/,
    /b was applied 2 times/,
  );
});

test('a write that was answered 404 and is there', () => {
  const outcome = { ...ok('domain'), status: 404 } as Sent['outcome'];
  assertFinds(seen({ sent: [write('a'), write('b', { outcome })] }), /b was answered 404, and is in the history/);
});

test('a record without its history, and a history without its record', () => {
  assertFinds(
    seen({ records: [{ ...record, id: '7', version: 3 } as never] }),
    /record 7 has version 3, and its history 2 changes/,
  );
  assertFinds(
    seen({ records: [{ ...record, status: 'resolved' } as never] }),
    /record 7 is not what its last change left: its status/,
  );
  assertFinds(seen({ records: [] }), /record 7 is gone/);
});

test('a history with a gap, and one that does not chain', () => {
  assertFinds(
    seen({ changes: [one, { ...two, version: 3 }], records: [{ ...record, version: 3 } as never] }),
    /change 3 .*comes where version 2 should be/,
    /record 7 has version 3/,
  );
  const torn = { ...two, before: { ...two.before, notes: 'something else' } };
  assertFinds(seen({ changes: [one, torn] }), /change 2 .*began from another notes/);
});

test('values that nobody asked for, and kept values that were lost', () => {
  assertFinds(
    seen({ changes: [one, alter(two, { notes: 'x' })], records: [{ ...record, notes: 'x' } as never] }),
    /change 2 .*was asked for another notes/,
  );
  assertFinds(
    seen({ sent: [write('a'), write('b', { notes: undefined })] }),
    /change 2 .*was asked for another notes: "notes of a" \/ "notes of b"/,
  );
});

test('a change that nobody sent, or that was sent for another record or for another path', () => {
  assertFinds(seen({ sent: [write('a')] }), /change 2 .*was sent by nobody/);
  assertFinds(seen({ sent: [write('a'), write('b', { violationId: '8' })] }), /sent for record 8/);
  assertFinds(seen({ sent: [write('a'), write('b', { force: 'false' })] }), /made by domain, and legacy was asked for/);
  assertFinds(
    seen({
      changes: [one, two, { ...change(1, 'c', first), violationId: '8' }],
      sent: [write('a'), write('b'), write('c', { violationId: '8' })],
    }),
    /record 8 \(c\) is about a record that nobody made/,
  );
});

test('a time of handling that went backwards, is missing, is to come, or was not set', () => {
  const aheadMs = NOW_MS + 60_000;
  const kept = alter(one, { handledAtMs: aheadMs });
  const chained = (handledAtMs: number | null) => ({
    ...alter(two, { handledAtMs }),
    before: { ...two.before, handledAtMs: aheadMs },
  });
  const skewed = (last: StoredChange, ...expected: RegExp[]) =>
    assertFinds(
      seen({
        initial: [{ ...first, handledAtMs: aheadMs }],
        changes: [{ ...kept, before: { ...kept.before, handledAtMs: aheadMs } }, last],
        records: [{ ...record, handledAtMs: last.after.handledAtMs } as never],
      }),
      ...expected,
    );
  skewed(chained(aheadMs));
  skewed(chained(NOW_MS + 2), /change 2 .*moved handled_at back, by 59998 ms/);
  skewed(chained(null), /change 2 .*has no handled_at/);
  skewed(chained(aheadMs + 5), /change 2 .*was handled after it was changed/);
  const { handledAtMs } = one.after;
  const notSet = { ...alter(two, { handledAtMs }), changedAtMs: NOW_MS + 90_000 };
  assertFinds(
    seen({ changes: [one, notSet], records: [{ ...record, handledAtMs } as never] }),
    /change 2 .*was handled 89999 ms before it was changed/,
  );
});
